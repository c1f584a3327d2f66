import type { SQLInputValue } from 'node:sqlite'
import type { AppendedEvent, Attempt, EventBatch, EventFilter, PortalKey, StoredEvent } from '../port.ts'
import { AfterCommit } from './engine.ts'
import type { Engine } from './engine.ts'
import { attemptOf, eventOf } from './rows.ts'
import type { EventRow } from './rows.ts'

const INSERT = `
  INSERT INTO events (seq, auth_batch, id, app, member_id, code, handler_id, ts, data, auth, state, reason, proof, received_at,
    proven_at, finished_at, generation)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

/** With the auth block, which may be one of a batch's. */
export const SELECT_EVENTS = `SELECT e.*, b.sealed AS shared FROM events e LEFT JOIN auth_batches b ON b.batch = e.auth_batch`

export const eventOperations = {
  /** A batch of auth blocks goes by the first event's seq. */
  appendEvents(db: Engine, rows: readonly EventRow[], { sharedAuth, lease }: Omit<EventBatch, 'events'>): AfterCommit<AppendedEvent[]> {
    const batch = sharedAuth === undefined ? null : db.nextSeq()
    if (sharedAuth !== undefined) db.run('INSERT INTO auth_batches (batch, sealed) VALUES (?, ?)', batch, sharedAuth)
    const seqs = rows.map((row) => {
      const seq = db.nextSeq()
      db.run(INSERT, seq, row.shared ? batch : null, ...row.values)
      return seq
    })
    return new AfterCommit(() =>
      rows.map(({ portal, pending }, index) => {
        const seq = seqs[index] ?? 0
        return { seq, leased: pending && db.lanes.append(portal, seq, lease?.wanted[index] === true ? lease : undefined) }
      }),
    )
  },

  listEvents(db: Engine, filter: EventFilter): { events: StoredEvent[]; next?: string } {
    const conditions: string[] = []
    const values: SQLInputValue[] = []
    const where = (condition: string, value: string | undefined): void => {
      if (value === undefined) return
      conditions.push(condition)
      values.push(value)
    }
    where('app = ?', filter.app)
    where('member_id = ?', filter.memberId)
    where('code = ?', filter.code)
    where('state = ?', filter.state)
    where('id < ?', filter.after)
    const condition = conditions.length === 0 ? '' : `WHERE ${conditions.join(' AND ')}`
    const rows = db.all(`${SELECT_EVENTS} ${condition} ORDER BY id DESC LIMIT ?`, ...values, filter.limit + 1)
    const events = rows.slice(0, filter.limit).map(eventOf)
    const last = events.at(-1)
    return rows.length > filter.limit && last !== undefined ? { events, next: last.id } : { events }
  },

  event(db: Engine, id: string): StoredEvent | undefined {
    const row = db.get(`${SELECT_EVENTS} WHERE id = ?`, id)
    return row === undefined ? undefined : eventOf(row)
  },

  attempts(db: Engine, id: string): Attempt[] {
    return db.all('SELECT * FROM attempts WHERE event = (SELECT seq FROM events WHERE id = ?) ORDER BY n', id).map(attemptOf)
  },

  replay(db: Engine, id: string, atMs: number): AfterCommit<boolean> {
    const [row] = db.all(
      `UPDATE events SET state = 'pending', reason = NULL, due_at = NULL, parked = 0, finished_at = NULL, proven_at = coalesce(proven_at, ?)
       WHERE id = ? AND state IN ('done', 'dead') AND proof IS NOT NULL RETURNING seq, app, member_id`,
      atMs, id,
    )
    return new AfterCommit(() => {
      if (row !== undefined) db.lanes.add(portalOf(row), Number(row['seq']))
      return row !== undefined
    })
  },
}

export function portalOf(row: Readonly<Record<string, unknown>>): PortalKey {
  return { app: String(row['app']), memberId: String(row['member_id']) }
}
