import type { SQLInputValue } from 'node:sqlite'
import type { Attempt, EventFilter, HeldSettlement, NewEvent, PortalKey, StoredEvent } from '../port.ts'
import { attemptOf, eventOf, orNull } from './rows.ts'
import type { Statements } from './statements.ts'

const INSERT = `
  INSERT INTO events (id, app, member_id, code, handler_id, ts, data, auth, state, reason, proof, received_at, proven_at, finished_at,
    generation)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

export const eventOperations = {
  appendEvents(sql: Statements, events: readonly NewEvent[]): void {
    for (const event of events) {
      const finished = event.state === 'done' || event.state === 'dead'
      sql.run(
        INSERT, event.id, event.app, event.memberId, event.code, orNull(event.handlerId), orNull(event.ts),
        event.data === undefined ? null : JSON.stringify(event.data), event.auth, event.state, orNull(event.reason),
        orNull(event.proof), event.receivedAtMs, event.proof === undefined ? null : event.receivedAtMs,
        finished ? event.receivedAtMs : null, event.generation,
      )
    }
  },

  countHeld(sql: Statements, app: string): { total: number; byPortal: Map<string, number> } {
    const rows = sql.all(`SELECT member_id, count(*) AS held FROM events WHERE state = 'held' AND app = ? GROUP BY member_id`, app)
    const byPortal = new Map(rows.map((row) => [String(row['member_id']), Number(row['held'])]))
    return { total: [...byPortal.values()].reduce((sum, held) => sum + held, 0), byPortal }
  },

  heldEvents(sql: Statements, portal: PortalKey): StoredEvent[] {
    return sql
      .all(`SELECT * FROM events WHERE state = 'held' AND app = ? AND member_id = ? ORDER BY seq`, portal.app, portal.memberId)
      .map(eventOf)
  },

  portalsWithHeld(sql: Statements): PortalKey[] {
    return sql
      .all(`SELECT DISTINCT app, member_id FROM events WHERE state = 'held'`)
      .map((row) => ({ app: String(row['app']), memberId: String(row['member_id']) }))
  },

  settleHeld(sql: Statements, settlements: readonly HeldSettlement[], atMs: number, keepUnproven: number): void {
    for (const { id, state, reason, proof, generation } of settlements) {
      sql.run(
        `UPDATE events SET state = ?, reason = ?, proof = ?, proven_at = ?, finished_at = ?, generation = ?
         WHERE id = ? AND state = 'held'`,
        state, orNull(reason), orNull(proof), proof === undefined ? null : atMs, state === 'pending' ? null : atMs, generation, id,
      )
    }
    thinUnproven(sql, keepUnproven)
  },

  expireHeld(sql: Statements, receivedBeforeMs: number, atMs: number, keepUnproven: number): PortalKey[] {
    const expired = sql
      .all(
        `UPDATE events SET state = 'dead', reason = 'HELD_TOO_LONG', finished_at = ?
         WHERE state = 'held' AND received_at < ? RETURNING app, member_id`,
        atMs, receivedBeforeMs,
      )
      .map((row) => ({ app: String(row['app']), memberId: String(row['member_id']) }))
    thinUnproven(sql, keepUnproven)
    return expired
  },

  listEvents(sql: Statements, filter: EventFilter): { events: StoredEvent[]; next?: string } {
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
    const rows = sql.all(`SELECT * FROM events ${condition} ORDER BY id DESC LIMIT ?`, ...values, filter.limit + 1)
    const events = rows.slice(0, filter.limit).map(eventOf)
    const last = events.at(-1)
    return rows.length > filter.limit && last !== undefined ? { events, next: last.id } : { events }
  },

  event(sql: Statements, id: string): StoredEvent | undefined {
    const row = sql.get('SELECT * FROM events WHERE id = ?', id)
    return row === undefined ? undefined : eventOf(row)
  },

  attempts(sql: Statements, id: string): Attempt[] {
    return sql.all('SELECT * FROM attempts WHERE event_id = ? ORDER BY n', id).map(attemptOf)
  },

  replay(sql: Statements, id: string, atMs: number): boolean {
    const changed = sql.run(
      `UPDATE events SET state = 'pending', reason = NULL, due_at = NULL, finished_at = NULL, proven_at = coalesce(proven_at, ?)
       WHERE id = ? AND state IN ('done', 'dead') AND proof IS NOT NULL`,
      atMs, id,
    )
    return changed === 1
  },
}

/** Anybody can send what ends here: of all but the newest nothing stays, and of those only what they claimed to be. */
function thinUnproven(sql: Statements, keep: number): void {
  const unproven = `state = 'dead' AND proof IS NULL`
  sql.run(`UPDATE events SET data = NULL, auth = x'' WHERE ${unproven} AND length(auth) > 0`)
  sql.run(`DELETE FROM events WHERE seq IN (SELECT seq FROM events WHERE ${unproven} ORDER BY seq DESC LIMIT -1 OFFSET ?)`, keep)
}
