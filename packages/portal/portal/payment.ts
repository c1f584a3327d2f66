import type { PortalContext } from '../context.ts'
import type { App } from '../world/state.ts'
import { yesNo } from '../world/state.ts'
import type { Raised } from './raise-event.ts'
import { NOTHING_RAISED, portalHit, raiseEvent } from './raise-event.ts'

/**
 * Lets an app's paid term end or begin again. While PAYMENT_EXPIRED=Y, REST calls still work (the days of grace) but no
 * event is sent; ONAPPPAYMENT follows a payment, never an expiry.
 */
export function setPayment(context: PortalContext, app: App, expired: boolean): Raised {
  const paid = app.paymentExpired && !expired
  context.world.changeApp(app, { paymentExpired: expired })
  if (!paid) return NOTHING_RAISED
  const version = Number.parseInt(app.version, 10)
  const data = { CODE: app.code, VERSION: version, STATUS: app.status, PAYMENT_EXPIRED: yesNo(app.paymentExpired) }
  return raiseEvent(context, portalHit(app.installerId), { event: 'ONAPPPAYMENT', data, onlyFor: app.clientId })
}
