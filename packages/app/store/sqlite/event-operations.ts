import { SHARED_AUTH_MAX_EVENTS } from '../port.ts'
import type { AppendedEvent, EventBatch, PortalKey } from '../port.ts'
import { AfterCommit } from './engine.ts'
import type { Engine } from './engine.ts'
import type { EventRow, PackedEvents } from './rows.ts'

const INSERT_EVENT = `
  INSERT INTO events (seq, auth_batch, auth, fingerprint, id, app, member_id, code, handler_id, ts, user_id, data, state, reason, proof,
    received_at, proven_at, finished_at, generation, duplicate_of)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`
const REPLAYABLE = `state IN ('done', 'dead') AND proof IS NOT NULL`
/** What is said in the event's own columns moves to a row of its own before they are used again. */
const KEEP_PLAIN_ATTEMPT = `
  INSERT OR REPLACE INTO attempts (event, n, started_at, duration_ms, outcome)
  SELECT seq, attempts, finished_at - took_ms, took_ms, 'done' FROM events`
const NO_AUTH = new Uint8Array()

/** With the auth block, which may be one of a batch's. */
export const SELECT_EVENTS = `SELECT e.*, b.sealed AS shared FROM events e LEFT JOIN auth_batches b ON b.batch = e.auth_batch`

export const eventOperations = {
  /** A batch of auth blocks goes by the first event's seq. */
  appendEvents(db: Engine, { json, auths, fingerprints }: PackedEvents, { sharedAuth, lease }: Omit<EventBatch, 'events'>): AfterCommit<AppendedEvent[]> {
    const rows = JSON.parse(json) as EventRow[]
    if (lease !== undefined) db.cautions.note(db)
    if (sharedAuth !== undefined && rows.length > SHARED_AUTH_MAX_EVENTS) throw new Error(`more than ${SHARED_AUTH_MAX_EVENTS} events share a seal`)
    const batch = sharedAuth === undefined ? null : db.nextSeq()
    if (sharedAuth !== undefined) db.run('INSERT INTO auth_batches (batch, sealed) VALUES (?, ?)', batch, sharedAuth)
    const seqs = rows.map((row, index) => {
      const seq = db.nextSeq()
      const auth = auths[index] ?? null
      db.run(INSERT_EVENT, seq, auth === null ? batch : null, auth ?? NO_AUTH, fingerprints[index] ?? null, ...row)
      return seq
    })
    return new AfterCommit(() => {
      db.cautions.isNoted ||= lease !== undefined
      return rows.map(([_id, app, memberId, _code, _handlerId, _ts, _userId, _data, state], index) => {
        const seq = seqs[index] ?? 0
        const wanted = lease?.wanted[index] === true ? lease : undefined
        return { seq, leased: state === 'pending' && db.lanes.append({ app, memberId }, seq, wanted) }
      })
    })
  },

  /** Their attempts go on counting; the retry schedule begins anew. */
  replayEvents(db: Engine, ids: readonly string[], atMs: number): AfterCommit<string[]> {
    const rows = ids.flatMap((id) => {
      db.run(`${KEEP_PLAIN_ATTEMPT} WHERE id = ? AND took_ms IS NOT NULL AND ${REPLAYABLE}`, id)
      return db.all(
        `UPDATE events SET state = 'pending', reason = NULL, due_at = NULL, parked = 0, finished_at = NULL, took_ms = NULL,
           proven_at = coalesce(proven_at, ?), replayed_at = ?, attempts_before = attempts
         WHERE id = ? AND ${REPLAYABLE} RETURNING seq, id, app, member_id`,
        atMs, atMs, id,
      )
    })
    return new AfterCommit(() => {
      for (const row of rows) db.lanes.add(portalOf(row), Number(row['seq']))
      return rows.map(({ id }) => String(id))
    })
  },
}

export function portalOf(row: Readonly<Record<string, unknown>>): PortalKey {
  return { app: String(row['app']), memberId: String(row['member_id']) }
}
