/** The store's tables as they are in this version. */

/**
 * `seq` is the order of all events and so of each lane's. The partial indexes hold only open, held and dead events; `id` is a ULID:
 * all of them grow at their end. An index by portal would cost each append more than the append itself (see lane-index.ts).
 * `took_ms` is all that there is to say of an attempt that succeeded without calls or notes: it ended when the event did. A row of its
 * own would be a fourth of what storing an event costs.
 */
export const EVENT_TABLES = `
  CREATE TABLE events (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    app TEXT NOT NULL, member_id TEXT NOT NULL,
    code TEXT NOT NULL, handler_id TEXT, ts TEXT, user_id TEXT, data TEXT, auth BLOB NOT NULL, auth_batch INTEGER,
    state TEXT NOT NULL, reason TEXT, proof TEXT,
    received_at INTEGER NOT NULL, proven_at INTEGER, due_at INTEGER, parked INTEGER NOT NULL DEFAULT 0, finished_at INTEGER,
    attempts INTEGER NOT NULL DEFAULT 0, generation INTEGER NOT NULL, fingerprint BLOB, duplicate_of TEXT,
    replayed_at INTEGER, attempts_before INTEGER NOT NULL DEFAULT 0,
    took_ms INTEGER
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

/** Open events that a process may have died of: hardly ever any, so none of what is done with every event looks here. */
export const CAUTIONS = 'CREATE TABLE cautions (seq INTEGER PRIMARY KEY, started_at INTEGER, deaths INTEGER NOT NULL) STRICT;'

/** Rows of portals' offline queues that are stored, and perhaps not cleared there yet. */
export const TAKEN_ROWS = `
  CREATE TABLE taken_rows (
    app TEXT NOT NULL, member_id TEXT NOT NULL, taken TEXT NOT NULL,
    PRIMARY KEY (app, member_id, taken)
  ) STRICT, WITHOUT ROWID;
`

/** An event may be bound to an address and to several offline queues at once. */
export const BINDINGS = `
  CREATE TABLE bindings (
    app TEXT NOT NULL, member_id TEXT NOT NULL, event TEXT NOT NULL, handler TEXT NOT NULL, offline INTEGER NOT NULL, queue TEXT NOT NULL,
    PRIMARY KEY (app, member_id, event, handler, offline, queue)
  ) STRICT, WITHOUT ROWID;
`

export const NOTES = 'CREATE TABLE notes (name TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT, WITHOUT ROWID;'

/** The audit trail, what of it can be erased, the seal on its newest record, and erasures under way. */
export const AUDIT_TABLES = `
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

export const OTHER_TABLES = `
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
  ${CAUTIONS}
`
