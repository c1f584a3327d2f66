import type { LaneResults, Settlement } from '../lanes.ts'
import type { Attempt, PortalKey } from '../port.ts'
import { AfterCommit } from './engine.ts'
import type { Engine } from './engine.ts'
import type { IndexedLane } from './lane-index.ts'
import { orNull } from './rows.ts'

/** What became of events. */
export const settleOperations = {
  /** The same for those who wait for it: it goes without waiting for company. */
  settleAtOnce(db: Engine, owner: string, json: string): AfterCommit<PortalKey[]> {
    return settleOperations.settle(db, owner, json)
  },

  /** A worker that lost its lease settles nothing: somebody else may be running those events already. */
  settle(db: Engine, owner: string, json: string): AfterCommit<PortalKey[]> {
    const results = JSON.parse(json) as LaneResults[]
    const lost: PortalKey[] = []
    const kept: { lane: IndexedLane; result: LaneResults }[] = []
    for (const result of results) {
      const lane = db.lanes.get(result.portal)
      if (lane === undefined || lane.owner !== owner) {
        if (result.settlements.length > 0 || result.started !== undefined) lost.push(result.portal)
        continue
      }
      // Those of a portal that was erased meanwhile have no row any more.
      const settlements = result.settlements.filter((settlement) => lane.handed.has(settlement.seq) && recordSettlement(db, settlement))
      // Given back meanwhile, they are not about to run.
      const started = result.started && { ...result.started, seqs: result.started.seqs.filter((seq) => lane.handed.has(seq)) }
      if (started !== undefined) db.cautions.writeStarted(db, started)
      kept.push({ lane, result: { ...result, settlements, ...(started === undefined ? {} : { started }) } })
    }
    return new AfterCommit(() => {
      for (const { lane, result } of kept) applySettlements(db, lane, result)
      return lost
    })
  },
}

const RECORD_ATTEMPT = `
  INSERT OR REPLACE INTO attempts (event, n, started_at, duration_ms, outcome, error, calls, notes) VALUES (?, ?, ?, ?, ?, ?, ?, ?)`

export function recordAttempt(db: Engine, seq: number, attempt: Attempt): void {
  db.run(
    RECORD_ATTEMPT, seq, attempt.n, attempt.startedAtMs, attempt.durationMs, attempt.outcome,
    attempt.error === undefined ? null : JSON.stringify(attempt.error), listOrNull(attempt.calls), listOrNull(attempt.notes),
  )
}

const SETTLE_EVENT = `
  UPDATE events SET state = ?, reason = ?, due_at = ?, parked = ?, finished_at = ?, attempts = coalesce(?, attempts), took_ms = ?
  WHERE seq = ?`

/** false when the event has no row any more: it was erased in this very transaction. */
function recordSettlement(db: Engine, settlement: Settlement): boolean {
  const { seq, attempt, state, reason, dueAtMs, parked, atMs } = settlement
  const ended = state !== 'pending'
  const plain = ended && attempt !== undefined && isPlain(attempt, atMs)
  const changed = db.run(
    SETTLE_EVENT, state, orNull(reason), orNull(dueAtMs), parked === true ? 1 : 0, ended ? atMs : null, attempt?.n ?? null,
    plain ? attempt.durationMs : null, seq,
  )
  if (changed > 0 && attempt !== undefined && !plain) recordAttempt(db, seq, attempt)
  if (changed > 0) db.cautions.writeSettled(db, settlement)
  return changed > 0
}

/** Nothing to say of it that is not in the event's row. */
function isPlain({ outcome, startedAtMs, durationMs, calls, notes }: Attempt, atMs: number): boolean {
  return outcome === 'done' && startedAtMs + durationMs === atMs && calls.length === 0 && notes.length === 0
}

function listOrNull(list: Attempt['calls'] | Attempt['notes']): string | null {
  return list.length === 0 ? null : JSON.stringify(list)
}

function applySettlements(db: Engine, lane: IndexedLane, { portal, settlements, started, release }: LaneResults): void {
  if (started !== undefined) db.cautions.started(started)
  for (const settlement of settlements) {
    const { seq, state, dueAtMs, parked } = settlement
    lane.handed.delete(seq)
    db.cautions.settled(settlement)
    if (state !== 'pending') continue
    if (parked === true) db.lanes.park(portal, seq, dueAtMs ?? 0)
    else db.lanes.add(portal, seq, dueAtMs)
  }
  if (release === true) db.lanes.giveBack(lane)
  db.lanes.dropEmpty(lane)
}
