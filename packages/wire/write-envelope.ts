import { AUTH_KEY_ORDER, TOKENLESS_AUTH_KEY_ORDER, type AuthBlock } from './envelope.ts'
import { encodeForm } from './form/encode.ts'
import type { PhpValue } from './form/value.ts'

/** An event about to be sent. */
export interface OutgoingEnvelope {
  /** Upper case. */
  readonly event: string
  readonly event_handler_id?: string | number | undefined
  /** null, an empty list and an empty map leave no key `data`; a scalar is sent as `data=107`. */
  readonly data?: PhpValue
  /** Unix seconds: when the event was raised. */
  readonly ts: string | number
  /** With an access token all of AUTH_KEY_ORDER is sent, without one only TOKENLESS_AUTH_KEY_ORDER. */
  readonly auth: AuthBlock
}

/**
 * Writes the body of an event POST as it travels: event, event_handler_id, data, ts, auth, the auth block's keys in the order
 * observed in real traffic. What is absent leaves no key.
 */
export function writeEnvelope({ event, event_handler_id, data, ts, auth }: OutgoingEnvelope): string {
  const order = auth.access_token === undefined ? TOKENLESS_AUTH_KEY_ORDER : AUTH_KEY_ORDER
  const orderedAuth = Object.fromEntries(order.map((field) => [field, auth[field]]))
  return encodeForm({ event, event_handler_id, data, ts, auth: orderedAuth })
}
