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
  readonly atMs: number
}

export interface LaneResults {
  readonly portal: PortalKey
  readonly settlements: readonly Settlement[]
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
