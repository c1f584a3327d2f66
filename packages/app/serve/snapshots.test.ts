import { mkdtemp, readdir, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { buffer } from 'node:stream/consumers'
import { once } from 'node:events'
import { VirtualClock } from '@portline/runtime/clock.ts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { SNAPSHOT_STALLED_MS } from '../limits.ts'
import type { Store } from '../store/port.ts'
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts'
import { Snapshots } from './snapshots.ts'

/** Copies of a real store, and who reads them. */
let folder: string
let store: Store
let clock: VirtualClock
let snapshots: Snapshots

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portline-snapshots-'))
  store = await openSqliteStore(join(folder, 'store.sqlite'))
  clock = new VirtualClock()
  snapshots = new Snapshots(store, join(folder, 'copy.sqlite'), clock)
})
afterEach(async () => {
  await store.close()
  await rm(folder, { recursive: true })
})

test('while a copy is being sent there is no other, and its file has no name; then there is one', async () => {
  const { bytes, stream } = await snapshots.take()
  expect((await readdir(folder)).filter((name) => name.startsWith('copy'))).toEqual([])
  await expect(snapshots.take()).rejects.toMatchObject({ code: 'BACKUP_RUNNING' })
  expect((await buffer(stream)).length).toBe(bytes)
  const next = await snapshots.take()
  next.stream.destroy()
  await once(next.stream, 'close')
  const last = await snapshots.take()
  last.stream.destroy()
})

test('a copy that could not be made leaves its place to the next', async () => {
  let fails = true
  const sometimes: Store = { ...store, writeSnapshot: (file) => (fails ? Promise.reject(new Error('no room on the disk')) : store.writeSnapshot(file)) }
  snapshots = new Snapshots(sometimes, join(folder, 'copy.sqlite'), clock)
  await expect(snapshots.take()).rejects.toThrow('no room')
  fails = false
  const { stream } = await snapshots.take()
  stream.destroy()
})

test('a copy that nobody reads any more is given up', async () => {
  const { stream } = await snapshots.take()
  // Read a little of it, and then nothing.
  await once(stream, 'readable')
  await clock.advance(SNAPSHOT_STALLED_MS)
  await expect(snapshots.take()).rejects.toMatchObject({ code: 'BACKUP_RUNNING' })
  const closed = once(stream, 'close')
  await clock.advance(SNAPSHOT_STALLED_MS)
  await closed
  const next = await snapshots.take()
  next.stream.destroy()
  expect(clock.nextTimerAt).toBe(clock.now() + SNAPSHOT_STALLED_MS)
  await once(next.stream, 'close')
  expect(clock.nextTimerAt).toBeUndefined()
})
