import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { LEASE, PORTAL, leasedIds } from '../battery-parts.ts'
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
  PRAGMA user_version = 1;
`

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
    expect(await store.countHeld('hello')).toMatchObject({ total: 1 })
    expect(await store.installations()).toMatchObject([{ memberId: 'portal-a', status: 'active' }])
    await store.close()
  }
})
