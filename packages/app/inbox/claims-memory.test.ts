import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { VirtualClock } from '@portline/runtime/clock.ts'
import { silentLog } from '@portline/runtime/log.ts'
import { systemRandom } from '@portline/runtime/random.ts'
import { systemResolver } from '@portline/runtime/resolver.ts'
import { decodeForm } from '@portline/wire/form/decode.ts'
import { encodeForm } from '@portline/wire/form/encode.ts'
import { readEnvelope } from '@portline/wire/read-envelope.ts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { defineApp } from '../define-app.ts'
import { composeAppSide } from '../serve/compose.ts'
import type { Store } from '../store/port.ts'
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts'
import { heapBytes } from '../test-support/heap.ts'

/** What strangers' installs, each with an application_token of its own, leave in memory. */
const INSTALLS = 70
const BODY_BYTES = 100_000

let folder: string
let store: Store
let clock: VirtualClock
let side: Awaited<ReturnType<typeof composeAppSide>>
/** Whether the disk takes events. */
let isFull: boolean

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portline-claims-'))
  const real = await openSqliteStore(join(folder, 'store.sqlite'))
  store = { ...real, appendEvents: (appended) => (isFull ? Promise.reject(new Error('the disk is full')) : real.appendEvents(appended)) }
  clock = new VirtualClock()
  isFull = false
  side = await composeAppSide({
    apps: [{ app: defineApp({ name: 'shop' }), clientId: 'shop', clientSecret: 'the secret' }], authServers: ['https://oauth.example'],
    clock, random: systemRandom, network: { postForm: () => Promise.reject(new Error('no route to host')) }, resolver: systemResolver,
    log: silentLog, store, key: new Uint8Array(32).fill(1), publicUrl: () => 'http://shop.example',
  })
  await side.start()
  // What is made at the first of them stays.
  await Promise.allSettled([install(0)])
})
afterEach(async () => {
  await side.stop()
  await store.close()
  await rm(folder, { recursive: true })
})

function install(n: number): Promise<unknown> {
  const auth = {
    access_token: String(n).padStart(70, '0'), refresh_token: 'r', expires: '9999999999', server_endpoint: 'https://oauth.example/rest/',
    member_id: `portal-${n}`, application_token: String(n).padStart(32, '0'),
  }
  const body = Buffer.from(encodeForm({ event: 'ONAPPINSTALL', data: { TEXT: 'x'.repeat(BODY_BYTES) }, ts: '1', auth }))
  return side.inbox.accept('shop', readEnvelope(decodeForm(body)), body.length)
}

async function installAll(): Promise<string[]> {
  const outcomes: string[] = []
  for (let n = 1; n <= INSTALLS; n++) outcomes.push((await Promise.allSettled([install(n)]))[0].status)
  return outcomes
}

test('installs that a full disk does not take leave nothing of theirs in memory', async () => {
  isFull = true
  const before = heapBytes()
  expect(new Set(await installAll())).toEqual(new Set(['rejected']))
  expect(heapBytes() - before).toBeLessThan((INSTALLS * BODY_BYTES) / 4)
})

test('installs that cannot be proven now keep no more in memory than their names', async () => {
  const before = heapBytes()
  expect(new Set(await installAll())).toEqual(new Set(['fulfilled']))
  expect((await store.heldEntries()).length).toBe(INSTALLS + 1)
  expect(heapBytes() - before).toBeLessThan((INSTALLS * BODY_BYTES) / 4)
})
