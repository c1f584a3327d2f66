import type { ErrorCode } from '@portline/wire/errors.ts'
import type { Attempt, ListedEvent, PortalKey, StoredEvent } from './port.ts'

/** What goes to and fro between the lanes of a process and the store: leases, and what became of leased events. */
export interface Settlement {
  readonly id: string
  readonly seq: number
  /** Absent when the event was not tried: what it was to be given to is not to be had. */
  readonly attempt?: Attempt
  readonly state: 'pending' | 'done' | 'dead'
  readonly reason?: ErrorCode
  /** With `pending`: when to try again. */
  readonly dueAtMs?: number
  /** With `pending`: its lane goes on meanwhile. */
  readonly parked?: true
  /** With `pending`, when the process died of it: how often by now. Any other attempt clears it. */
  readonly deaths?: number
  readonly atMs: number
}

/**
 * Why an event is started with care: a process may have died of it. An event that runs at full speed leaves no trace of its start, so
 * the first death tells nothing; but what was open then, at the head of its lane, is noted before it runs again.
 *
 *     none ──process dies, event among the first of its lane──> watched (deaths 0) ──noted, then the process dies──> suspect (deaths 1)
 *     suspect ──noted, alone, then the process dies──> suspect (deaths 2, 3 …, each a failed attempt)
 *     watched, suspect ──any other attempt──> none
 */
export interface Caution {
  /** How often a process has died while the event was noted as started. */
  readonly deaths: number
  /** A process died since it was started, at this time, and that is not settled yet. */
  readonly startedAtMs?: number
}

/** After a death so many events of each lane are watched: more than a lane usually has run and not yet settled on disk. */
export const WATCHED_EVENTS_PER_LANE = 16

/** Events about to be run with care. */
export interface Started {
  readonly seqs: readonly number[]
  readonly atMs: number
}

export interface LaneResults {
  readonly portal: PortalKey
  readonly settlements: readonly Settlement[]
  readonly started?: Started
  readonly release?: true
}

export interface LeaseRequest {
  readonly owner: string
  readonly nowMs: number
  readonly untilMs: number
  readonly maxEvents: number
  /** Of data and auth blocks, roughly; one event is handed out whatever its size. */
  readonly maxBytes: number
}

export type LeaseAnswer =
  | {
      readonly kind: 'leased'
      readonly events: readonly StoredEvent[]
      /** What each takes in memory, roughly: its data and auth block as they are stored. */
      readonly bytes: readonly number[]
      /** Of those that are to be started with care, by their seq; absent when there are none. */
      readonly cautions?: Readonly<Record<number, Caution>>
      /** The lane has further events to lease. */
      readonly more: boolean
    } & LaneOutlook
  /** Leased elsewhere, or its first event is not due. */
  | { readonly kind: 'wait'; readonly untilMs: number }
  | { readonly kind: 'empty' } & LaneOutlook

interface LaneOutlook {
  /** When the next parked event of the lane is due. */
  readonly parkedUntilMs?: number
  /** Every event of the lane up to this one is taken account of in the answer. */
  readonly asOfSeq: number
}

export interface LaneState {
  /** The first open event that is not parked, whether it waits, runs or is about to. */
  readonly head?: ListedEvent
  /** How many are parked. */
  readonly parked: number
  readonly newestParked?: ListedEvent
}
