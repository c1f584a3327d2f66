import { createHash } from 'node:crypto'
import type { DatabaseSync } from 'node:sqlite'
import type { AuditLink, InstallationState, Row, Snapshot } from '../history.ts'
import { COLUMNS, MARK, rowsOf } from './watched-database.ts'

/** What is on the disk, as far as somebody is promised something of it. */
export function snapshotOf(db: DatabaseSync, process: number): Snapshot {
  return {
    kind: 'snapshot',
    process,
    rows: rowsOf<Row>(db, `SELECT ${COLUMNS}, ${MARK} FROM events ORDER BY seq`),
    attempts: rowsOf(db, `
      SELECT e.id, a.n, a.outcome, a.started_at AS startedAt, a.duration_ms AS durationMs, a.event AS seq FROM attempts a LEFT JOIN events e ON e.seq = a.event
      UNION ALL SELECT id, attempts, 'done', finished_at - took_ms, took_ms, seq FROM events WHERE took_ms IS NOT NULL
      ORDER BY seq, n`),
    installations: rowsOf<InstallationState>(db, 'SELECT app, member_id AS memberId, status, generation FROM installations ORDER BY app, member_id'),
    audit: rowsOf<Record<string, string | number>>(db, 'SELECT * FROM audit ORDER BY seq').map(linkOf),
    leftovers: portalTables(db).flatMap((table) => {
      const counted = `SELECT app, member_id AS memberId, '${table}' AS "table", count(*) AS count FROM ${table}`
      return rowsOf<Snapshot['leftovers'][number]>(db, `${counted} WHERE ${BEFORE[table] ?? 'true'} GROUP BY app, member_id`)
    }),
  }
}

/** What stays of a portal whose data is erased, and what tells nothing of it. */
const KEPT = new Set(['events', 'installations', 'audit'])
/** Refused since then: there may be new ones. */
const BEFORE: Readonly<Record<string, string>> = {
  refusals: 'at < (SELECT deleted_at FROM installations i WHERE i.app = refusals.app AND i.member_id = refusals.member_id)',
}

function portalTables(db: DatabaseSync): string[] {
  return rowsOf<{ name: string }>(
    db,
    `SELECT t.name FROM sqlite_schema t WHERE t.type = 'table' AND EXISTS (SELECT 1 FROM pragma_table_info(t.name) c WHERE c.name = 'member_id') ORDER BY 1`,
  ).flatMap(({ name }) => (KEPT.has(name) ? [] : [name]))
}

function linkOf(record: Readonly<Record<string, string | number>>): AuditLink {
  return {
    seq: Number(record['seq']), app: String(record['app']), memberId: String(record['member_id']), generation: Number(record['generation']),
    verb: String(record['verb']), previous: String(record['previous']), hash: String(record['hash']),
    digest: createHash('sha256').update(JSON.stringify(record)).digest('hex').slice(0, DIGEST_LENGTH),
  }
}

const DIGEST_LENGTH = 16
