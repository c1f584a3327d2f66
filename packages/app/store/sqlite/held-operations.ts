import type { HeldSettlement, PortalKey, StoredEvent } from '../port.ts'
import { AfterCommit } from './engine.ts'
import type { Engine } from './engine.ts'
import { SELECT_EVENTS, portalOf } from './event-operations.ts'
import { eventOf, orNull } from './rows.ts'

export const heldOperations = {
  countHeld(db: Engine, app: string): { total: number; byPortal: Map<string, number> } {
    const rows = db.all(`SELECT member_id, count(*) AS held FROM events WHERE state = 'held' AND app = ? GROUP BY member_id`, app)
    const byPortal = new Map(rows.map((row) => [String(row['member_id']), Number(row['held'])]))
    return { total: [...byPortal.values()].reduce((sum, held) => sum + held, 0), byPortal }
  },

  heldEvents(db: Engine, portal: PortalKey): StoredEvent[] {
    return db
      .all(`${SELECT_EVENTS} WHERE state = 'held' AND app = ? AND member_id = ? ORDER BY seq`, portal.app, portal.memberId)
      .map(eventOf)
  },

  portalsWithHeld(db: Engine): PortalKey[] {
    return db.all(`SELECT DISTINCT app, member_id FROM events WHERE state = 'held'`).map(portalOf)
  },

  resealHeld(db: Engine, id: string, auth: Uint8Array): void {
    db.run(`UPDATE events SET auth = ?, auth_batch = NULL WHERE id = ? AND state = 'held'`, auth, id)
  },

  settleHeld(db: Engine, settlements: readonly HeldSettlement[], atMs: number, keepUnproven: number): AfterCommit<void> {
    const released: { portal: PortalKey; seq: number }[] = []
    for (const { id, state, reason, proof, generation } of settlements) {
      const rows = db.all(
        `UPDATE events SET state = ?, reason = ?, proof = ?, proven_at = ?, finished_at = ?, generation = ?
         WHERE id = ? AND state = 'held' RETURNING seq, app, member_id`,
        state, orNull(reason), orNull(proof), proof === undefined ? null : atMs, state === 'pending' ? null : atMs, generation, id,
      )
      if (state === 'pending') for (const row of rows) released.push({ portal: portalOf(row), seq: Number(row['seq']) })
    }
    thinUnproven(db, keepUnproven)
    return new AfterCommit(() => {
      for (const { portal, seq } of released) db.lanes.add(portal, seq)
    })
  },

  expireHeld(db: Engine, receivedBeforeMs: number, atMs: number, keepUnproven: number): PortalKey[] {
    const expired = db
      .all(
        `UPDATE events SET state = 'dead', reason = 'HELD_TOO_LONG', finished_at = ?
         WHERE state = 'held' AND received_at < ? RETURNING app, member_id`,
        atMs, receivedBeforeMs,
      )
      .map(portalOf)
    thinUnproven(db, keepUnproven)
    return expired
  },
}

/** Anybody can send what ends here: of all but the newest nothing stays, and of those only what they claimed to be. */
function thinUnproven(db: Engine, keep: number): void {
  const unproven = `state = 'dead' AND proof IS NULL`
  db.run(`UPDATE events SET data = NULL, auth = x'' WHERE ${unproven} AND length(auth) > 0`)
  db.run(`DELETE FROM events WHERE seq IN (SELECT seq FROM events WHERE ${unproven} ORDER BY seq DESC LIMIT -1 OFFSET ?)`, keep)
}
