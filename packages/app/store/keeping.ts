import type { ErrorCode } from '@portline/wire/errors.ts'
import type { Attempt, EventState, PortalKey, StoredEvent } from './port.ts'

/** What looking through events, replays, retention, copies and duplicates ask of the store and are answered. */

/** All that are given hold. */
export interface EventConditions {
  readonly app?: string
  readonly memberId?: string
  readonly code?: string
  readonly state?: EventState
  readonly reason?: string
  /** Received at or after. */
  readonly sinceMs?: number
  /** Received before. */
  readonly untilMs?: number
}

export interface EventFilter extends EventConditions {
  /** `next` of the previous page, or an event's id. */
  readonly after?: string
  readonly limit: number
}

/**
 * `next` of a list of events: a place in their order. No id tells it: those that were imported, or came while the clock was behind, are
 * out of order. The prefix keeps it apart from the id of an imported event, which may be a number.
 */
const PLACE = /^place:(\d{1,16})$/

export function placeOf(seq: number): string {
  return `place:${seq}`
}

export function seqOfPlace(cursor: string): number | undefined {
  const seq = PLACE.exec(cursor)?.[1]
  return seq === undefined ? undefined : Number(seq)
}

export interface EventPage {
  readonly filter: EventConditions
  readonly afterSeq: number
  readonly upToSeq: number
  readonly limit: number
  readonly withAuth: boolean
}

export interface EventRecord {
  readonly event: StoredEvent
  readonly attempts: readonly Attempt[]
}

/** An event as it comes from another store; its place is given anew. */
export interface ImportedEvent {
  readonly event: Omit<StoredEvent, 'seq' | 'authShared'>
  readonly attempts: readonly Attempt[]
}

export interface ReplayCandidate extends PortalKey {
  readonly seq: number
  readonly id: string
  /** Why it would not be replayed. */
  readonly refused?: ErrorCode
}

/** Unix milliseconds, of the end of an event. */
export interface SettledBefore {
  readonly doneBeforeMs: number
  readonly deadBeforeMs: number
}

export type SettledWindow =
  /** `seqs` are the places of those that may be deleted, in their order: between them there may be any number of others, and of none. */
  | { readonly kind: 'window'; readonly afterSeq: number; readonly toSeq: number; readonly seqs: readonly number[] }
  /** None so far: go on from here. */
  | { readonly kind: 'more'; readonly afterSeq: number }
  | { readonly kind: 'end' }

export interface StoreSize {
  /** Without what deleted events left free, which is used again. */
  readonly usedBytes: number
  readonly fileBytes: number
}

export interface RememberedEvent {
  readonly id: string
  readonly fingerprint: Uint8Array
  readonly receivedAtMs: number
}

/** The ids of the keys that a restore without them has given up, with blanks between them. */
export const LOST_KEYS_NOTE = 'lost keys'

/** Something sealed of a store, to see whether a key opens it. */
export interface SealedSample extends PortalKey {
  readonly kind: 'application_token' | 'tokens' | 'auths'
  readonly userId: string
  readonly sealed: Uint8Array
}
