import { BASIC_SCOPE } from '@portline/wire/rest.ts'
import { yesNo } from '../../world/state.ts'
import type { RestMethod } from '../method.ts'

/** The plan this portal pretends to have. */
const LICENSE_FAMILY = 'pro'

/** api-reference/common/system/app-info.md. INSTALLED is how an app learns that nobody called installFinish. */
export const appInfo: RestMethod = {
  name: 'app.info',
  scopes: [BASIC_SCOPE],
  run: ({ caller: { app } }) => ({
    ID: app.id,
    CODE: app.code,
    VERSION: Number.parseInt(app.version, 10),
    STATUS: app.status,
    INSTALLED: app.installed,
    PAYMENT_EXPIRED: yesNo(app.paymentExpired),
    DAYS: null,
    LANGUAGE_ID: app.language,
    LICENSE: `${app.language}_${LICENSE_FAMILY}100`,
    LICENSE_TYPE: `${LICENSE_FAMILY}100`,
    LICENSE_FAMILY,
  }),
}
