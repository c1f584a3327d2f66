import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { VirtualClock } from '@portline/runtime/clock.ts'
import { silentLog } from '@portline/runtime/log.ts'
import { systemRandom } from '@portline/runtime/random.ts'
import { CodedError } from '@portline/wire/errors.ts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { createInstallations } from '../installations/installations.ts'
import { ERASE_WAITS_MS } from '../limits.ts'
import type { NewEvent, PortalKey, Store } from '../store/port.ts'
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts'
import { LanesHouse } from '../test-support/lanes-house.ts'
import { createSealer } from '../tokens/sealer.ts'
import { KnownPortals } from '../trust/known-portals.ts'
import { Closings } from './closings.ts'
import { STORE_RETRY_MS } from './settler.ts'

const PORTAL = { app: 'hello', memberId: 'm' }
const PROVEN = { serverEndpoint: 'https://o.example/rest/', clientEndpoint: 'https://p.example/rest/', domain: 'p.example', userId: '1', installed: true, version: '1', appStatus: 'L', scope: 'crm' }
const UNINSTALL: NewEvent = {
  ...PORTAL, id: '01KDVDNSSRHN3MZDG5C0RRKEKK', code: 'ONAPPUNINSTALL', ts: '1767225600', data: { CLEAN: '1' }, generation: 1, auth: new Uint8Array(),
  state: 'pending', proof: 'application_token', receivedAtMs: 1_767_225_600_000,
}

const sealer = createSealer(new Uint8Array(32), systemRandom)
let folder: string
let store: Store
let clock: VirtualClock

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portline-closings-'))
  store = await openSqliteStore(join(folder, 'store.sqlite'))
  clock = new VirtualClock()
})
afterEach(async () => {
  await store.close()
  await rm(folder, { recursive: true })
})

/** A process of its own: what it knows it has read from the store. */
async function processOn(used: Store, onWake: (count: number) => void = () => {}) {
  const known = new KnownPortals(sealer)
  for (const installation of await store.installations()) known.learn(installation)
  const installations = createInstallations({ store: used, sealer, known, clock })
  const woken: string[] = []
  const wake = ({ memberId }: PortalKey): void => onWake(woken.push(memberId))
  const lanes = { wake, hasten: async (portal: PortalKey) => (await used.hastenLane(portal), wake(portal)) }
  const closings = new Closings({ store: used, installations, clock, log: silentLog, lanes })
  return { installations, closings, woken }
}

const statusOf = async (): Promise<string | undefined> => (await store.installation(PORTAL))?.status

test('an uninstall that a former process has stored and not closed is closed at the start, before an install can be taken for a part of it', async () => {
  const former = await processOn(store)
  await former.installations.confirm(PORTAL, PROVEN, { status: 'active', askedAtMs: clock.now() })
  await store.appendEvents({ events: [UNINSTALL] })
  expect(await statusOf()).toBe('active')

  const { installations, closings, woken } = await processOn(store)
  await closings.start()
  expect(await statusOf()).toBe('deleted')
  await expect.poll(() => woken).toEqual(['m'])
  await clock.advance(1_000)
  expect(await installations.confirm(PORTAL, PROVEN, { status: 'active', askedAtMs: clock.now() })).toMatchObject({ status: 'active', generation: 2 })
  await (await processOn(store)).closings.start()
  expect(await statusOf()).toBe('active')
})

test('a process that ends between closing and having the lane go on leaves that to the next; one whose handler was tried waits its time', async () => {
  const before = await processOn(store)
  await before.installations.confirm(PORTAL, PROVEN, { status: 'active', askedAtMs: clock.now() })
  const former = await processOn({ ...store, hastenLane: () => new Promise(() => {}) })
  await store.appendEvents({ events: [UNINSTALL] })
  await former.closings.close(UNINSTALL)
  expect([await statusOf(), former.woken]).toEqual(['deleted', []])
  const next = await processOn(store)
  await next.closings.start()
  await expect.poll(() => next.woken).toEqual(['m'])

  const failed = { code: 'HANDLER_FAILED', message: 'x' } as const
  const attempt = { n: 1, startedAtMs: 1, durationMs: 1, outcome: 'failed', calls: [], notes: [], error: failed } as const
  const seq = (await store.event(UNINSTALL.id))?.seq ?? 0
  await store.leaseLane(PORTAL, { owner: 'o', nowMs: clock.now(), untilMs: clock.now() + 60_000, maxEvents: 1, maxBytes: 1_000 })
  await store.settle('o', [{ portal: PORTAL, settlements: [{ id: UNINSTALL.id, seq, attempt, atMs: 2, state: 'pending', dueAtMs: clock.now() + 60_000 }], release: true }])
  const later = await processOn(store)
  await later.closings.start()
  await later.closings.eraseOverdue()
  expect(later.woken).toEqual([])
})

test('a closing that the store could not take is tried again', async () => {
  let failing = true
  let again = (): void => {}
  const triedAgain = new Promise<void>((resolve) => (again = resolve))
  const failingStore: Store = {
    ...store,
    patchInstallation: (...args) => (failing ? Promise.reject(new CodedError('STORE_UNAVAILABLE')) : store.patchInstallation(...args)),
  }
  const { installations, closings } = await processOn(failingStore, (count) => count === 2 && again())
  await installations.confirm(PORTAL, PROVEN, { status: 'active', askedAtMs: clock.now() })
  await closings.close(UNINSTALL)
  expect(await statusOf()).toBe('active')
  failing = false
  await clock.advance(STORE_RETRY_MS)
  await triedAgain
  expect(await statusOf()).toBe('deleted')
})

test('an install that comes in while the store does not take the closing opens the next installation, and is not closed with the former', async () => {
  let failing = false
  const failingStore: Store = {
    ...store,
    patchInstallation: (...args) => (failing ? Promise.reject(new CodedError('STORE_UNAVAILABLE')) : store.patchInstallation(...args)),
  }
  const { installations, closings } = await processOn(failingStore)
  const confirm = () => installations.confirm(PORTAL, PROVEN, { status: 'active', askedAtMs: clock.now() })
  await confirm()
  await clock.advance(1_000)
  failing = true
  await closings.close(UNINSTALL)
  // On disk it is open still; whoever judges an install now must not take it for a part of this installation.
  expect([await statusOf(), installations.known(PORTAL)?.status]).toEqual(['active', 'deleted'])
  await installations.relearn(PORTAL)
  expect(installations.known(PORTAL)?.status).toBe('deleted')
  await clock.advance(100)
  await expect(confirm()).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  failing = false
  await clock.advance(100)
  expect(await confirm()).toMatchObject({ status: 'active', generation: 2 })
  await clock.advance(STORE_RETRY_MS)
  await installations.erase({ ...UNINSTALL, seq: 1, attempts: 0 })
  expect([await statusOf(), installations.known(PORTAL)?.status]).toEqual(['active', 'active'])
})

test('a former uninstall that is followed late leaves the closing that the store has not taken yet in force', async () => {
  let failing = false
  const failingStore: Store = {
    ...store,
    patchInstallation: (...args) => (failing ? Promise.reject(new CodedError('STORE_UNAVAILABLE')) : store.patchInstallation(...args)),
  }
  const { installations, closings } = await processOn(failingStore)
  const confirm = () => installations.confirm(PORTAL, PROVEN, { status: 'active', askedAtMs: clock.now() })
  await confirm()
  await clock.advance(1_000)
  await closings.close(UNINSTALL)
  await clock.advance(1_000)
  expect(await confirm()).toMatchObject({ generation: 2 })
  failing = true
  await closings.close({ ...UNINSTALL, id: '01KDVDNSSRHN3MZDG5C0RRKEKM', ts: '1767225700', generation: 2 })
  // The handler of the first has ended only now.
  await installations.erase({ ...UNINSTALL, seq: 1, attempts: 0 })
  expect([await statusOf(), installations.known(PORTAL)?.status]).toEqual(['active', 'deleted'])
})

test('an uninstall of a portal that was never installed here, as an import brings it, does not keep others from being erased', async () => {
  const { installations, closings } = await processOn(store)
  await installations.confirm(PORTAL, PROVEN, { status: 'active', askedAtMs: clock.now() })
  const receivedAtMs = clock.now() - ERASE_WAITS_MS
  const imported: NewEvent = { ...UNINSTALL, memberId: 'elsewhere', id: '01KDVDNSSRHN3MZDG5C0RRKEKN', receivedAtMs }
  await store.appendEvents({ events: [{ ...UNINSTALL, receivedAtMs }, imported] })
  await closings.eraseOverdue()
  expect((await store.erasures()).map(({ memberId }) => memberId).toSorted()).toEqual(['elsewhere', 'm'])
})

test('an uninstall has its lane go on though what holds it up is on its way to the disk only', async () => {
  const house = await LanesHouse.open()
  const disk = house.slowDisk()
  const lanes = house.lanes({ settle: disk.settle })
  const known = new KnownPortals(sealer)
  const installations = createInstallations({ store: house.store, sealer, known, clock })
  const closings = new Closings({ store: house.store, installations, clock, log: silentLog, lanes })
  await installations.confirm(PORTAL, PROVEN, { status: 'active', askedAtMs: clock.now() })
  await house.append(PORTAL, 'a1')
  house.endings.set('a1', () => (house.ran.length > 1 ? 'dead' : { againAfterMs: 8 * 3_600_000 }))
  lanes.wake(PORTAL)
  await house.soon(disk.asked)
  await house.store.appendEvents({ events: [UNINSTALL] })
  // It is answered without waiting for that.
  await closings.close(UNINSTALL)
  expect((await house.store.installation(PORTAL))?.status).toBe('deleted')
  disk.write()
  await house.soon(() => house.isEnded(UNINSTALL.id))
  expect(house.ran).toEqual(['a1', 'a1', UNINSTALL.id])
  await house.close()
})
