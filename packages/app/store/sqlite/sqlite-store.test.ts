import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { storeBattery } from '../battery.ts'
import { BootingThread } from './booting-thread.ts'
import { LateReader } from './late-reader.ts'
import { SCAN_EVENTS } from './scan.ts'
import { asStore, openSqliteStore } from './sqlite-store.ts'
import { SqliteThread } from './sqlite-thread.ts'

storeBattery('SQLite', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'portline-store-'))
  let thread: BootingThread
  return {
    open: () => openSqliteStore(join(folder, 'store.sqlite'), (thread = new BootingThread('thread.ts'))),
    die: () => thread.discard(),
    remove: () => rm(folder, { recursive: true }),
  }
})

let folder: string
let file: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portline-store-'))
  file = join(folder, 'store.sqlite')
})
afterEach(() => rm(folder, { recursive: true }))

test('a second process on the same file is refused', async () => {
  const store = await openSqliteStore(file)
  await expect(openSqliteStore(file)).rejects.toMatchObject({ code: 'STORE_IN_USE' })
  await store.close()
})

test('a file of a newer version is refused and left alone', async () => {
  const db = new DatabaseSync(file)
  db.exec('PRAGMA user_version = 999; CREATE TABLE theirs (a)')
  db.close()
  await expect(openSqliteStore(file)).rejects.toMatchObject({ code: 'STORE_NEWER' })
  const again = new DatabaseSync(file)
  expect(again.prepare(`SELECT count(*) AS n FROM sqlite_master`).get()).toEqual({ n: 1 })
  again.close()
})

test('a folder that does not exist is refused with a code', async () => {
  await expect(openSqliteStore(join(folder, 'no', 'where.sqlite'))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
})

test('the lease of a process that died is void at the next open', async () => {
  const portal = { app: 'a', memberId: 'm' }
  const ONE = { maxEvents: 1, maxBytes: 1 }
  const first = await openSqliteStore(file)
  await first.appendEvents({ events: [{ ...portal, id: '1', code: 'X', auth: new Uint8Array(), generation: 1, state: 'pending', receivedAtMs: 1 }] })
  await first.leaseLane(portal, { owner: 'dead', nowMs: 1, untilMs: 1e15, ...ONE })
  await first.close()
  const second = await openSqliteStore(file)
  expect(await second.leaseLane(portal, { owner: 'alive', nowMs: 2, untilMs: 9, ...ONE })).toMatchObject({ kind: 'leased' })
  await second.close()
})

test('a copy knows nothing of the process that had the store', async () => {
  const portal = { app: 'a', memberId: 'm' }
  const request = { owner: 'me', nowMs: 1, untilMs: 9, maxEvents: 1, maxBytes: 1 }
  const store = await openSqliteStore(file)
  await store.appendEvents({ events: [{ ...portal, id: '1', code: 'X', auth: new Uint8Array(), generation: 1, state: 'pending', receivedAtMs: 1 }] })
  await store.leaseLane(portal, request)
  await store.settle('me', [{ portal, settlements: [], started: { seqs: [1], atMs: 2 } }])
  await store.writeSnapshot(`${file}.copy`)
  await store.close()
  const copy = await openSqliteStore(`${file}.copy`)
  expect(await copy.leaseLane(portal, request)).not.toHaveProperty('cautions')
  await copy.close()
})

test('a rare filter looks at a bounded number of events and says where to go on', async () => {
  const store = await openSqliteStore(file)
  const blank = { app: 'a', auth: new Uint8Array(), generation: 1, state: 'pending', receivedAtMs: 1, code: 'X' } as const
  const ids = Array.from({ length: SCAN_EVENTS + 10 }, (_, n) => String(n).padStart(8, '0'))
  await store.appendEvents({ events: ids.map((id, n) => ({ ...blank, id, memberId: n === 0 ? 'rare' : 'm' })) })
  const first = await store.listEvents({ memberId: 'rare', limit: 5 })
  expect(first).toEqual({ events: [], next: 'place:11' })
  const second = await store.listEvents({ memberId: 'rare', limit: 5, after: first.next ?? '' })
  expect(second.events.map(({ id }) => id)).toEqual([ids[0]])
  expect(second.next).toBeUndefined()
  expect((await store.listEvents({ state: 'dead', limit: 5 })).next).toBeUndefined()
  await store.close()
})

test('a look for what may be deleted starts no second thread before there is something', async () => {
  let readers = 0
  const reader = new LateReader(async () => {
    readers += 1
    return new SqliteThread(await new BootingThread('read-thread.ts').open(file))
  })
  const store = asStore(new SqliteThread(await new BootingThread('thread.ts').open(file)), reader)
  const before = { doneBeforeMs: 1_000, deadBeforeMs: 1_000 }
  const blank = { app: 'a', memberId: 'm', auth: new Uint8Array(), generation: 1, receivedAtMs: 2_000, code: 'X' } as const
  expect(await store.settledWindow(before, 0)).toEqual({ kind: 'end' })
  await store.appendEvents({ events: Array.from({ length: 1_000 }, (_, n) => ({ ...blank, id: `young ${n}`, state: 'done', finishedAtMs: 2_000 })) })
  expect(await store.settledWindow(before, 0)).toEqual({ kind: 'end' })
  expect((await store.size()).usedBytes).toBeGreaterThan(0)
  expect(readers).toBe(0)
  // Behind them, as after a clock was ahead.
  const old = Array.from({ length: 100 }, (_, n) => ({ ...blank, id: `old ${n}`, state: 'done', receivedAtMs: 500, finishedAtMs: 500 } as const))
  await store.appendEvents({ events: old })
  expect(await store.settledWindow(before, 0)).toMatchObject({ kind: 'window' })
  expect(readers).toBe(1)
  await store.close()
})

test('a few old events behind a few that came while the clock was ahead are found', async () => {
  const store = await openSqliteStore(file)
  const blank = { app: 'a', memberId: 'm', auth: new Uint8Array(), generation: 1, code: 'X', state: 'done' } as const
  const times = [...Array.from({ length: 3 }, () => 2_000), ...Array.from({ length: 10 }, () => 500), ...Array.from({ length: 400 }, () => 2_000)]
  await store.appendEvents({ events: times.map((atMs, n) => ({ ...blank, id: `event ${n}`, receivedAtMs: atMs, finishedAtMs: atMs })) })
  expect(await store.settledWindow({ doneBeforeMs: 1_000, deadBeforeMs: 1_000 }, 0)).toMatchObject({ kind: 'window', seqs: [4, 5, 6, 7, 8, 9, 10, 11, 12, 13] })
  await store.close()
})

test('a copy made while events come in is whole, and has all that was there when it began', async () => {
  const store = await openSqliteStore(file)
  const blank = { app: 'a', memberId: 'm', auth: new Uint8Array(100), generation: 1, state: 'pending', receivedAtMs: 1, code: 'X' } as const
  const append = (from: number) => store.appendEvents({ events: Array.from({ length: 100 }, (_, n) => ({ ...blank, id: `${from}-${n}` })) })
  for (let from = 0; from < 50; from++) await append(from)
  const writing = new AbortController()
  const writer = (async () => {
    for (let from = 50; !writing.signal.aborted; from++) await append(from)
  })()
  const copy = join(folder, 'copy.sqlite')
  await store.writeSnapshot(copy)
  writing.abort()
  await writer
  await store.close()
  const again = await openSqliteStore(copy)
  expect(await again.event('0-0')).toBeDefined()
  expect(await again.event('49-99')).toBeDefined()
  await again.close()
})

test('a store whose thread has died says so, and refuses what it is asked', async () => {
  const thread = new BootingThread('thread.ts')
  const store = await openSqliteStore(file, thread)
  await thread.discard()
  await store.gone
  await expect(store.note('x')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  await store.close()
})
