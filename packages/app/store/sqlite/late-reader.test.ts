import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { VirtualClock } from '@portline/runtime/clock.ts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Store } from '../port.ts'
import { BootingThread } from './booting-thread.ts'
import { LateReader, READER_IDLE_MS } from './late-reader.ts'
import { openSqliteStore } from './sqlite-store.ts'
import { SqliteThread } from './sqlite-thread.ts'

let folder: string
let store: Store
let clock: VirtualClock
let reader: LateReader
let opened: number
let ended: number

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portline-reader-'))
  const file = join(folder, 'store.sqlite')
  store = await openSqliteStore(file)
  clock = new VirtualClock()
  opened = 0
  ended = 0
  reader = new LateReader(async () => {
    opened += 1
    const thread = new SqliteThread(await new BootingThread('read-thread.ts').open(file))
    return {
      call: (...call) => thread.call(...call),
      close: () => thread.close().then(() => void (ended += 1)),
      get failed() {
        return thread.failed
      },
    }
  }, clock)
})
afterEach(async () => {
  await reader.close()
  await store.close()
  await rm(folder, { recursive: true })
})

test('a reader that nobody has asked for a while ends, and the next question is answered by another', async () => {
  expect(await reader.call('lastSeq')).toBe(0)
  await clock.advance(READER_IDLE_MS - 1)
  expect(await reader.call('lastSeq')).toBe(0)
  await clock.advance(READER_IDLE_MS - 1)
  expect([opened, ended]).toEqual([1, 0])
  await clock.advance(1)
  expect(await reader.call('lastSeq')).toBe(0)
  expect(opened).toBe(2)
  await reader.close()
  expect(ended).toBe(2)
})

test('it does not end while it is asked, nor after the store is closed', async () => {
  const asked = reader.call('lastSeq')
  await clock.advance(2 * READER_IDLE_MS)
  expect(await asked).toBe(0)
  expect([opened, ended]).toEqual([1, 0])
  await reader.close()
  await clock.advance(2 * READER_IDLE_MS)
  await expect(reader.call('lastSeq')).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  expect([opened, ended]).toEqual([1, 1])
})
