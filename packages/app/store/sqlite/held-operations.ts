import type { HeldEntry, HeldSettlement, PortalKey, StoredEvent } from '../port.ts'
import { AfterCommit } from './engine.ts'
import type { Engine } from './engine.ts'
import { isErased } from './erased.ts'
import { SELECT_EVENTS, portalOf } from './event-operations.ts'
import type { Queries } from './queries.ts'
import { eventOf, orNull } from './rows.ts'

/** In the reading thread: a flood has left thousands. */
export const heldQueries = {
  heldEntries(db: Queries): HeldEntry[] {
    const rows = db.all(`SELECT id, app, member_id, code, length(auth) + coalesce(length(data), 0) AS bytes FROM events WHERE state = 'held'`)
    return rows.map((row) => ({ ...portalOf(row), id: String(row['id']), code: String(row['code']), bytes: Number(row['bytes']) }))
  },
}

/** Left to itself SQLite reads through all events in their order until it has found enough held ones: at a start, ten million of them. */
export function heldOfInstalledSql(codes: number): string {
  const installed = 'EXISTS (SELECT 1 FROM installations i WHERE i.app = e.app AND i.member_id = e.member_id)'
  const held = SELECT_EVENTS.replace('FROM events e', 'FROM events e INDEXED BY events_held')
  return `${held} WHERE e.state = 'held' AND e.code IN (${Array.from({ length: codes }, () => '?').join(', ')}) AND ${installed} ORDER BY e.seq DESC LIMIT ?`
}

export const heldOperations = {
  heldEvents(db: Engine, portal: PortalKey): StoredEvent[] {
    return db
      .all(`${SELECT_EVENTS} WHERE state = 'held' AND app = ? AND member_id = ? ORDER BY seq`, portal.app, portal.memberId)
      .map(eventOf)
  },

  portalsWithHeld(db: Engine): PortalKey[] {
    return db.all(`SELECT DISTINCT app, member_id FROM events WHERE state = 'held'`).map(portalOf)
  },

  heldOfInstalled(db: Engine, codes: readonly string[], limit: number): StoredEvent[] {
    return db.all(heldOfInstalledSql(codes.length), ...codes, limit).map(eventOf)
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
      for (const row of rows) {
        const portal = portalOf(row)
        // Decided before its portal uninstalled, and written after that was erased; or a copy of an uninstall that came late.
        if (generation > 0 && isErased(db, portal, generation)) dropErased(db, Number(row['seq']), state)
        else if (state === 'pending') released.push({ portal, seq: Number(row['seq']) })
      }
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

/** What was to run goes; of what has ended the fact stays. */
function dropErased(db: Engine, seq: number, state: HeldSettlement['state']): void {
  if (state === 'pending') {
    db.run('DELETE FROM events WHERE seq = ?', seq)
    db.noteLastSeq()
  } else db.run(`UPDATE events SET auth = x'', user_id = NULL, data = CASE WHEN proof IS NULL THEN NULL ELSE data END WHERE seq = ?`, seq)
}

/** Anybody can send what ends here: of all but the newest nothing stays, and of those only what they claimed to be. */
function thinUnproven(db: Engine, keep: number): void {
  const unproven = `state = 'dead' AND proof IS NULL`
  db.run(`UPDATE events SET data = NULL, auth = x'' WHERE ${unproven} AND length(auth) > 0`)
  db.run(`DELETE FROM events WHERE seq IN (SELECT seq FROM events WHERE ${unproven} ORDER BY seq DESC LIMIT -1 OFFSET ?)`, keep)
}
