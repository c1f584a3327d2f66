import { LANE_TURN_EVENTS } from '../limits.ts'
import type { Caution } from '../store/lanes.ts'
import type { PortalKey, StoredEvent } from '../store/port.ts'
import type { OpenedParts } from '../tokens/sealed-event.ts'

/** An event that its lane may run: read from the store, or still in memory from its receipt. */
export interface QueuedEvent {
  readonly event: StoredEvent
  /** Its auth block and data, where they need not be opened first. */
  readonly parts?: OpenedParts
  /** What it takes in memory, roughly. */
  readonly bytes: number
  /** Why it is to be started with care. */
  readonly caution?: Caution
}

/**
 *     ready ──turn──> running ──queue and store empty──> gone
 *       ↑                │ └──more to do──> ready, behind all others
 *       │                └──head not due, lease elsewhere, handler's line full, store failing──> blocked
 *       └──────── (due, or woken) ───────────────────────────────────────────┘
 */
export type LaneState = 'ready' | 'running' | 'blocked'

export interface Lane {
  readonly portal: PortalKey
  readonly key: string
  state: LaneState
  queue: QueuedEvent[]
  /** How many events its next lease asks for: a turn's worth, a few after a failure or while it stands by, then more each time there were more. */
  ask: number
  /** What tells it that its handler has room again, while it stands by. */
  room: Promise<void> | undefined
  /** Not to be leased before: the store refused what became of its events. */
  notBeforeMs: number
  /** The store has events of this lane that were not handed out. */
  more: boolean
  /** Woken in the middle of its turn: looked at again at its end. */
  again: boolean
  /** The store may have something that comes before what the lane has in memory. */
  earlier: boolean
  /** How often what it had been handed was taken from it. */
  losses: number
  /** What came while the lane was leased anew or given back, and cannot be judged before the answer. */
  late: { readonly queued: QueuedEvent; readonly leased: boolean }[] | undefined
}

export function newLane(portal: PortalKey, key: string): Lane {
  return {
    portal, key, state: 'ready', queue: [], ask: LANE_TURN_EVENTS, room: undefined, notBeforeMs: 0, more: false, again: false, earlier: false,
    losses: 0, late: undefined,
  }
}
