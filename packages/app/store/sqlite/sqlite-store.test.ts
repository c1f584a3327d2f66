import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { storeBattery } from '../battery.ts'
import { openSqliteStore } from './sqlite-store.ts'

storeBattery('SQLite', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'portline-store-'))
  return { open: () => openSqliteStore(join(folder, 'store.sqlite')), remove: () => rm(folder, { recursive: true }) }
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
