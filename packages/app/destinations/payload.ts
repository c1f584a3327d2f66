import type { Delivery } from './destination.ts'

const SECOND_MS = 1_000

/** What travels, whatever the destination. The same bytes for every attempt, so that a repeat can be told by its digest too. */
export function payloadOf({ app, memberId, domain, code, data, userId, ts, receivedAtMs, duplicateOf }: Delivery): string {
  const raisedAtMs = ts === undefined || ts === '' ? Number.NaN : Number(ts) * SECOND_MS
  return JSON.stringify({
    type: code,
    timestamp: isoOf(raisedAtMs) ?? isoOf(receivedAtMs),
    data: data ?? {},
    app,
    member_id: memberId,
    domain,
    user_id: userId,
    received_at: isoOf(receivedAtMs),
    duplicate_of: duplicateOf,
  })
}

/** Undefined for what is no time: a portal may send anything as `ts`. */
function isoOf(ms: number): string | undefined {
  const date = new Date(ms)
  return Number.isNaN(date.getTime()) ? undefined : date.toISOString()
}
