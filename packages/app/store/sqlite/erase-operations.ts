import type { Installation, PortalKey, SharedAuth } from '../port.ts'
import { AfterCommit } from './engine.ts'
import type { Engine } from './engine.ts'
import { installationOperations } from './installation-operations.ts'

const PORTAL_TABLES = ['accounts', 'bindings', 'connector_lines', 'refusals'] as const
const EARLIER = 'app = ? AND member_id = ? AND seq < (SELECT seq FROM events WHERE id = ?)'

/** CLEAN=1: what came before the uninstall goes. */
export const eraseOperations = {
  erasePortal(db: Engine, portal: PortalKey, keptEventId: string, generation: number): AfterCommit<void> {
    const { app, memberId } = portal
    const kept = db.get('SELECT seq FROM events WHERE id = ?', keptEventId)
    db.run(`DELETE FROM attempts WHERE event IN (SELECT seq FROM events WHERE ${EARLIER})`, app, memberId, keptEventId)
    db.run(`DELETE FROM events WHERE ${EARLIER}`, app, memberId, keptEventId)
    db.run(`UPDATE events SET auth = x'', auth_batch = NULL WHERE id = ?`, keptEventId)
    const current = installationOperations.installation(db, portal)
    if (current?.status === 'deleted' && current.generation === generation) {
      for (const table of PORTAL_TABLES) db.run(`DELETE FROM ${table} WHERE app = ? AND member_id = ?`, app, memberId)
      installationOperations.saveInstallation(db, tombstoneOf(current))
    }
    return new AfterCommit(() => {
      if (kept !== undefined) db.lanes.remove(portal, (seq) => seq < Number(kept['seq']))
    })
  },

  sharedAuths(db: Engine, portal: PortalKey, beforeEventId: string, limit: number): SharedAuth[] {
    const rows = db.all(
      `SELECT e.auth_batch AS batch, b.sealed, json_group_array(e.id) AS ids FROM events e JOIN auth_batches b ON b.batch = e.auth_batch
       WHERE e.app = ? AND e.member_id = ? AND e.seq <= (SELECT seq FROM events WHERE id = ?) GROUP BY e.auth_batch LIMIT ?`,
      portal.app, portal.memberId, beforeEventId, limit,
    )
    return rows.map(({ batch, sealed, ids }) => ({
      batch: Number(batch),
      sealed: sealed instanceof Uint8Array ? sealed : new Uint8Array(),
      eventIds: JSON.parse(String(ids)) as string[],
    }))
  },

  replaceSharedAuth(db: Engine, { batch, eventIds }: SharedAuth, sealed: Uint8Array): void {
    db.run('UPDATE auth_batches SET sealed = ? WHERE batch = ?', sealed, batch)
    for (const id of eventIds) db.run(`UPDATE events SET auth_batch = NULL, auth = x'' WHERE id = ?`, id)
  },
}

/** Keeps what recognises the portal and nothing that says anything about it. */
function tombstoneOf(installation: Installation): Installation {
  const { app, memberId, generation, applicationToken, updatedAtMs, deletedAtMs } = installation
  return {
    app,
    memberId,
    generation,
    status: 'deleted',
    domain: '',
    clientEndpoint: '',
    serverEndpoint: '',
    updatedAtMs,
    ...(applicationToken === undefined ? {} : { applicationToken }),
    ...(deletedAtMs === undefined ? {} : { deletedAtMs }),
  }
}
