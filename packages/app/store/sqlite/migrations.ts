import { AUDIT_BEGINS_NOTE, REWRITE_NOTE, REWRITE_OWED } from '../audit.ts'
import { AUDIT_TABLES, BINDINGS, CAUTIONS, NOTES, TAKEN_ROWS } from './tables.ts'

/**
 * As version 2 made them: what a migration does must not change with the tables of today. Those that are taken from tables.ts have not
 * changed since; who changes one leaves a copy here.
 */
const EVENT_TABLES_2 = `
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

/** From the version that is the key to the next. */
export const MIGRATIONS: Readonly<Record<number, string>> = {
  1: `
    DROP INDEX events_pending; DROP INDEX events_held; DROP INDEX events_unproven;
    ALTER TABLE events RENAME TO former_events; ALTER TABLE attempts RENAME TO former_attempts; DROP TABLE lanes;
    ${EVENT_TABLES_2}
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
  4: `
    ALTER TABLE events ADD COLUMN took_ms INTEGER;
    ${CAUTIONS}`,
}
