import { mkdtemp, readFile, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { REWRITE_NOTE } from '../audit.ts'
import { LEASE, PORTAL, leasedIds } from '../battery-parts.ts'
import { MIGRATIONS } from './migrations.ts'
import { openSqliteStore } from './sqlite-store.ts'

/** Files that former versions wrote, as they wrote them. */
const VERSION_1 = `
  CREATE TABLE events (
    seq INTEGER PRIMARY KEY, id TEXT NOT NULL UNIQUE, app TEXT NOT NULL, member_id TEXT NOT NULL,
    code TEXT NOT NULL, handler_id TEXT, ts TEXT, data TEXT, auth BLOB NOT NULL, state TEXT NOT NULL, reason TEXT, proof TEXT,
    received_at INTEGER NOT NULL, proven_at INTEGER, due_at INTEGER, finished_at INTEGER,
    attempts INTEGER NOT NULL DEFAULT 0, generation INTEGER NOT NULL
  ) STRICT;
  CREATE INDEX events_pending ON events (app, member_id, seq) WHERE state = 'pending';
  CREATE INDEX events_held ON events (app, member_id, seq) WHERE state = 'held';
  CREATE INDEX events_unproven ON events (seq) WHERE state = 'dead' AND proof IS NULL;
  CREATE TABLE attempts (
    event_id TEXT NOT NULL, n INTEGER NOT NULL, started_at INTEGER NOT NULL, duration_ms INTEGER NOT NULL, outcome TEXT NOT NULL,
    error TEXT, calls TEXT NOT NULL, notes TEXT NOT NULL, PRIMARY KEY (event_id, n)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE lanes (
    app TEXT NOT NULL, member_id TEXT NOT NULL, owner TEXT NOT NULL, leased_until INTEGER NOT NULL, PRIMARY KEY (app, member_id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE installations (
    app TEXT NOT NULL, member_id TEXT NOT NULL, status TEXT NOT NULL, reason TEXT, generation INTEGER NOT NULL,
    domain TEXT NOT NULL, client_endpoint TEXT NOT NULL, server_endpoint TEXT NOT NULL, application_token BLOB,
    app_status TEXT, version TEXT, language TEXT, scope TEXT,
    installer_proven_at INTEGER, installed_at INTEGER, lifecycle_at INTEGER, updated_at INTEGER NOT NULL, deleted_at INTEGER,
    PRIMARY KEY (app, member_id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE accounts (
    app TEXT NOT NULL, member_id TEXT NOT NULL, user_id TEXT NOT NULL, master INTEGER NOT NULL, state TEXT NOT NULL, tokens BLOB NOT NULL,
    expires_at INTEGER NOT NULL, obtained_at INTEGER NOT NULL, PRIMARY KEY (app, member_id, user_id)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE bindings (
    app TEXT NOT NULL, member_id TEXT NOT NULL, event TEXT NOT NULL, handler TEXT NOT NULL, PRIMARY KEY (app, member_id, event, handler)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE connector_lines (
    app TEXT NOT NULL, member_id TEXT NOT NULL, connector TEXT NOT NULL, line TEXT NOT NULL, active INTEGER NOT NULL,
    changed_at INTEGER NOT NULL, PRIMARY KEY (app, member_id, connector, line)
  ) STRICT, WITHOUT ROWID;
  CREATE TABLE refusals (
    seq INTEGER PRIMARY KEY, at INTEGER NOT NULL, app TEXT NOT NULL, code TEXT NOT NULL, member_id TEXT, event TEXT
  ) STRICT;
  INSERT INTO events VALUES
    (1, 'e1', 'hello', 'portal-a', 'ONAPPTEST', '5', '17', '{"A":"1"}', x'0102', 'done', NULL, 'application_token', 10, 10, NULL, 20, 1, 1),
    (2, 'e2', 'hello', 'portal-a', 'ONAPPTEST', NULL, NULL, NULL, x'0102', 'pending', 'HANDLER_FAILED', 'application_token', 11, 11, 3000, NULL, 1, 1),
    (3, 'e3', 'hello', 'portal-a', 'ONAPPTEST', NULL, NULL, NULL, x'0102', 'pending', NULL, 'application_token', 12, 12, NULL, NULL, 0, 1),
    (4, 'e4', 'hello', 'portal-b', 'ONAPPTEST', NULL, NULL, NULL, x'0102', 'held', 'AWAITING_PROOF', NULL, 13, NULL, NULL, NULL, 0, 0);
  INSERT INTO attempts VALUES
    ('e1', 1, 15, 5, 'done', NULL, '[{"method":"profile","durationMs":2}]', '["hi"]'),
    ('e2', 1, 16, 5, 'failed', '{"code":"HANDLER_FAILED","message":"x"}', '[]', '[]');
  INSERT INTO lanes VALUES ('hello', 'portal-a', 'dead', 9000000000000);
  INSERT INTO installations VALUES ('hello', 'portal-a', 'active', NULL, 1, 'p.example', 'https://p.example/rest/', 'https://o.example/', x'09',
    NULL, NULL, NULL, NULL, NULL, NULL, NULL, 1, NULL);
  INSERT INTO bindings VALUES ('hello', 'portal-a', 'ONAPPTEST', 'https://a.example/apps/hello/events');
  PRAGMA user_version = 1;
`

const VERSION_2 = `
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
  INSERT INTO events (seq, id, app, member_id, code, auth, auth_batch, state, proof, received_at, generation)
    VALUES (1, 'e1', 'hello', 'portal-a', 'ONAPPTEST', x'', 1, 'done', 'application_token', 10, 1);
  INSERT INTO auth_batches VALUES (1, x'0304');
  INSERT INTO installations VALUES ('hello', 'portal-a', 'active', NULL, 1, 'p.example', 'https://p.example/rest/', 'https://o.example/', x'09',
    'L', '1', 'en', 'crm', 5, 6, 7, 8, NULL);
  INSERT INTO accounts VALUES ('hello', 'portal-a', '1', 1, 'live', x'07', 99, 1);
  INSERT INTO bindings VALUES ('hello', 'portal-a', 'ONAPPTEST', 'https://a.example/apps/hello/events');
  PRAGMA user_version = 2;
`

const VERSION_3 = `
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

  CREATE TABLE installations (
    app TEXT NOT NULL, member_id TEXT NOT NULL,
    status TEXT NOT NULL, reason TEXT, generation INTEGER NOT NULL,
    domain TEXT NOT NULL, client_endpoint TEXT NOT NULL, server_endpoint TEXT NOT NULL, application_token BLOB,
    app_status TEXT, version TEXT, language TEXT, scope TEXT,
    installer_proven_at INTEGER, installed_at INTEGER, lifecycle_at INTEGER, updated_at INTEGER NOT NULL, deleted_at INTEGER,
    raised_at INTEGER, uninstalls TEXT, status_at INTEGER, former_domain TEXT, domain_at INTEGER,
    PRIMARY KEY (app, member_id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE accounts (
    app TEXT NOT NULL, member_id TEXT NOT NULL, user_id TEXT NOT NULL,
    master INTEGER NOT NULL, state TEXT NOT NULL, tokens BLOB NOT NULL,
    expires_at INTEGER NOT NULL, obtained_at INTEGER NOT NULL,
    pair_id TEXT, former_tokens BLOB, dead_at INTEGER, dead_reason TEXT,
    PRIMARY KEY (app, member_id, user_id)
  ) STRICT, WITHOUT ROWID;

  CREATE TABLE bindings (
    app TEXT NOT NULL, member_id TEXT NOT NULL, event TEXT NOT NULL, handler TEXT NOT NULL, queue TEXT,
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

  CREATE TABLE taken_rows (
    app TEXT NOT NULL, member_id TEXT NOT NULL, taken TEXT NOT NULL,
    PRIMARY KEY (app, member_id, taken)
  ) STRICT, WITHOUT ROWID;
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
  CREATE TABLE notes (name TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT, WITHOUT ROWID;
  INSERT INTO installations (app, member_id, status, generation, domain, client_endpoint, server_endpoint, updated_at)
    VALUES ('hello', 'portal-a', 'active', 1, 'p.example', 'https://p.example/rest/', 'https://o.example/', 8);
  INSERT INTO bindings VALUES ('hello', 'portal-a', 'ONAPPTEST', 'https://a.example/apps/hello/events', NULL),
    ('hello', 'portal-a', 'ONCRMDEALADD', '', ''), ('hello', 'portal-a', 'ONUSERADD', '', 'named');
  PRAGMA user_version = 3;
`

/** Table and column names, as they are in a file. */
function shapeOf(file: string): Record<string, string[]> {
  const db = new DatabaseSync(file, { readOnly: true })
  const tables = db.prepare(`SELECT name FROM sqlite_schema WHERE type IN ('table', 'index') AND name NOT LIKE 'sqlite_%' ORDER BY name`).all()
  const shape = tables.map(({ name }) => [String(name), db.prepare(`SELECT name, type, "notnull" AS needed FROM pragma_table_xinfo(?)`).all(name ?? '').map((column) => JSON.stringify(column)).toSorted()])
  db.close()
  return Object.fromEntries(shape) as Record<string, string[]>
}

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portline-migrations-'))
})
afterEach(() => rm(folder, { recursive: true }))

test('a store of version 1 keeps its events, their attempts and what its lanes wait for', async () => {
  const file = join(folder, 'store.sqlite')
  const former = new DatabaseSync(file)
  former.exec(`PRAGMA journal_mode = WAL; ${VERSION_1}`)
  former.close()

  for (let opening = 0; opening < 2; opening++) {
    const store = await openSqliteStore(file)
    expect(await store.event('e1')).toMatchObject({ state: 'done', handlerId: '5', ts: '17', data: { A: '1' }, auth: new Uint8Array([1, 2]), attempts: 1 })
    expect(await store.attempts('e1')).toMatchObject([{ n: 1, outcome: 'done', calls: [{ method: 'profile' }], notes: ['hi'] }])
    expect(await store.attempts('e2')).toMatchObject([{ outcome: 'failed', error: { code: 'HANDLER_FAILED' }, calls: [], notes: [] }])
    expect(await store.leaseLane(PORTAL, LEASE)).toEqual({ kind: 'wait', untilMs: 3_000 })
    expect(await leasedIds(store, PORTAL, { ...LEASE, nowMs: 3_000 })).toEqual(['e2', 'e3'])
    expect(await store.heldEntries()).toMatchObject([{ app: 'hello', memberId: 'portal-b' }])
    expect(await store.installations()).toMatchObject([{ memberId: 'portal-a', status: 'active' }])
    expect(await store.bindings(PORTAL)).toEqual([{ event: 'ONAPPTEST', handler: 'https://a.example/apps/hello/events' }])
    expect(await store.appendTaken(PORTAL, [])).toEqual([])
    await store.close()
  }
})

test('a store of version 2 keeps everything, and begins its audit trail', async () => {
  const file = join(folder, 'store.sqlite')
  const former = new DatabaseSync(file)
  former.exec(`PRAGMA journal_mode = WAL; ${VERSION_2}`)
  former.close()
  const store = await openSqliteStore(file)
  expect(await store.event('e1')).toMatchObject({ state: 'done', auth: new Uint8Array([3, 4]) })
  expect(await store.installation(PORTAL)).toEqual({
    ...PORTAL, status: 'active', generation: 1, domain: 'p.example', clientEndpoint: 'https://p.example/rest/', serverEndpoint: 'https://o.example/',
    applicationToken: new Uint8Array([9]), appStatus: 'L', version: '1', language: 'en', scope: 'crm', installerProvenAtMs: 5, installedAtMs: 6,
    lifecycleAtMs: 7, updatedAtMs: 8,
  })
  expect(await store.accounts(PORTAL)).toMatchObject([{ userId: '1', tokens: new Uint8Array([7]) }])
  expect(await store.bindings(PORTAL)).toEqual([{ event: 'ONAPPTEST', handler: 'https://a.example/apps/hello/events' }])
  expect(await store.auditHead()).toMatchObject({ seq: 0 })
  await store.patchInstallation(PORTAL, { version: '2', updatedAtMs: 9 })
  expect((await store.audit({ afterSeq: 0, limit: 9 })).records).toMatchObject([{ seq: 1, verb: 'updateApplicationVersion', from: '1', to: '2' }])
  await store.close()
})

test('what a version without secure_delete has deleted is in the files no more once the store is open, and that is done once', async () => {
  const file = join(folder, 'store.sqlite')
  const former = new DatabaseSync(file)
  former.exec(`PRAGMA journal_mode = WAL; PRAGMA secure_delete = OFF; ${VERSION_2}`)
  const insert = former.prepare(`INSERT INTO events (seq, id, app, member_id, code, data, auth, state, received_at, generation) VALUES (?, ?, 'hello', 'portal-b', 'X', ?, x'', 'done', 1, 1)`)
  for (let seq = 10; seq < 300; seq++) insert.run(seq, `x${seq}`, JSON.stringify({ who: `Kunigunde-${seq} ${'.'.repeat(300)}` }))
  // Whole pages go, and single rows out of pages that stay.
  former.exec('DELETE FROM events WHERE seq BETWEEN 10 AND 200 OR seq % 2 = 1 AND seq > 200')
  former.close()
  const found = async (): Promise<number> => {
    const names = (await readdir(folder)).filter((name) => name.startsWith('store.sqlite'))
    const texts = await Promise.all(names.map(async (name) => (await readFile(join(folder, name))).toString('latin1')))
    return new Set(texts.flatMap((text) => [...text.matchAll(/Kunigunde-(\d+) /g)].map(([, seq]) => Number(seq))).filter((seq) => seq <= 200 || seq % 2 === 1)).size
  }
  expect(await found()).toBeGreaterThan(100)
  const store = await openSqliteStore(file)
  expect([await found(), await store.note(REWRITE_NOTE), (await store.event('x250'))?.seq]).toEqual([0, 'done', 250])
  await store.close()
  const again = await openSqliteStore(file)
  expect(await again.note(REWRITE_NOTE)).toBe('done')
  await again.close()
})

test('a store of version 3 keeps its bindings, sent and offline, and has room for a second queue of the same event', async () => {
  const file = join(folder, 'store.sqlite')
  const former = new DatabaseSync(file)
  former.exec(`PRAGMA journal_mode = WAL; ${VERSION_3}`)
  former.close()
  const bindings = [
    { event: 'ONAPPTEST', handler: 'https://a.example/apps/hello/events' }, { event: 'ONCRMDEALADD', handler: '', queue: '' },
    { event: 'ONUSERADD', handler: '', queue: 'named' },
  ]
  for (let opening = 0; opening < 2; opening++) {
    const store = await openSqliteStore(file)
    expect(await store.bindings(PORTAL)).toEqual(bindings)
    await store.close()
  }
  const store = await openSqliteStore(file)
  await store.saveBindings(PORTAL, [...bindings, { event: 'ONUSERADD', handler: '', queue: '' }])
  expect(await store.bindings(PORTAL)).toHaveLength(4)
  expect(await store.installation(PORTAL)).toMatchObject({ status: 'active', updatedAtMs: 8 })
  await store.close()
})

const VERSION_4 = `${VERSION_3} ${MIGRATIONS[3] ?? ''}; PRAGMA user_version = 4;`

test('a store of version 4 keeps the attempts of its events, and is careful with none of them', async () => {
  const file = join(folder, 'store.sqlite')
  const former = new DatabaseSync(file)
  former.exec(`PRAGMA journal_mode = WAL; ${VERSION_4}
    INSERT INTO events (seq, id, app, member_id, code, auth, state, proof, received_at, finished_at, attempts, generation) VALUES
      (8, 'e8', 'hello', 'portal-a', 'ONAPPTEST', x'', 'done', 'application_token', 1, 20, 1, 1), (9, 'e9', 'hello', 'portal-a', 'ONAPPTEST', x'', 'pending', 'application_token', 1, NULL, 0, 1);
    INSERT INTO attempts (event, n, started_at, duration_ms, outcome) VALUES (8, 1, 12, 5, 'done');`)
  former.close()
  const store = await openSqliteStore(file)
  expect(await store.attempts('e8')).toEqual([{ n: 1, startedAtMs: 12, durationMs: 5, outcome: 'done', calls: [], notes: [] }])
  expect(await store.leaseLane(PORTAL, LEASE)).not.toHaveProperty('cautions')
  expect(await leasedIds(store)).toContain('e9')
  await store.close()
})

test.each([['1', VERSION_1], ['2', VERSION_2], ['3', VERSION_3], ['4', VERSION_4]])('a store of version %s has the tables and columns of a new one afterwards', async (_version, tables) => {
  const [old, young] = [join(folder, 'old.sqlite'), join(folder, 'new.sqlite')]
  const former = new DatabaseSync(old)
  former.exec(tables)
  former.close()
  for (const file of [old, young]) await (await openSqliteStore(file)).close()
  expect(shapeOf(old)).toEqual(shapeOf(young))
})
