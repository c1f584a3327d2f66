import type { PortalKey } from '../port.ts'
import { keyOf } from '../portal-key.ts'
import { ParkedEvents } from './parked-events.ts'

/**
 * The order of every lane, in memory: an index by portal would cost each append more than the append itself. The rows stay the
 * truth; this is read from them at open and changed after each commit, never before.
 *
 *     open, parked ──hand──> handed ──settle──> gone
 *      ↑                       ├──give back, lease over──> where it was
 *      └───────────────────────┴──fails: waits until due, or parked
 *
 * Invariants: `open` is sorted by seq; an event is in `open`, `handed` or `parked`, in one of them only; a lane that has none is
 * not in the map. `dueAtMs` holds events of `open` that wait: the first of them holds up the lane.
 */
export interface IndexedLane {
  readonly portal: PortalKey
  open: number[]
  /** Where in `open` the lane begins: taking the first one off an array of thousands would move them all. */
  start: number
  /** With when they were due, those that had been parked: given back they are parked as before, and wait behind nobody. */
  readonly handed: Map<number, number | undefined>
  readonly dueAtMs: Map<number, number>
  /** Hardly any lane has some. */
  parked: ParkedEvents | undefined
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
    parkIn(this.#laneOf(portal), seq, dueAtMs)
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
    lane.handed.set(seq, undefined)
    lane.owner = lease.owner
    lane.leasedUntilMs = lease.untilMs
    return true
  }

  hand(lane: IndexedLane, seqs: readonly number[], owner: string, untilMs: number): void {
    for (const seq of seqs) {
      const parkedUntilMs = lane.parked?.dueAtMs(seq)
      lane.handed.set(seq, parkedUntilMs)
      if (parkedUntilMs !== undefined) {
        lane.parked?.delete(seq)
        continue
      }
      lane.dueAtMs.delete(seq)
      if (lane.open[lane.start] === seq) lane.start += 1
      else lane.open.splice(lane.open.indexOf(seq, lane.start), 1)
    }
    trim(lane)
    lane.owner = owner
    lane.leasedUntilMs = untilMs
  }

  giveBack(lane: IndexedLane): void {
    const open: number[] = []
    for (const [seq, parkedUntilMs] of lane.handed) {
      if (parkedUntilMs === undefined) open.push(seq)
      else parkIn(lane, seq, parkedUntilMs)
    }
    lane.handed.clear()
    if (open.length > 0) putBack(lane, open.toSorted(ascending))
  }

  /** Takes out whatever `gone` says, wherever it is: rows that were deleted. */
  remove(portal: PortalKey, gone: (seq: number) => boolean): void {
    const lane = this.get(portal)
    if (lane === undefined) return
    lane.open = lane.open.slice(lane.start).filter((seq) => !gone(seq))
    lane.start = 0
    for (const seqs of [lane.handed, lane.dueAtMs]) for (const seq of seqs.keys()) if (gone(seq)) seqs.delete(seq)
    lane.parked?.remove(gone)
    this.dropEmpty(lane)
  }

  dropEmpty(lane: IndexedLane): void {
    const left = lane.open.length - lane.start + lane.handed.size + (lane.parked?.size ?? 0)
    const key = keyOf(lane.portal)
    // The lane may have been dropped already in the same batch, and another of its portal begun.
    if (left === 0 && this.#lanes.get(key) === lane) this.#lanes.delete(key)
  }

  #laneOf(portal: PortalKey): IndexedLane {
    const key = keyOf(portal)
    let lane = this.#lanes.get(key)
    if (lane === undefined) {
      const { app, memberId } = portal
      lane = { portal: { app, memberId }, open: [], start: 0, handed: new Map(), dueAtMs: new Map(), parked: undefined, watchedUpToSeq: 0, owner: '', leasedUntilMs: 0 }
      this.#lanes.set(key, lane)
    }
    return lane
  }
}

/** When the lane has something to run: now or earlier, later, or never while all it has is handed out. */
export function dueOf(lane: IndexedLane): number | undefined {
  const head = lane.open[lane.start]
  const headDueAtMs = head === undefined ? undefined : (lane.dueAtMs.get(head) ?? 0)
  const parkedDueAtMs = lane.parked?.nextDueAtMs()
  return headDueAtMs === undefined ? parkedDueAtMs : Math.min(headDueAtMs, parkedDueAtMs ?? headDueAtMs)
}

/**
 * What may run now, of each kind up to so many: parked events whose time has come, and the lane in order up to the first that waits. Where
 * there are too many of both, parked ones are half: they may be due again and again, for days, and the others are to go on. Of too many
 * parked ones these are who has waited longest. Each kind is in the order of receipt: those that stand together may be handed on together.
 */
export function runnable(lane: IndexedLane, nowMs: number, maxEvents: number): { parked: readonly number[]; open: readonly number[] } {
  const open = [...openRunnable(lane, nowMs, maxEvents)]
  const most = Math.max(1, Math.floor(maxEvents / 2), maxEvents - open.length)
  return { parked: (lane.parked?.due(nowMs, most) ?? []).toSorted(ascending), open }
}

function* openRunnable(lane: IndexedLane, nowMs: number, maxEvents: number): Generator<number> {
  const end = Math.min(lane.open.length, lane.start + maxEvents)
  for (let place = lane.start; place < end; place++) {
    const seq = lane.open[place]
    if (seq === undefined || (lane.dueAtMs.get(seq) ?? 0) > nowMs) return
    yield seq
  }
}

function parkIn(lane: IndexedLane, seq: number, dueAtMs: number): void {
  lane.parked ??= new ParkedEvents()
  lane.parked.set(seq, dueAtMs)
}

function ascending(a: number, b: number): number {
  return a - b
}

function insertSorted(lane: IndexedLane, seq: number): void {
  const { open } = lane
  const place = placeOf(lane, seq)
  if (place === open.length) open.push(seq)
  else if (place === lane.start && place > 0) open[--lane.start] = seq
  else open.splice(place, 0, seq)
}

/** Before which of the open ones it belongs. What is added is nearly always the newest or was the head. */
function placeOf({ open, start }: IndexedLane, seq: number): number {
  if ((open.at(-1) ?? 0) < seq) return open.length
  let [low, high] = [start, open.length]
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((open[middle] ?? 0) < seq) low = middle + 1
    else high = middle
  }
  return low
}

/** Sorted ones, in one step: nearly always they come before all that is open, and the places they had are free. */
function putBack(lane: IndexedLane, seqs: readonly number[]): void {
  const end = placeOf(lane, seqs.at(-1) ?? 0)
  const front = end === lane.start ? seqs : [...seqs, ...lane.open.slice(lane.start, end)].toSorted(ascending)
  if (seqs.length > lane.start) {
    lane.open = front.concat(lane.open.slice(end))
    lane.start = 0
  } else {
    lane.start -= seqs.length
    for (const [n, seq] of front.entries()) lane.open[lane.start + n] = seq
  }
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
