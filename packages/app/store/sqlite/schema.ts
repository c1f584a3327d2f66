import type { DatabaseSync } from 'node:sqlite'
import { CodedError } from '@portline/wire/errors.ts'
import { AUDIT_BEGINS_NOTE, REWRITE_NOTE, REWRITE_OWED } from '../audit.ts'

export const SCHEMA_VERSION = 4

/**
 * `seq` is the order of all events and so of each lane's. The partial indexes hold only open, held and dead events; `id` is a ULID:
 * all of them grow at their end. An index by portal would cost each append more than the append itself (see lane-index.ts).
 */
const EVENT_TABLES = `
  CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    app TEXT NOT NULL, member_id TEXT NOT NULL,
    code TEXT NOT NULL, handler_id TEXT, ts TEXT, user_id TEXT, data TEXT, auth BLOB NOT NULL, auth_batch INTEGER,
    state TEXT NOT NULL, reason TEXT, proof TEXT,
    received_at INTEGER NOT NULL, proven_at INTEGER, due_at INTEGER, parked INTEGER NOT NULL DEFAULT 0, finished_at INTEGER,
    attempts INTEGER NOT NULL DEFAULT 0, generation INTEGER NOT NULL, fingerprint BLOB, duplicate_of TEXT,
    replayed_at INTEGER, attempts_before INTEGER NOT NULL DEFAULT 0
  ) STRICT;
  CREATE INDEX events_open ON events (seq, app, member_id, due_at, parked) WHERE state = 'pending';
  CREATE INDEX events_held ON events (app, member_id, seq) WHERE state = 'held';
  CREATE INDEX events_dead ON events (seq) WHERE state = 'dead';
  CREATE INDEX events_unproven ON events (seq) WHERE state = 'dead' AND proof IS NULL;

  CREATE TABLE auth_batches (batch INTEGER PRIMARY KEY, sealed BLOB NOT NULL) STRICT;

  CREATE TABLE attempts (
    event INTEGER NOT NULL, n INTEGER NOT NULL,
    started_at INTEGER NOT NULL, duration_ms INTEGER NOT NULL, outcome TEXT NOT NULL,
    error TEXT, calls TEXT, notes TEXT,
    PRIMARY KEY (event, n)
  ) STRICT, WITHOUT ROWID;
`

/** Rows of portals' offline queues that are stored, and perhaps not cleared there yet. */
const TAKEN_ROWS = `
  CREATE TABLE taken_rows (
    app TEXT NOT NULL, member_id TEXT NOT NULL, taken TEXT NOT NULL,
    PRIMARY KEY (app, member_id, taken)
  ) STRICT, WITHOUT ROWID;
`

/** An event may be bound to an address and to several offline queues at once. */
const BINDINGS = `
  CREATE TABLE bindings (
    app TEXT NOT NULL, member_id TEXT NOT NULL, event TEXT NOT NULL, handler TEXT NOT NULL, offline INTEGER NOT NULL, queue TEXT NOT NULL,
    PRIMARY KEY (app, member_id, event, handler, offline, queue)
  ) STRICT, WITHOUT ROWID;
`

const NOTES = 'CREATE TABLE notes (name TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT, WITHOUT ROWID;'

/** The audit trail, what of it can be erased, the seal on its newest record, and erasures under way. */
const AUDIT_TABLES = `
  CREATE TABLE audit (
    seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, app TEXT NOT NULL, member_id TEXT NOT NULL, generation INTEGER NOT NULL,
    verb TEXT NOT NULL, from_value TEXT, to_value TEXT, by TEXT NOT NULL, ref TEXT, proof TEXT, facts TEXT, details_hash TEXT,
    previous TEXT NOT NULL, hash TEXT NOT NULL
  ) STRICT;
  CREATE INDEX audit_portal ON audit (app, member_id, seq);
  CREATE TABLE audit_details (
    app TEXT NOT NULL, member_id TEXT NOT NULL, seq INTEGER NOT NULL, salt TEXT NOT NULL, text TEXT NOT NULL,
    PRIMARY KEY (app, member_id, seq)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE audit_seal (id INTEGER PRIMARY KEY CHECK (id = 1), seq INTEGER NOT NULL, sealed BLOB NOT NULL) STRICT;
  CREATE TABLE erasures (
    event_id TEXT PRIMARY KEY, app TEXT NOT NULL, member_id TEXT NOT NULL, up_to INTEGER NOT NULL, generation INTEGER NOT NULL,
    begun_at INTEGER NOT NULL, after_seq INTEGER NOT NULL, counts TEXT NOT NULL
  ) STRICT;
`

const OTHER_TABLES = `
  CREATE TABLE installations (
    app TEXT NOT NULL, member_id TEXT NOT NULL,
    status TEXT NOT NULL, reason TEXT, generation INTEGER NOT NULL,
    domain TEXT NOT NULL, client_endpoint TEXT NOT NULL, server_endpoint TEXT NOT NULL, application_token BLOB,
    app_status TEXT, version TEXT, language TEXT, scope TEXT,
    installer_proven_at INTEGER, installed_at INTEGER, lifecycle_at INTEGER, updated_at INTEGER NOT NULL, deleted_at INTEGER,
    raised_at INTEGER, uninstalls TEXT, status_at INTEGER, former_domain TEXT, domain_at INTEGER, uninstall_raised_at INTEGER,
    PRIMARY KEY (app, member_id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE accounts (
    app TEXT NOT NULL, member_id TEXT NOT NULL, user_id TEXT NOT NULL,
    master INTEGER NOT NULL, state TEXT NOT NULL, tokens BLOB NOT NULL,
    expires_at INTEGER NOT NULL, obtained_at INTEGER NOT NULL,
    pair_id TEXT, former_tokens BLOB, dead_at INTEGER, dead_reason TEXT,
    PRIMARY KEY (app, member_id, user_id)
  ) STRICT, WITHOUT ROWID;

  ${BINDINGS}

  CREATE TABLE connector_lines (
    app TEXT NOT NULL, member_id TEXT NOT NULL, connector TEXT NOT NULL, line TEXT NOT NULL,
    active INTEGER NOT NULL, changed_at INTEGER NOT NULL,
    PRIMARY KEY (app, member_id, connector, line)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE refusals (
    seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, app TEXT NOT NULL, code TEXT NOT NULL, member_id TEXT, event TEXT
  ) STRICT;

  ${TAKEN_ROWS}
  ${AUDIT_TABLES}
  ${NOTES}
`

/** A power cut must not undo a commit that was answered, and some builds fall back to NORMAL in WAL: set it, then look. */
const SYNCHRONOUS_FULL = 2
/** What is deleted is overwritten with zeros. Costs receiving nothing that was seen, deletion a third more CPU. */
const SECURE_DELETE_ON = 1

/** From the version that is the key to the next. */
const MIGRATIONS: Readonly<Record<number, string>> = {
  1: `
    DROP INDEX events_pending; DROP INDEX events_held; DROP INDEX events_unproven;
    ALTER TABLE events RENAME TO former_events; ALTER TABLE attempts RENAME TO former_attempts; DROP TABLE lanes;
    ${EVENT_TABLES}
    INSERT INTO events (seq, id, app, member_id, code, handler_id, ts, data, auth, state, reason, proof, received_at, proven_at, due_at,
      finished_at, attempts, generation)
    SELECT seq, id, app, member_id, code, handler_id, ts, data, auth, state, reason, proof, received_at, proven_at, due_at,
      finished_at, attempts, generation FROM former_events;
    INSERT INTO attempts SELECT e.seq, a.n, a.started_at, a.duration_ms, a.outcome, a.error, a.calls, a.notes
      FROM former_attempts a JOIN former_events e ON e.id = a.event_id;
    DROP TABLE former_events; DROP TABLE former_attempts;`,
  2: `
    ALTER TABLE accounts ADD COLUMN pair_id TEXT; ALTER TABLE accounts ADD COLUMN former_tokens BLOB;
    ALTER TABLE accounts ADD COLUMN dead_at INTEGER; ALTER TABLE accounts ADD COLUMN dead_reason TEXT;
    ALTER TABLE bindings ADD COLUMN queue TEXT;
    ALTER TABLE installations ADD COLUMN status_at INTEGER;
    ALTER TABLE installations ADD COLUMN former_domain TEXT;
    ALTER TABLE installations ADD COLUMN domain_at INTEGER;
    ${AUDIT_TABLES}
    ALTER TABLE installations ADD COLUMN raised_at INTEGER; ALTER TABLE installations ADD COLUMN uninstalls TEXT;
    ${NOTES}
    ${TAKEN_ROWS}`,
  3: `
    ALTER TABLE installations ADD COLUMN uninstall_raised_at INTEGER;
    INSERT OR REPLACE INTO notes VALUES ('${REWRITE_NOTE}', '${REWRITE_OWED}');
    INSERT OR REPLACE INTO notes SELECT '${AUDIT_BEGINS_NOTE}', 'here' WHERE NOT EXISTS (SELECT 1 FROM audit) AND NOT EXISTS (SELECT 1 FROM audit_seal);
    ALTER TABLE bindings RENAME TO former_bindings;
    ${BINDINGS}
    INSERT INTO bindings SELECT app, member_id, event, handler, queue IS NOT NULL, coalesce(queue, '') FROM former_bindings;
    DROP TABLE former_bindings;`,
}

/** A reader that takes long keeps the log growing; it is cut back to this when it begins anew. */
const LOG_KEPT_BYTES = 67_108_864

/** Errors: STORE_NEWER, STORE_UNAVAILABLE. */
export function prepareDatabase(db: DatabaseSync): void {
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = ${LOG_KEPT_BYTES}`)
  if (pragma(db, 'synchronous') !== SYNCHRONOUS_FULL) throw new CodedError('STORE_UNAVAILABLE', 'synchronous=FULL is not in force')
  // Always: what is deleted or written over piece by piece all the time belongs to what an erasure is to erase.
  db.exec('PRAGMA secure_delete = ON')
  if (pragma(db, 'secure_delete') !== SECURE_DELETE_ON) throw new CodedError('STORE_UNAVAILABLE', 'secure_delete=ON is not in force')
  if (pragma(db, 'journal_mode') !== 'wal') throw new CodedError('STORE_UNAVAILABLE', 'journal_mode=WAL is not in force')
  db.exec('BEGIN EXCLUSIVE')
  let version = Number(pragma(db, 'user_version'))
  if (version > SCHEMA_VERSION) throw new CodedError('STORE_NEWER', `schema version ${version}, known is ${SCHEMA_VERSION}`)
  if (version === 0) {
    createTables(db)
    version = SCHEMA_VERSION
  }
  for (; version < SCHEMA_VERSION; version++) db.exec(MIGRATIONS[version] ?? '')
  db.exec(`PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`)
  rewriteIfOwed(db)
}

/**
 * What a former version deleted still stands in the files. At a start, not when an erasure asks for it: it takes as long as the store is
 * big, and nothing can be written meanwhile. Needs as much room again as the store has; where it fails it stays owed to the next start.
 */
function rewriteIfOwed(db: DatabaseSync): void {
  if (db.prepare('SELECT 1 FROM notes WHERE name = ? AND text = ?').get(REWRITE_NOTE, REWRITE_OWED) === undefined) return
  try {
    db.exec('VACUUM; PRAGMA wal_checkpoint(TRUNCATE)')
    db.prepare('UPDATE notes SET text = ? WHERE name = ?').run('done', REWRITE_NOTE)
  } catch {
    // The store is good without it; the eraser says that it is owed.
  }
}

/** Into an empty database, wherever it is kept. */
export function createTables(db: DatabaseSync): void {
  db.exec(`${EVENT_TABLES} ${OTHER_TABLES}`)
}

function pragma(db: DatabaseSync, name: string): unknown {
  return db.prepare(`PRAGMA ${name}`).get()?.[name]
}
