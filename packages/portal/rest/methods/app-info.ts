import { BASIC_SCOPE } from '@portline/wire/rest.ts'
import { yesNo } from '../../world/state.ts'
import type { PortalContext } from '../../context.ts'
import type { App } from '../../world/state.ts'
import { daysLeft, paymentState } from '../../portal/payment-state.ts'
import { accessDenied } from '../errors.ts'
import type { RestMethod } from '../method.ts'

/** The plan this portal pretends to have. */
const LICENSE_FAMILY = 'pro'

/** api-reference/common/system/app-info.md. INSTALLED is how an app learns that nobody called installFinish. */
export const appInfo: RestMethod = {
  name: 'app.info',
  scopes: [BASIC_SCOPE],
  run: ({ context, caller: { app, webhook } }) => webhook === undefined ? appCard(context, app) : webhookCard(context, app),
}

/** The source answers a webhook, its page says it doesn't. */
function webhookCard(context: PortalContext, app: App): object {
  if (context.variants.webhookAppInfo === 'denied') throw accessDenied('Application context required')
  return { SCOPE: app.scope, LICENSE: `${app.language}_${LICENSE_FAMILY}100` }
}

function appCard(context: PortalContext, app: App): object {
  return {
    ID: app.id,
    CODE: app.code,
    VERSION: Number.parseInt(app.version, 10),
    STATUS: app.status,
    INSTALLED: app.installed,
    PAYMENT_EXPIRED: yesNo(paymentState(context, app) !== 'paid'),
    DAYS: daysLeft(context, app),
    LANGUAGE_ID: app.language,
    LICENSE: `${app.language}_${LICENSE_FAMILY}100`,
    LICENSE_TYPE: `${LICENSE_FAMILY}100`,
    LICENSE_FAMILY,
  }
}
