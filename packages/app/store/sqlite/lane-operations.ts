import type { LeaseAnswer, PortalKey, Settlement } from '../port.ts'
import { eventOf, orNull } from './rows.ts'
import type { Statements } from './statements.ts'

export const laneOperations = {
  lanesWithWork(sql: Statements): { portal: PortalKey; dueAtMs: number }[] {
    // min(seq) makes SQLite take due_at from the first event's row: a lane is due when its head is.
    return sql
      .all(`SELECT app, member_id, min(seq), due_at FROM events WHERE state = 'pending' GROUP BY app, member_id`)
      .map((row) => ({
        portal: { app: String(row['app']), memberId: String(row['member_id']) },
        dueAtMs: Number(row['due_at'] ?? 0),
      }))
  },

  leaseLane(
    sql: Statements,
    portal: PortalKey,
    lease: { owner: string; nowMs: number; untilMs: number; limit: number },
  ): LeaseAnswer {
    const held = sql.get('SELECT owner, leased_until FROM lanes WHERE app = ? AND member_id = ?', portal.app, portal.memberId)
    const heldUntilMs = Number(held?.['leased_until'] ?? 0)
    if (held !== undefined && held['owner'] !== lease.owner && heldUntilMs > lease.nowMs) return { kind: 'wait', untilMs: heldUntilMs }
    const events = sql
      .all(
        `SELECT * FROM events WHERE state = 'pending' AND app = ? AND member_id = ? ORDER BY seq LIMIT ?`,
        portal.app, portal.memberId, lease.limit,
      )
      .map(eventOf)
    const head = events[0]
    if (head === undefined) return { kind: 'empty' }
    if (head.dueAtMs !== undefined && head.dueAtMs > lease.nowMs) return { kind: 'wait', untilMs: head.dueAtMs }
    sql.run(
      `INSERT INTO lanes (app, member_id, owner, leased_until) VALUES (?, ?, ?, ?)
       ON CONFLICT DO UPDATE SET owner = excluded.owner, leased_until = excluded.leased_until`,
      portal.app, portal.memberId, lease.owner, lease.untilMs,
    )
    return { kind: 'leased', events }
  },

  /** A worker that lost its lease settles nothing: somebody else may be running those events already. */
  settle(sql: Statements, portal: PortalKey, owner: string, results: readonly Settlement[], keepUntilMs?: number): void {
    const lane = sql.get('SELECT owner FROM lanes WHERE app = ? AND member_id = ?', portal.app, portal.memberId)
    if (lane?.['owner'] !== owner) return
    for (const { id, attempt, state, reason, dueAtMs, atMs } of results) {
      sql.run(
        `INSERT OR REPLACE INTO attempts (event_id, n, started_at, duration_ms, outcome, error, calls, notes)
         VALUES (?, ?, ?, ?, ?, ?, ?, ?)`,
        id, attempt.n, attempt.startedAtMs, attempt.durationMs, attempt.outcome,
        attempt.error === undefined ? null : JSON.stringify(attempt.error),
        JSON.stringify(attempt.calls), JSON.stringify(attempt.notes),
      )
      sql.run(
        `UPDATE events SET state = ?, reason = ?, due_at = ?, finished_at = ?, attempts = ? WHERE id = ?`,
        state, orNull(reason), orNull(dueAtMs), state === 'pending' ? null : atMs, attempt.n, id,
      )
    }
    if (keepUntilMs === undefined) sql.run('DELETE FROM lanes WHERE app = ? AND member_id = ?', portal.app, portal.memberId)
    else sql.run('UPDATE lanes SET leased_until = ? WHERE app = ? AND member_id = ?', keepUntilMs, portal.app, portal.memberId)
  },

  hastenLane(sql: Statements, portal: PortalKey): void {
    sql.run(
      `UPDATE events SET due_at = NULL WHERE state = 'pending' AND app = ? AND member_id = ? AND due_at IS NOT NULL`,
      portal.app, portal.memberId,
    )
  },
}
