import type { DatabaseSync } from 'node:sqlite'
import { CodedError } from '@portline/wire/errors.ts'

const SCHEMA_VERSION = 1

/**
 * `seq` is the order of a lane. The partial indexes hold only open and unproven events, so a settled event costs the next append
 * nothing; `id` is a ULID and therefore appended at the end of its index.
 */
const SCHEMA = `
  CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    app TEXT NOT NULL, member_id TEXT NOT NULL,
    code TEXT NOT NULL, handler_id TEXT, ts TEXT, data TEXT, auth BLOB NOT NULL,
    state TEXT NOT NULL, reason TEXT, proof TEXT,
    received_at INTEGER NOT NULL, proven_at INTEGER, due_at INTEGER, finished_at INTEGER,
    attempts INTEGER NOT NULL DEFAULT 0, generation INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX events_pending ON events (app, member_id, seq) WHERE state = 'pending';
  CREATE INDEX events_held ON events (app, member_id, seq) WHERE state = 'held';
  CREATE INDEX events_unproven ON events (seq) WHERE state = 'dead' AND proof IS NULL;

  CREATE TABLE attempts (
    event_id TEXT NOT NULL, n INTEGER NOT NULL,
    started_at INTEGER NOT NULL, duration_ms INTEGER NOT NULL, outcome TEXT NOT NULL,
    error TEXT, calls TEXT NOT NULL, notes TEXT NOT NULL,
    PRIMARY KEY (event_id, n)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE lanes (
    app TEXT NOT NULL, member_id TEXT NOT NULL, owner TEXT NOT NULL, leased_until INTEGER NOT NULL,
    PRIMARY KEY (app, member_id)
  ) STRICT, WITHOUT ROWID;

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

/** One process per file: leases of a process that died are void, so they go at open. Errors: STORE_IN_USE, STORE_NEWER. */
export function prepareDatabase(db: DatabaseSync): void {
  db.exec('PRAGMA locking_mode = EXCLUSIVE; PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL;')
  if (pragma(db, 'synchronous') !== SYNCHRONOUS_FULL) throw new CodedError('STORE_UNAVAILABLE', 'synchronous=FULL is not in force')
  if (pragma(db, 'journal_mode') !== 'wal') throw new CodedError('STORE_UNAVAILABLE', 'journal_mode=WAL is not in force')
  db.exec('BEGIN EXCLUSIVE')
  const version = pragma(db, 'user_version')
  if (version === 0) db.exec(`${SCHEMA} PRAGMA user_version = ${SCHEMA_VERSION};`)
  else if (version !== SCHEMA_VERSION) throw new CodedError('STORE_NEWER', `schema version ${String(version)}, known is ${SCHEMA_VERSION}`)
  db.exec('DELETE FROM lanes; COMMIT')
}

function pragma(db: DatabaseSync, name: string): unknown {
  return db.prepare(`PRAGMA ${name}`).get()?.[name]
}
