import type { DatabaseSync } from 'node:sqlite'
import { CodedError } from '@portline/wire/errors.ts'

export const SCHEMA_VERSION = 2

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

const OTHER_TABLES = `
  CREATE TABLE installations (
    app TEXT NOT NULL, member_id TEXT NOT NULL,
    status TEXT NOT NULL, reason TEXT, generation INTEGER NOT NULL,
    domain TEXT NOT NULL, client_endpoint TEXT NOT NULL, server_endpoint TEXT NOT NULL, application_token BLOB,
    app_status TEXT, version TEXT, language TEXT, scope TEXT,
    installer_proven_at INTEGER, installed_at INTEGER, lifecycle_at INTEGER, updated_at INTEGER NOT NULL, deleted_at INTEGER,
    PRIMARY KEY (app, member_id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE accounts (
    app TEXT NOT NULL, member_id TEXT NOT NULL, user_id TEXT NOT NULL,
    master INTEGER NOT NULL, state TEXT NOT NULL, tokens BLOB NOT NULL,
    expires_at INTEGER NOT NULL, obtained_at INTEGER NOT NULL,
    PRIMARY KEY (app, member_id, user_id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE bindings (
    app TEXT NOT NULL, member_id TEXT NOT NULL, event TEXT NOT NULL, handler TEXT NOT NULL,
    PRIMARY KEY (app, member_id, event, handler)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE connector_lines (
    app TEXT NOT NULL, member_id TEXT NOT NULL, connector TEXT NOT NULL, line TEXT NOT NULL,
    active INTEGER NOT NULL, changed_at INTEGER NOT NULL,
    PRIMARY KEY (app, member_id, connector, line)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE refusals (
    seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, app TEXT NOT NULL, code TEXT NOT NULL, member_id TEXT, event TEXT
  ) STRICT;
`

/** A power cut must not undo a commit that was answered, and some builds fall back to NORMAL in WAL: set it, then look. */
const SYNCHRONOUS_FULL = 2

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
}

/** A reader that takes long keeps the log growing; it is cut back to this when it begins anew. */
const LOG_KEPT_BYTES = 67_108_864

/** Errors: STORE_NEWER, STORE_UNAVAILABLE. */
export function prepareDatabase(db: DatabaseSync): void {
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = ${LOG_KEPT_BYTES}`)
  if (pragma(db, 'synchronous') !== SYNCHRONOUS_FULL) throw new CodedError('STORE_UNAVAILABLE', 'synchronous=FULL is not in force')
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
}

/** Into an empty database, wherever it is kept. */
export function createTables(db: DatabaseSync): void {
  db.exec(`${EVENT_TABLES} ${OTHER_TABLES}`)
}

function pragma(db: DatabaseSync, name: string): unknown {
  return db.prepare(`PRAGMA ${name}`).get()?.[name]
}
