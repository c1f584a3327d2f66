import { spawnSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { BootingThread } from './booting-thread.ts'
import { openSqliteStore } from './sqlite-store.ts'

let folder: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portline-booting-'))
})
afterEach(() => rm(folder, { recursive: true }))

test('a thread that was started beforehand opens the file it is told', async () => {
  const booting = new BootingThread('thread.ts')
  const store = await openSqliteStore(join(folder, 'store.sqlite'), booting)
  expect(await store.lastSeq()).toBe(0)
  await store.close()
})

test('a thread that could not open its file says why', async () => {
  const booting = new BootingThread('thread.ts')
  await expect(booting.open(join(folder, 'no', 'where.sqlite'))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
})

test('a thread that nobody opens keeps no process alive', () => {
  const url = new URL('./booting-thread.ts', import.meta.url).href
  const { status, signal } = spawnSync(process.execPath, ['--input-type=module', '-e', `new (await import('${url}')).BootingThread('thread.ts')`], { timeout: 60_000 })
  expect({ status, signal }).toEqual({ status: 0, signal: null })
})

test('a thread that was discarded is not opened', async () => {
  const booting = new BootingThread('thread.ts')
  await booting.discard()
  await expect(booting.open(join(folder, 'store.sqlite'))).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
})
