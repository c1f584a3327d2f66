import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { VirtualClock } from '@portline/runtime/clock.ts'
import { silentLog } from '@portline/runtime/log.ts'
import { systemRandom } from '@portline/runtime/random.ts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { CLONES_WATCHED, MOVE_SKEW_MS } from '../limits.ts'
import { PORTAL, event, installation } from '../store/battery-parts.ts'
import type { Store } from '../store/port.ts'
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts'
import { createSealer } from '../tokens/sealer.ts'
import { KnownPortals } from '../trust/known-portals.ts'
import { CloneWatch } from './clone-watch.ts'
import { createInstallations } from './installations.ts'

const OWN = 'https://p.example/rest/'
const COPY = 'https://copy.example/rest/'
let folder: string
let store: Store
let watch: CloneWatch

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portline-clones-'))
  store = await openSqliteStore(join(folder, 'store.sqlite'))
  const sealer = createSealer(new Uint8Array(32), systemRandom)
  const { applicationToken: _, ...fields } = installation()
  await store.saveInstallation(fields)
  watch = new CloneWatch(createInstallations({ store, sealer, known: new KnownPortals(sealer), clock: new VirtualClock() }), silentLog)
})
afterEach(async () => {
  await store.close()
  await rm(folder, { recursive: true })
})

function look(ts: number | undefined, from: string, fields: Parameters<typeof installation>[0] = {}): void {
  watch.look(installation(fields), event('01', ts === undefined ? {} : { ts: String(ts) }), from)
}

/** What is noticed is written at once; a later call of the store comes after it. */
async function isNoticed(): Promise<boolean> {
  await new Promise((resolve) => setImmediate(resolve))
  await store.installation(PORTAL)
  await store.installation(PORTAL)
  return (await store.installation(PORTAL))?.reason === 'PORTAL_CLONED'
}

test('the known address, another, and the known one again is two', async () => {
  for (const [ts, from] of [[10, OWN], [11, COPY], [12, OWN]] as const) look(ts, from)
  expect(await isNoticed()).toBe(true)
})

test('one that has moved, and late events of before it, are one', async () => {
  look(11, COPY)
  look(10, OWN)
  look(undefined, OWN)
  look(12, COPY)
  expect(await isNoticed()).toBe(false)
  // The move is known now; what the portal sent from its former address, or may have, comes late.
  const moved = { domain: 'copy.example', clientEndpoint: COPY, formerDomain: 'p.example', domainAtMs: 13_000 }
  look(12, OWN, moved)
  look((13_000 + MOVE_SKEW_MS) / 1_000 - 1, OWN, moved)
  look(5_000, COPY, moved)
  expect(await isNoticed()).toBe(false)
})

test('what was seen before the address changed, and changed back by an administrator, tells nothing any more', async () => {
  look(11, COPY)
  look(12, OWN, { formerDomain: 'copy.example', domainAtMs: 11_900 })
  expect(await isNoticed()).toBe(false)
  look(13, COPY, { domainAtMs: 11_900 })
  look(14, OWN, { domainAtMs: 11_900 })
  expect(await isNoticed()).toBe(true)
})

test('as many portals are watched as the limit says, the oldest go', async () => {
  look(11, COPY)
  for (let n = 0; n < CLONES_WATCHED; n++) look(11, COPY, { memberId: `p${n}` })
  look(12, OWN)
  expect(await isNoticed()).toBe(false)
})

test('an address that is none, or an event without a time, tells nothing', async () => {
  for (const from of ['', 'nonsense', '/rest/']) look(11, from)
  look(undefined, COPY)
  look(12, OWN)
  expect(await isNoticed()).toBe(false)
})
