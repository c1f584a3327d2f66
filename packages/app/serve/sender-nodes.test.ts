import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { VirtualClock } from '@portline/runtime/clock.ts'
import { silentLog } from '@portline/runtime/log.ts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { SENDER_NODES_MIN_MS, SENDER_NODES_STALE_MS } from '../limits.ts'
import type { Store } from '../store/port.ts'
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts'
import { SenderNodes } from './sender-nodes.ts'

const STRANGER = '192.0.2.66'
let folder: string
let store: Store
let clock: VirtualClock

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portline-senders-'))
  store = await openSqliteStore(join(folder, 'store.sqlite'))
  clock = new VirtualClock()
})
afterEach(async () => {
  await store.close()
  await rm(folder, { recursive: true })
})

/** The list's server takes the question and never answers. */
async function withSlowList(mode: 'warn' | 'enforce', fetchedAtMs: number | undefined): Promise<SenderNodes> {
  if (fetchedAtMs !== undefined) await store.saveNote('sender-nodes', JSON.stringify({ nodes: ['203.0.113.10'], fetchedAtMs }))
  const nodes = new SenderNodes({ mode, url: 'https://list.example/', store, getJson: () => new Promise(() => {}), clock, log: silentLog })
  await nodes.load()
  nodes.start()
  await clock.advance(SENDER_NODES_MIN_MS)
  return nodes
}

test('while a newer list is slow to come only those wait that it may be about: whom the last one would have refused', async () => {
  const now = clock.now()
  const waits = async (...of: Parameters<typeof withSlowList>) => {
    const checked = (await withSlowList(...of)).check(STRANGER)
    void checked?.catch(() => {})
    return checked !== undefined
  }
  expect(await waits('enforce', now)).toBe(true)
  expect(await waits('enforce', now - SENDER_NODES_STALE_MS)).toBe(false)
  expect(await waits('warn', now)).toBe(false)
  expect(await waits('warn', now - SENDER_NODES_STALE_MS)).toBe(false)
})

test('with no list at all nobody waits for the first one', async () => {
  expect((await withSlowList('enforce', undefined)).check(STRANGER)).toBeUndefined()
})
