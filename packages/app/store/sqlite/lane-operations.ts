import type { Caution, LaneState, LeaseAnswer, LeaseRequest } from '../lanes.ts'
import type { ListedEvent, PortalKey, StoredEvent } from '../port.ts'
import { AfterCommit } from './engine.ts'
import type { Engine } from './engine.ts'
import { portalOf } from './event-operations.ts'
import { dueOf, runnable } from './lane-index.ts'
import type { IndexedLane } from './lane-index.ts'
import { LISTED, eventOf, listedOf } from './rows.ts'

/** Hastened in one transaction: a lane may have a hundred thousand parked, and nothing is taken in meanwhile. */
const HASTEN_EVENTS = 1_000

/** An event's place, and when it was due as its lane's hastening began. */
export type Waiting = readonly [seq: number, dueAtMs: number]

/** Leases live in memory alone: one process has the file, and its leases end with it. */
export const laneOperations = {
  dueLanes(db: Engine, nowMs: number, limit: number): { lanes: PortalKey[]; nextDueAtMs?: number } {
    const lanes: PortalKey[] = []
    let nextDueAtMs = Number.POSITIVE_INFINITY
    for (const lane of db.lanes.values()) {
      const dueAtMs = lane.handed.size > 0 ? lane.leasedUntilMs : dueOf(lane)
      if (dueAtMs === undefined) continue
      if (dueAtMs > nowMs) nextDueAtMs = Math.min(nextDueAtMs, dueAtMs)
      else if (lanes.length < limit) lanes.push(lane.portal)
      else nextDueAtMs = nowMs
    }
    return Number.isFinite(nextDueAtMs) ? { lanes, nextDueAtMs } : { lanes }
  },

  leaseLane(db: Engine, portal: PortalKey, request: LeaseRequest): AfterCommit<LeaseAnswer> {
    db.cautions.note(db)
    return new AfterCommit(() => {
      db.cautions.isNoted = true
      const lane = db.lanes.get(portal)
      const asOfSeq = db.lanes.lastSeq
      if (lane === undefined) return { kind: 'empty', asOfSeq }
      if (lane.owner !== request.owner && isLeased(lane, request.nowMs)) return { kind: 'wait', untilMs: lane.leasedUntilMs }
      db.lanes.giveBack(lane)
      const { events, bytes } = readEvents(db, lane, request)
      const cautions = cautionsOf(db, lane, events)
      if (events.length > 0) db.lanes.hand(lane, events.map(({ seq }) => seq), request.owner, request.untilMs)
      const left = lane.open.length > lane.start
      const parkedUntilMs = lane.parked?.nextDueAtMs()
      const outlook = parkedUntilMs === undefined ? { asOfSeq } : { asOfSeq, parkedUntilMs }
      if (events.length > 0) return { kind: 'leased', events, bytes, more: left, ...outlook, ...(cautions === undefined ? {} : { cautions }) }
      return left ? { kind: 'wait', untilMs: dueOf(lane) ?? request.nowMs } : { kind: 'empty', ...outlook }
    })
  },

  /** The orderly end of the process. */
  endProcess(db: Engine): AfterCommit<void> {
    db.cautions.end(db)
    return new AfterCommit(() => {
      db.cautions.isNoted = false
    })
  },

  renewLeases(db: Engine, owner: string, lanes: readonly PortalKey[], untilMs: number): PortalKey[] {
    return lanes.filter((portal) => {
      const lane = db.lanes.get(portal)
      if (lane === undefined || lane.handed.size === 0) return false
      if (lane.owner !== owner) return true
      lane.leasedUntilMs = untilMs
      return false
    })
  },

  /** The first slice of what waits now; answers with the others. */
  hastenLane(db: Engine, portal: PortalKey): AfterCommit<Waiting[][]> {
    const waiting = [...waitingIn(db.lanes.get(portal))]
    const slices = Array.from({ length: Math.ceil(waiting.length / HASTEN_EVENTS) }, (_, n) => waiting.slice(n * HASTEN_EVENTS, (n + 1) * HASTEN_EVENTS))
    const first = laneOperations.hastenSlice(db, portal, slices[0] ?? [])
    return new AfterCommit(() => {
      first.apply()
      return slices.slice(1)
    })
  },

  /** What has been tried since, and waits anew, is left alone. */
  hastenSlice(db: Engine, portal: PortalKey, waiting: readonly Waiting[]): AfterCommit<void> {
    db.run(
      `UPDATE events SET due_at = NULL FROM json_each(?) AS waiting WHERE seq = waiting.value ->> 0 AND due_at = waiting.value ->> 1
       AND state = 'pending' AND app = ? AND member_id = ?`,
      JSON.stringify(waiting), portal.app, portal.memberId,
    )
    return new AfterCommit(() => {
      const lane = db.lanes.get(portal)
      for (const [seq, dueAtMs] of waiting) if (waitsUntil(lane, seq) === dueAtMs) hasten(lane, seq)
    })
  },

  hastenEvent(db: Engine, id: string): AfterCommit<boolean> {
    const { seq, lane } = pendingIn(db, id)
    const waits = waitsUntil(lane, seq) > 0
    if (waits) db.run('UPDATE events SET due_at = NULL WHERE seq = ?', seq)
    return new AfterCommit(() => {
      hasten(lane, seq)
      return waits
    })
  },

  eventBefore(db: Engine, id: string): AfterCommit<string | undefined> {
    return new AfterCommit(() => {
      const { seq, lane } = pendingIn(db, id)
      if (lane === undefined || lane.parked?.dueAtMs(seq) !== undefined || lane.handed.get(seq) !== undefined) return undefined
      const first = Math.min(seq, headOf(lane))
      return first === seq ? undefined : textOrNone(db.get('SELECT id FROM events WHERE seq = ?', first)?.['id'])
    })
  },

  laneState(db: Engine, portal: PortalKey): AfterCommit<LaneState> {
    return new AfterCommit(() => {
      const lane = db.lanes.get(portal)
      if (lane === undefined) return { parked: 0 }
      const head = listedAt(db, headOf(lane))
      const again = [...lane.handed].filter(([, parkedUntilMs]) => parkedUntilMs !== undefined).map(([seq]) => seq)
      let newest = Math.max(0, ...again)
      for (const seq of lane.parked?.seqs ?? []) newest = Math.max(newest, seq)
      const newestParked = listedAt(db, newest)
      return {
        parked: (lane.parked?.size ?? 0) + again.length,
        ...(head === undefined ? {} : { head }), ...(newestParked === undefined ? {} : { newestParked }),
      }
    })
  },
}

function pendingIn(db: Engine, id: string): { seq: number; lane: IndexedLane | undefined } {
  const row = db.get(`SELECT seq, app, member_id FROM events WHERE id = ? AND state = 'pending'`, id)
  return { seq: Number(row?.['seq'] ?? 0), lane: row === undefined ? undefined : db.lanes.get(portalOf(row)) }
}

/** The first open event that is not parked, whether it is handed out or not. */
function headOf(lane: IndexedLane): number {
  let head = lane.open[lane.start] ?? Number.POSITIVE_INFINITY
  for (const [seq, parkedUntilMs] of lane.handed) if (parkedUntilMs === undefined) head = Math.min(head, seq)
  return head
}

function listedAt(db: Engine, seq: number): ListedEvent | undefined {
  const row = Number.isSafeInteger(seq) ? db.get(`SELECT ${LISTED} FROM events e WHERE e.seq = ?`, seq) : undefined
  return row === undefined ? undefined : listedOf(row)
}

function textOrNone(value: unknown): string | undefined {
  return typeof value === 'string' ? value : undefined
}

function isLeased(lane: IndexedLane, nowMs: number): boolean {
  return lane.handed.size > 0 && lane.leasedUntilMs > nowMs
}

function* waitingIn(lane: IndexedLane | undefined): Generator<Waiting> {
  if (lane === undefined) return
  yield* lane.dueAtMs
  for (const seq of lane.parked?.seqs ?? []) {
    const dueAtMs = waitsUntil(lane, seq)
    if (dueAtMs !== 0) yield [seq, dueAtMs]
  }
}

/** 0 when it need not wait, or is handed out. */
function waitsUntil(lane: IndexedLane | undefined, seq: number): number {
  return lane?.dueAtMs.get(seq) ?? lane?.parked?.dueAtMs(seq) ?? 0
}

function hasten(lane: IndexedLane | undefined, seq: number): void {
  lane?.dueAtMs.delete(seq)
  if (lane?.parked?.dueAtMs(seq) !== undefined) lane.parked.set(seq, 0)
}

function cautionsOf(db: Engine, lane: IndexedLane, events: readonly StoredEvent[]): Record<number, Caution> | undefined {
  const cautions = events.flatMap((event) => {
    const caution = db.cautions.of(lane, event)
    return caution === undefined ? [] : [[event.seq, caution] as const]
  })
  return cautions.length === 0 ? undefined : Object.fromEntries(cautions)
}

/** Parked events come first: whoever stops at an open one that fails has run them, and gives none of them back to wait with its lane. */
function readEvents(db: Engine, lane: IndexedLane, { nowMs, maxEvents, maxBytes }: LeaseRequest): { events: StoredEvent[]; bytes: number[] } {
  const events: StoredEvent[] = []
  const bytes: number[] = []
  let sum = 0
  const read = (seqs: Iterable<number>, upToBytes: number): void => {
    for (const seq of seqs) {
      if (events.length >= maxEvents) return
      const row = db.get('SELECT * FROM events WHERE seq = ?', seq)
      if (row === undefined) continue
      const event = eventOf(row)
      const size = String(row['data'] ?? '').length + event.auth.length
      events.push(event)
      bytes.push(size)
      sum += size
      if (sum >= upToBytes) return
    }
  }
  const { parked, open } = runnable(lane, nowMs, maxEvents)
  read(parked, open.length === 0 ? maxBytes : maxBytes / 2)
  read(open, maxBytes)
  return { events, bytes }
}
