import type { PortalContext } from '../context.ts'
import { nowS } from '../context.ts'
import type { App } from '../world/state.ts'
import { yesNo } from '../world/state.ts'
import { daysLeft, paymentState } from './payment-state.ts'
import type { Raised } from './raise-event.ts'
import { NOTHING_RAISED, portalHit, raiseEvent } from './raise-event.ts'

export interface Payment {
  readonly expired: boolean
  /** Unix seconds: the new end of the term. When an app is paid without one, an end that has passed is taken away. */
  readonly dateFinish?: number | undefined
}

/**
 * Lets an app's paid term end or begin again. While PAYMENT_EXPIRED=Y, REST calls still work (the days of grace) but no
 * event is sent and no token is renewed; ONAPPPAYMENT follows a payment, never an expiry.
 */
export function setPayment(context: PortalContext, app: App, { expired, dateFinish }: Payment): Raised {
  const before = paymentState(context, app)
  const passed = app.dateFinish !== undefined && app.dateFinish <= nowS(context)
  context.world.changeApp(app, {
    paymentExpired: expired,
    ...(dateFinish === undefined && (expired || !passed) ? {} : { dateFinish }),
  })
  if (before === 'paid' || expired) return NOTHING_RAISED
  const data = {
    CODE: app.code,
    VERSION: Number.parseInt(app.version, 10),
    STATUS: app.status,
    PAYMENT_EXPIRED: yesNo(paymentState(context, app) !== 'paid'),
    DAYS: daysLeft(context, app),
  }
  return raiseEvent(context, portalHit(app.installerId), { event: 'ONAPPPAYMENT', data, onlyFor: app.clientId })
}
