import type { PortalKey } from '../port.ts'
import { keyOf } from '../portal-key.ts'

/**
 * The order of every lane, in memory: an index by portal would cost each append more than the append itself. The rows stay the
 * truth; this is read from them at open and changed after each commit, never before.
 *
 *     open ──hand──> handed ──settle──> gone
 *      ↑               └──give back, lease over──┐
 *      └──add, wait until due, park──────────────┘
 *
 * Invariants: `open` is sorted by seq; an event is in `open`, `handed` or `parked`, in one of them only; a lane that has none is
 * not in the map. `dueAtMs` holds events of `open` that wait: the first of them holds up the lane.
 */
export interface IndexedLane {
  readonly portal: PortalKey
  open: number[]
  /** Where in `open` the lane begins: taking the first one off an array of thousands would move them all. */
  start: number
  readonly handed: Set<number>
  readonly dueAtMs: Map<number, number>
  readonly parked: Map<number, number>
  /** Its events up to this one may have been running when a former process died; 0 when none may. */
  watchedUpToSeq: number
  owner: string
  leasedUntilMs: number
}

/** The used-up beginning of `open` is cut off when it is this long and longer than the rest. */
const TRIM_AT = 1_024

export class LaneIndex {
  readonly #lanes = new Map<string, IndexedLane>()
  /** The last event that was appended. */
  lastSeq = 0

  get(portal: PortalKey): IndexedLane | undefined {
    return this.#lanes.get(keyOf(portal))
  }

  values(): IterableIterator<IndexedLane> {
    return this.#lanes.values()
  }

  /** An event becomes open, at its place. */
  add(portal: PortalKey, seq: number, dueAtMs?: number): void {
    const lane = this.#laneOf(portal)
    insertSorted(lane, seq)
    if (dueAtMs !== undefined) lane.dueAtMs.set(seq, dueAtMs)
  }

  park(portal: PortalKey, seq: number, dueAtMs: number): void {
    this.#laneOf(portal).parked.set(seq, dueAtMs)
  }

  /** Appended last of all: handed to `owner` at once if nothing is before it that the owner has not been handed. */
  append(portal: PortalKey, seq: number, lease: { owner: string; nowMs: number; untilMs: number } | undefined): boolean {
    this.lastSeq = seq
    const lane = this.#laneOf(portal)
    const free = lane.handed.size === 0 || (lease !== undefined && lane.owner === lease.owner && lane.leasedUntilMs > lease.nowMs)
    if (lease === undefined || !free || lane.open.length > lane.start) {
      lane.open.push(seq)
      return false
    }
    lane.handed.add(seq)
    lane.owner = lease.owner
    lane.leasedUntilMs = lease.untilMs
    return true
  }

  hand(lane: IndexedLane, seqs: readonly number[], owner: string, untilMs: number): void {
    for (const seq of seqs) {
      lane.handed.add(seq)
      if (lane.parked.delete(seq)) continue
      lane.dueAtMs.delete(seq)
      if (lane.open[lane.start] === seq) lane.start += 1
      else lane.open.splice(lane.open.indexOf(seq, lane.start), 1)
    }
    trim(lane)
    lane.owner = owner
    lane.leasedUntilMs = untilMs
  }

  giveBack(lane: IndexedLane): void {
    for (const seq of lane.handed) insertSorted(lane, seq)
    lane.handed.clear()
  }

  /** Takes a settled event out of what was handed. */
  take(lane: IndexedLane, seq: number): void {
    lane.handed.delete(seq)
    this.dropEmpty(lane)
  }

  /** Takes out whatever `gone` says, wherever it is: rows that were deleted. */
  remove(portal: PortalKey, gone: (seq: number) => boolean): void {
    const lane = this.get(portal)
    if (lane === undefined) return
    lane.open = lane.open.slice(lane.start).filter((seq) => !gone(seq))
    lane.start = 0
    for (const seqs of [lane.handed, lane.dueAtMs, lane.parked]) for (const seq of seqs.keys()) if (gone(seq)) seqs.delete(seq)
    this.dropEmpty(lane)
  }

  dropEmpty(lane: IndexedLane): void {
    const left = lane.open.length - lane.start + lane.handed.size + lane.parked.size
    const key = keyOf(lane.portal)
    // The lane may have been dropped already in the same batch, and another of its portal begun.
    if (left === 0 && this.#lanes.get(key) === lane) this.#lanes.delete(key)
  }

  #laneOf(portal: PortalKey): IndexedLane {
    const key = keyOf(portal)
    let lane = this.#lanes.get(key)
    if (lane === undefined) {
      const { app, memberId } = portal
      lane = { portal: { app, memberId }, open: [], start: 0, handed: new Set(), dueAtMs: new Map(), parked: new Map(), watchedUpToSeq: 0, owner: '', leasedUntilMs: 0 }
      this.#lanes.set(key, lane)
    }
    return lane
  }
}

/** When the lane has something to run: now or earlier, later, or never while all it has is handed out. */
export function dueOf(lane: IndexedLane): number | undefined {
  const head = lane.open[lane.start]
  const headDueAtMs = head === undefined ? undefined : (lane.dueAtMs.get(head) ?? 0)
  const parkedDueAtMs = parkedDueOf(lane)
  return headDueAtMs === undefined ? parkedDueAtMs : Math.min(headDueAtMs, parkedDueAtMs ?? headDueAtMs)
}

/** When the first of the parked events is due. */
export function parkedDueOf(lane: IndexedLane): number | undefined {
  let first: number | undefined
  for (const dueAtMs of lane.parked.values()) first = Math.min(first ?? dueAtMs, dueAtMs)
  return first
}

/** What may run now, in order: parked events whose time has come, then the lane up to the first that waits. */
export function* runnable(lane: IndexedLane, nowMs: number): Generator<number> {
  const parked = [...lane.parked].filter(([, dueAtMs]) => dueAtMs <= nowMs).toSorted(([a], [b]) => a - b)
  for (const [seq] of parked) yield seq
  for (let place = lane.start; place < lane.open.length; place++) {
    const seq = lane.open[place]
    if (seq === undefined || (lane.dueAtMs.get(seq) ?? 0) > nowMs) return
    yield seq
  }
}

function insertSorted(lane: IndexedLane, seq: number): void {
  const { open } = lane
  let place = open.length
  while (place > lane.start && (open[place - 1] ?? 0) > seq) place -= 1
  if (place === open.length) open.push(seq)
  else if (place === lane.start && place > 0) open[--lane.start] = seq
  else open.splice(place, 0, seq)
}

function trim(lane: IndexedLane): void {
  if (lane.start === lane.open.length) {
    lane.open = []
    lane.start = 0
  } else if (lane.start >= TRIM_AT && lane.start * 2 > lane.open.length) {
    lane.open = lane.open.slice(lane.start)
    lane.start = 0
  }
}
