import { nowS } from '../context.ts'
import type { PortalContext } from '../context.ts'
import type { App } from '../world/state.ts'

/**
 * Where an app's paid or trial term stands (module source, rest/lib/app.php).
 *
 *     paid ──the end of a paid term (P), or the control API──> grace: REST works, events stop ──14 days──> ended
 *     paid ──the end of a trial (T)──> ended: REST is refused too
 *     grace | ended ──a new date_finish, or the control API──> paid
 *
 * The control API's switch alone never gets further than grace: it has no date.
 */
export type PaymentState = 'paid' | 'grace' | 'ended'

const DAY_S = 24 * 3_600
const GRACE_S = 14 * DAY_S

export function paymentState(context: Pick<PortalContext, 'clock'>, app: App): PaymentState {
  const { status, dateFinish, paymentExpired } = app
  const hasEnd = dateFinish !== undefined && (status === 'T' || status === 'P')
  if (!hasEnd || nowS(context) < dateFinish) return paymentExpired ? 'grace' : 'paid'
  return status === 'P' && nowS(context) < dateFinish + GRACE_S ? 'grace' : 'ended'
}

/** DAYS of `app.info`: whole days to the end of the term, below 0 after it; null when there is no end. */
export function daysLeft(context: Pick<PortalContext, 'clock'>, app: App): number | null {
  const { status, dateFinish } = app
  if (dateFinish === undefined || (status !== 'T' && status !== 'P')) return null
  return Math.floor((dateFinish - nowS(context)) / DAY_S)
}

const SECOND_MS = 1_000

export function unixSeconds(iso: string): number {
  return Math.floor(Date.parse(iso) / SECOND_MS)
}
