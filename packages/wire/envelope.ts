import type { FormValue } from './form/value.ts'

/**
 * The auth block of an event as it travels; every field may be absent (api-reference/events/index.md, "auth").
 * Only `application_token` and `member_id` come with every event.
 */
export interface AuthBlock {
  readonly access_token?: string
  /** Unix seconds. */
  readonly expires?: string
  /** Seconds. */
  readonly expires_in?: string
  readonly scope?: string
  readonly domain?: string
  readonly server_endpoint?: string
  readonly status?: string
  readonly client_endpoint?: string
  readonly member_id?: string
  readonly user_id?: string
  readonly refresh_token?: string
  /** Unix seconds; only with status T or P. */
  readonly date_finish?: string
  readonly application_token?: string
}

/** An event POST, decoded: five top-level keys, the auth block last. */
export interface EventEnvelope {
  /** Upper case. */
  readonly event: string
  /** Row id of the subscription; absent on older portals. */
  readonly event_handler_id?: string
  /** Absent when PHP had nothing to send (ONOFFLINEEVENT), a scalar for ONIMCONNECTORLINEDELETE. */
  readonly data?: FormValue
  /** Unix seconds: when the event was raised, not when it was sent. */
  readonly ts?: string
  readonly auth: AuthBlock
}

/** Order of the keys on the wire, with and without a user's tokens. */
export const AUTH_KEY_ORDER = [
  'access_token', 'expires', 'expires_in', 'scope', 'domain', 'server_endpoint', 'status', 'client_endpoint',
  'member_id', 'user_id', 'refresh_token', 'date_finish', 'application_token',
] as const satisfies readonly (keyof AuthBlock)[]
export const TOKENLESS_AUTH_KEY_ORDER = [
  'domain', 'client_endpoint', 'server_endpoint', 'member_id', 'application_token',
] as const satisfies readonly (keyof AuthBlock)[]
