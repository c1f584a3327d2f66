import type { Erasure, ErasureSlice, ReplacedSeal } from '../audit.ts'
import { SHARED_AUTH_MAX_EVENTS } from '../port.ts'
import type { Installation } from '../port.ts'
import { appendAudit } from './audit-operations.ts'
import { AfterCommit } from './engine.ts'
import type { Engine } from './engine.ts'
import { removeErased } from './erased-lane.ts'
import { portalOf } from './event-operations.ts'
import { installationOperations, writeInstallation } from './installation-operations.ts'
import type { Queries } from './queries.ts'
import type { Row } from './rows.ts'
import { scanEvents } from './scan.ts'

/** What of a former installation may still stand in tables that the next one uses, and when each row was written. */
const DATED_TABLES = [['accounts', 'obtained_at'], ['connector_lines', 'changed_at'], ['refusals', 'at']] as const
const PORTAL_TABLES = ['accounts', 'bindings', 'connector_lines', 'refusals', 'taken_rows'] as const

/** Events in one slice: each may stand in a seal of its own, which is opened and sealed again. */
const SLICE_EVENTS = 100

/**
 * An event's generation says which installation it belongs to: those that were taken in beside the uninstall stand behind it. What was
 * never proven has none: behind the uninstall it stays. What is held there says of itself that it is of a newer installation (see the
 * judge); before an uninstall that came late it may say so by its time. Of an install or update only its proof tells.
 */
function goes({ seq, generation, state, code, ts }: Row, erasure: Erasure, uninstallTs: number): boolean {
  if (Number(generation) > erasure.generation) return false
  if ((Number(generation) === 0 || state === 'held') && Number(seq) > erasure.upToSeq) return false
  return state !== 'held' || (code !== 'ONAPPINSTALL' && code !== 'ONAPPUPDATE' && !(secondOf(ts) > uninstallTs))
}

/**
 * The uninstall itself, or another of the same installation: of each there is a row to show what became of it, and one that is still open
 * runs. It stays without its auth block.
 */
function isUninstall({ seq, generation, state, code }: Row, erasure: Erasure): boolean {
  return Number(seq) === erasure.upToSeq || (code === 'ONAPPUNINSTALL' && state !== 'held' && Number(generation) === erasure.generation)
}

/** When it was raised, by its portal's clock; NaN, which is neither before nor after anything, where it does not say. */
function secondOf(ts: unknown): number {
  return typeof ts === 'string' && /^\d{1,12}$/.test(ts) ? Number(ts) : Number.NaN
}

function uninstallTsOf(db: Queries, { upToSeq }: Erasure): number {
  return secondOf(db.get('SELECT ts FROM events WHERE seq = ?', upToSeq)?.['ts'])
}

/**
 * Of auth blocks whose seal nobody could open, how many are left: those that stand among others' there. Such a seal goes with the last of
 * its events; while more of them go in a later slice, it is that slice's.
 */
function leftInSeals(db: Engine, unopened: ReadonlyMap<number, number>, erasure: Erasure, uninstallTs: number): number {
  const { app, memberId } = erasure
  let left = 0
  for (const [batch, blocks] of unopened) {
    const sharing = db.all(
      'SELECT seq, app, member_id, generation, state, code, ts FROM events WHERE auth_batch = ? AND seq > ? AND seq <= ?',
      batch, batch, batch + SHARED_AUTH_MAX_EVENTS,
    )
    const isOwn = (row: Row): boolean => row['app'] === app && row['member_id'] === memberId && (isUninstall(row, erasure) || goes(row, erasure, uninstallTs))
    if (sharing.length === 0) db.run('DELETE FROM auth_batches WHERE batch = ?', batch)
    else if (!sharing.every(isOwn)) left += blocks
  }
  return left
}

/**
 * CLEAN=1: what belongs to the installation that the uninstall ends goes.
 *
 *     begun (what is small is gone, the rest remembered) ──slice by slice──> ended (certificate in the audit trail)
 *
 * It is the reader that looks through the events; here nothing looks at more rows than it deletes.
 */
export const eraseOperations = {
  beginErasure(db: Engine, erasure: Omit<Erasure, 'afterSeq'>): AfterCommit<boolean> {
    const { app, memberId, eventId, upToSeq, generation, begunAtMs } = erasure
    const done = db.get(`SELECT 1 FROM audit WHERE app = ? AND member_id = ? AND verb = 'eraseData' AND ref = ?`, app, memberId, eventId)
    if (done !== undefined || db.get('SELECT 1 FROM erasures WHERE event_id = ?', eventId) !== undefined) return new AfterCommit(() => false)
    const counts: Record<string, number> = {}
    const current = installationOperations.installation(db, erasure)
    if (current?.status === 'deleted' && current.generation === generation) {
      for (const table of PORTAL_TABLES) counts[table] = db.run(`DELETE FROM ${table} WHERE app = ? AND member_id = ?`, app, memberId)
      writeInstallation(db, tombstoneOf(current))
    } else if (current !== undefined && current.generation > generation) {
      // The app was installed again meanwhile.
      const uninstalledAtMs = Number(db.get('SELECT received_at FROM events WHERE id = ?', eventId)?.['received_at'] ?? 0)
      for (const [table, at] of DATED_TABLES) {
        counts[table] = db.run(`DELETE FROM ${table} WHERE app = ? AND member_id = ? AND ${at} < ?`, app, memberId, uninstalledAtMs)
      }
    }
    db.run(
      'INSERT INTO erasures (event_id, app, member_id, up_to, generation, begun_at, after_seq, counts) VALUES (?, ?, ?, ?, ?, ?, 0, ?)',
      eventId, app, memberId, upToSeq, generation, begunAtMs, JSON.stringify(counts),
    )
    return new AfterCommit(() => {
      // Else there may be some of a newer installation among them; those of the former one end by themselves.
      if (current === undefined || current.generation <= generation) removeErased(db, db.lanes, erasure)
      return true
    })
  },

  erasures(db: Queries): Erasure[] {
    return db.all('SELECT * FROM erasures ORDER BY begun_at, event_id').map(erasureOf)
  },

  /**
   * Nothing is done, and false answered, when a seal is no longer the one that was read. An auth block whose seal is not among `seals` is
   * one that could not be opened.
   */
  eraseSlice(db: Engine, erasure: Erasure, { seqs, toSeq }: Pick<ErasureSlice, 'seqs' | 'toSeq'>, seals: readonly ReplacedSeal[]): AfterCommit<boolean> {
    const { eventId } = erasure
    const uninstallTs = uninstallTsOf(db, erasure)
    const changed = ({ batch, former }: ReplacedSeal): boolean => db.get('SELECT 1 FROM auth_batches WHERE batch = ? AND sealed <> ?', batch, former) !== undefined
    if (seals.some(changed)) return new AfterCommit(() => false)
    for (const { batch, sealed } of seals) db.run('UPDATE auth_batches SET sealed = ? WHERE batch = ?', sealed, batch)
    let [events, attempts] = [0, 0]
    const gone = new Set<number>()
    const opened = new Set(seals.map(({ batch }) => batch))
    const unopened = new Map<number, number>()
    const noteSeal = ({ auth_batch: batch }: Row): void => {
      if (typeof batch === 'number' && !opened.has(batch)) unopened.set(batch, (unopened.get(batch) ?? 0) + 1)
    }
    for (const seq of seqs) {
      const row = db.get('SELECT seq, generation, state, code, ts, took_ms, auth_batch FROM events WHERE seq = ?', seq)
      if (row === undefined) continue
      if (isUninstall(row, erasure)) {
        noteSeal(row)
        db.run(`UPDATE events SET auth = x'', auth_batch = NULL, user_id = NULL WHERE seq = ?`, seq)
        continue
      }
      // Held when it was read, it may have been proven since.
      if (!goes(row, erasure, uninstallTs)) continue
      noteSeal(row)
      events += db.run('DELETE FROM events WHERE seq = ?', seq)
      db.cautions.writeForgotten(db, seq)
      attempts += db.run('DELETE FROM attempts WHERE event = ?', seq) + (row['took_ms'] === null ? 0 : 1)
      gone.add(seq)
    }
    if (gone.size > 0) db.noteLastSeq()
    db.run(
      `UPDATE erasures SET after_seq = ?, counts = json_set(counts,
         '$.events', coalesce(json_extract(counts, '$.events'), 0) + ?, '$.attempts', coalesce(json_extract(counts, '$.attempts'), 0) + ?)
       WHERE event_id = ?`,
      toSeq, events, attempts, eventId,
    )
    const left = leftInSeals(db, unopened, erasure, uninstallTs)
    if (left > 0) db.run(`UPDATE erasures SET counts = json_set(counts, '$.auth_blocks_left', coalesce(json_extract(counts, '$.auth_blocks_left'), 0) + ?) WHERE event_id = ?`, left, eventId)
    return new AfterCommit(() => {
      db.lanes.remove(erasure, (seq) => gone.has(seq))
      db.cautions.forget((seq) => gone.has(seq))
      return true
    })
  },

  endErasure(db: Engine, { app, memberId, eventId, generation, begunAtMs }: Erasure, atMs: number): void {
    const row = db.get('SELECT counts FROM erasures WHERE event_id = ?', eventId)
    if (row === undefined) return
    const details = db.run(
      `DELETE FROM audit_details WHERE app = ? AND member_id = ? AND seq IN
         (SELECT seq FROM audit WHERE app = ? AND member_id = ? AND generation <= ?)`,
      app, memberId, app, memberId, generation,
    )
    const counts = { ...(JSON.parse(String(row['counts'])) as Record<string, number>), audit_details: details }
    appendAudit(db, { app, memberId, atMs, generation, verb: 'eraseData', by: 'event', ref: eventId, facts: { ...counts, begunAtMs } })
    db.run('DELETE FROM erasures WHERE event_id = ?', eventId)
  },

  /** Rows are overwritten where they stood; the log still has them until it is emptied, which readers may prevent. */
  scrub(db: Engine): AfterCommit<boolean> {
    return new AfterCommit(() => {
      // Else it would wait for them, and all that is to be written with it.
      const patience = Number(db.get('PRAGMA busy_timeout')?.['timeout'] ?? 0)
      db.get('PRAGMA busy_timeout = 0')
      try {
        return db.get('PRAGMA wal_checkpoint(TRUNCATE)')?.['busy'] === 0
      } catch {
        // What is committed already must not be answered as failed because the disk is full now.
        return false
      } finally {
        db.get(`PRAGMA busy_timeout = ${patience}`)
      }
    })
  },
}

export const eraseReadOperations = {
  erasureSlice(db: Queries, erasure: Erasure, toSeq: number): ErasureSlice {
    const { app, memberId, afterSeq } = erasure
    const columns = 'e.seq, e.id, e.auth_batch, e.generation, e.state, e.code, e.ts'
    const uninstallTs = uninstallTsOf(db, erasure)
    const { rows, nextSeq } = scanEvents(db, { columns, filter: { app, memberId }, from: afterSeq, order: 'ASC', limit: SLICE_EVENTS, maxBytes: 1 })
    const found = rows.filter((row) => Number(row['seq']) <= toSeq && (isUninstall(row, erasure) || goes(row, erasure, uninstallTs)))
    const batches = new Map<number, string[]>()
    for (const { id, auth_batch: batch } of found) {
      if (batch !== null) batches.set(Number(batch), [...(batches.get(Number(batch)) ?? []), String(id)])
    }
    const shared = [...batches].flatMap(([batch, eventIds]) => {
      const sealed = db.get('SELECT sealed FROM auth_batches WHERE batch = ?', batch)?.['sealed']
      return sealed instanceof Uint8Array ? [{ batch, sealed, eventIds }] : []
    })
    const seqs = found.map(({ seq }) => Number(seq))
    return { seqs, shared, toSeq: Math.min(nextSeq ?? toSeq, toSeq), ended: nextSeq === undefined || nextSeq >= toSeq }
  },
}

function erasureOf(row: Row): Erasure {
  return {
    ...portalOf(row), eventId: String(row['event_id']), upToSeq: Number(row['up_to']), generation: Number(row['generation']),
    begunAtMs: Number(row['begun_at']), afterSeq: Number(row['after_seq']),
  }
}

/** Keeps what recognises the portal and nothing that says anything about it. */
function tombstoneOf(installation: Installation): Installation {
  const { app, memberId, generation, applicationToken, updatedAtMs, deletedAtMs, uninstalls, uninstallRaisedAtMs, reason } = installation
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
    ...(uninstalls === undefined ? {} : { uninstalls }),
    // An operator's block outlives the installation.
    ...(reason === 'PORTAL_BLOCKED' ? { reason } : {}),
    ...(uninstallRaisedAtMs === undefined ? {} : { uninstallRaisedAtMs }),
  }
}
