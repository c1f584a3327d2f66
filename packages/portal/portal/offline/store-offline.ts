import { nowS } from '../../context.ts'
import type { PortalContext } from '../../context.ts'
import type { HandlerRow } from '../../world/state.ts'
import type { Hit, RaisedEvent } from '../raise-event.ts'
import { offlineMessageId } from './message-id.ts'

export const OFFLINE_NOTICE = 'ONOFFLINEEVENT'

/** Seconds between two ONOFFLINEEVENT to one handler row when its OPTIONS don't say. */
const DEFAULT_MIN_TIMEOUT_S = 1

/**
 * Whether the event is the app's own doing: changed with its token and the same auth_connector. Kept out of that queue, so
 * that an exchange doesn't feed itself. Two empty names are equal too, by the source's comparison.
 */
export function isOwnChange(context: PortalContext, hit: Hit, row: HandlerRow): boolean {
  const { initiator } = hit
  if (initiator === undefined || initiator.clientId !== row.clientId) return false
  const name = row.connectorId ?? ''
  if (name === '' && context.variants.offlineOwnChanges === 'skip-named') return false
  return initiator.authConnector === name
}

export function storeOffline(context: PortalContext, hit: Hit, row: HandlerRow, raised: RaisedEvent): void {
  const data = raised.data ?? null
  context.world.offline.put({
    messageId: offlineMessageId(row.event, data),
    clientId: row.clientId,
    event: row.event,
    data,
    userId: hit.userId,
    connectorId: row.connectorId ?? '',
  }, nowS(context))
}

/** Once in the seconds the handler row wants. minTimeout 0: the first handler of a hit, and no other on that hit. */
export function isTimeToNotify(context: PortalContext, hit: Hit, row: HandlerRow): boolean {
  const minTimeoutS = row.minTimeoutS ?? DEFAULT_MIN_TIMEOUT_S
  if (minTimeoutS > 0) return context.world.offline.takeTurn(row.id, minTimeoutS, context.clock.now())
  if (hit.sent.has(OFFLINE_NOTICE)) return false
  hit.sent.add(OFFLINE_NOTICE)
  return true
}
