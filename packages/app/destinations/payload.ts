import { raisedAtMs } from '../raised-at.ts'
import type { Delivery } from './destination.ts'

/** What travels, whatever the destination. The same bytes for every attempt, so that a repeat can be told by its digest too. */
export function payloadOf({ app, memberId, domain, code, data, userId, ts, receivedAtMs, duplicateOf }: Delivery): string {
  return JSON.stringify({
    type: code,
    timestamp: isoOf(raisedAtMs(ts) ?? receivedAtMs),
    data: data ?? {},
    app,
    member_id: memberId,
    domain,
    user_id: userId,
    received_at: isoOf(receivedAtMs),
    duplicate_of: duplicateOf,
  })
}

function isoOf(ms: number): string {
  return new Date(ms).toISOString()
}
