import type { PortalKey } from './port.ts'

/** Where sealed values stand in a store, for whoever seals them anew with another key. */
export type SealedKind = 'application_token' | 'tokens' | 'former_tokens' | 'auth' | 'auths' | 'audit_head'

export interface SealedValue extends PortalKey {
  readonly kind: SealedKind
  /** Of an account's. */
  readonly userId: string
  /** Of an event's, or of a group of auth blocks. */
  readonly seq: number
  readonly sealed: Uint8Array
}

export interface SealedSearch {
  /** Values that begin so are left out: the version and the id of the key that seals. */
  readonly prefix: Uint8Array
  /** `next` of the answer before; from the beginning when absent. */
  readonly after?: string | undefined
  /** What was appended behind this event is left out: a search must not chase what comes in meanwhile. */
  readonly upToSeq?: number | undefined
  readonly limit: number
  /** Of sealed values, roughly; one is given whatever its size. */
  readonly maxBytes: number
}

export interface SealedPage {
  readonly values: readonly SealedValue[]
  /** Where to go on; with it there may be more, however few this page has. Absent at the end. */
  readonly next?: string
}

export interface Resealed {
  readonly value: SealedValue
  readonly sealed: Uint8Array
}
