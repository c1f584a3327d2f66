import type { ImportedEvent, SettledBefore } from '../keeping.ts'
import { SHARED_AUTH_MAX_EVENTS } from '../port.ts'
import { AfterCommit } from './engine.ts'
import type { Engine } from './engine.ts'
import { orNull } from './rows.ts'
import { recordAttempt } from './settle-operations.ts'
import { DELETABLE, deletableValues } from './settled-window.ts'

const IMPORT = `
  INSERT OR IGNORE INTO events (seq, id, app, member_id, code, handler_id, ts, data, auth, state, reason, proof, received_at, proven_at,
    finished_at, generation, due_at, parked, attempts, duplicate_of, replayed_at, attempts_before)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

/** The events of a batch come right after it, before the next; the batch may be in the stretch before theirs. */
const DELETE_EMPTY_BATCHES = `
  DELETE FROM auth_batches WHERE batch > ? AND batch <= ? AND NOT EXISTS (
    SELECT 1 FROM events e WHERE e.auth_batch = auth_batches.batch AND e.seq > auth_batches.batch
      AND e.seq < coalesce((SELECT min(n.batch) FROM auth_batches n WHERE n.batch > auth_batches.batch), e.seq + 1)
      AND e.seq <= auth_batches.batch + ?)`

/** What is deleted, and what comes from another store. */
export const keepingOperations = {
  /** By stretches of the primary key, as a partition would go: no index is searched for what is to be deleted. */
  deleteSettled(db: Engine, before: SettledBefore, afterSeq: number, toSeq: number): number {
    const deleted = db.run(`DELETE FROM events WHERE seq > ? AND seq <= ? AND ${DELETABLE}`, afterSeq, toSeq, ...deletableValues(before))
    db.run('DELETE FROM attempts WHERE event > ? AND event <= ? AND event NOT IN (SELECT seq FROM events WHERE seq > ? AND seq <= ?)', afterSeq, toSeq, afterSeq, toSeq)
    db.run(DELETE_EMPTY_BATCHES, afterSeq - SHARED_AUTH_MAX_EVENTS, toSeq, SHARED_AUTH_MAX_EVENTS)
    if (deleted > 0) db.noteLastSeq()
    return deleted
  },

  importEvents(db: Engine, records: readonly ImportedEvent[]): AfterCommit<string[]> {
    const taken = records.flatMap((record) => {
      const seq = importEvent(db, record)
      return seq === undefined ? [] : [{ seq, event: record.event }]
    })
    return new AfterCommit(() => {
      for (const { seq, event } of taken) {
        if (event.state !== 'pending') continue
        if (event.parked === true) db.lanes.park(event, seq, event.dueAtMs ?? 0)
        else db.lanes.add(event, seq, event.dueAtMs)
      }
      return taken.map(({ event }) => event.id)
    })
  },
}

/** Its place, or nothing when it is there already. */
function importEvent(db: Engine, { event, attempts }: ImportedEvent): number | undefined {
  const seq = db.nextSeq()
  const imported = db.run(
    IMPORT, seq, event.id, event.app, event.memberId, event.code, orNull(event.handlerId), orNull(event.ts),
    event.data === undefined ? null : JSON.stringify(event.data), event.auth, event.state, orNull(event.reason), orNull(event.proof),
    event.receivedAtMs, orNull(event.provenAtMs), orNull(event.finishedAtMs), event.generation, orNull(event.dueAtMs),
    event.parked === true ? 1 : 0, event.attempts, orNull(event.duplicateOf), orNull(event.replayedAtMs), event.attemptsBefore ?? 0,
  )
  if (imported === 0) return undefined
  for (const attempt of attempts) recordAttempt(db, seq, attempt)
  return seq
}
