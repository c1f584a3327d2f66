import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sleep, systemClock } from '@portline/runtime/clock.ts'
import { silentLog } from '@portline/runtime/log.ts'
import { systemRandom } from '@portline/runtime/random.ts'
import { CodedError } from '@portline/wire/errors.ts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { PORTAL, event, installation } from '../store/battery-parts.ts'
import { LOST_KEYS_NOTE } from '../store/keeping.ts'
import type { Store } from '../store/port.ts'
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts'
import { digestOfSealed, hasDigest, sealApplicationToken } from './application-token.ts'
import { KeyRotation, rotateAtRest } from './key-rotation.ts'
import type { KeyPlace } from './key-rotation.ts'
import { openParts, sealParts, sealShared } from './sealed-event.ts'
import { createSealer, keyIdOf } from './sealer.ts'
import type { KeyRing } from './sealer.ts'
import { formerRefreshToken, openAccount, sealAccount } from './token-pair.ts'

const OLD = new Uint8Array(32).fill(1)
const pair = (n: string) => ({ accessToken: `access-${n}`, refreshToken: `refresh-${n}`, expiresAtMs: 9 })

let folder: string
let store: Store
/** What the key file holds. */
let onDisk: readonly Uint8Array[]
let sealer: KeyRing
let rotation: KeyRotation

function place(): KeyPlace {
  return { source: 'file', keys: onDisk, save: (keys) => Promise.resolve(void (onDisk = keys)) }
}

function begin(over: { store?: Partial<Store>; place?: KeyPlace; restMs?: number } = {}): void {
  sealer = createSealer(onDisk, systemRandom)
  rotation = new KeyRotation({
    store: { ...store, ...over.store }, sealer, place: over.place ?? place(), clock: systemClock, random: systemRandom, log: silentLog,
    restMs: over.restMs ?? 0,
  })
}

/** One of everything that is sealed, `events` times. */
async function fill(events: number): Promise<void> {
  await store.saveInstallation(installation({ applicationToken: sealApplicationToken(sealer, PORTAL, 'app token') }))
  await store.saveAccount(sealAccount(sealer, { portal: PORTAL, userId: '1', master: true, pair: pair('1'), nowMs: 1, former: pair('0') }))
  await store.sealAudit(0, '0'.repeat(64), sealer.seal('audit-head', '[0,"x"]'))
  for (let n = 0; n < events; n++) await receive(n)
}

async function receive(n: number): Promise<void> {
  const [shared, own] = [`s${n}`, `o${n}`]
  await store.appendEvents({
    events: [event(shared, { auth: new Uint8Array(), authShared: true })],
    sharedAuth: sealShared(sealer, [[shared, { auth: { access_token: shared } }]]),
  })
  await store.appendEvents({ events: [event(own, { state: 'held', auth: sealParts(sealer, PORTAL, { auth: { access_token: own } }).auth })] })
}

async function demandOpenable(events: number): Promise<void> {
  const fresh = createSealer(onDisk, systemRandom)
  const [account] = await store.accounts(PORTAL)
  if (account === undefined) throw new Error('the account is gone')
  expect(openAccount(fresh, account).refreshToken).toBe('refresh-1')
  expect(formerRefreshToken(fresh, account)).toBe('refresh-0')
  const { applicationToken = new Uint8Array() } = (await store.installation(PORTAL)) ?? {}
  expect(hasDigest('app token', digestOfSealed(fresh, PORTAL, applicationToken))).toBe(true)
  for (const id of Array.from({ length: events }, (_, n) => [`s${n}`, `o${n}`]).flat()) {
    const found = await store.event(id)
    expect(found === undefined ? undefined : openParts(fresh, found).auth).toEqual({ access_token: id })
  }
}

async function ended(): Promise<void> {
  while (rotation.status.phase !== 'one key') await sleep(systemClock, 1)
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portline-rotation-'))
  store = await openSqliteStore(join(folder, 'store.sqlite'))
  onDisk = [OLD]
  begin()
})
afterEach(async () => {
  await rotation.stop()
  await store.close()
  await rm(folder, { recursive: true })
})

test('everything sealed is sealed anew while events go on coming in, and then the former key is gone', async () => {
  await fill(150)
  const { keys } = await rotation.rotate()
  expect(keys.map(({ role }) => role)).toEqual(['active', 'former'])
  expect(onDisk).toHaveLength(2)
  for (let n = 150; n < 300; n++) await receive(n)
  await ended()
  expect(onDisk.map(keyIdOf)).toEqual([keys[0]?.id])
  expect(rotation.status).toMatchObject({ phase: 'one key', keys: [{ role: 'active' }], unreadable: 0 })
  expect(rotation.status.resealed).toBeGreaterThan(300)
  await demandOpenable(300)
  const { records } = await store.audit({ afterSeq: 0, limit: 99 })
  expect(records.at(-1)).toMatchObject({ verb: 'rotateKey', by: 'operator', from: keyIdOf(OLD), to: keys[0]?.id })
})

test('the new key is on disk before anything is sealed with it', async () => {
  const usedWhenSaved: string[] = []
  begin({ place: { ...place(), save: (keys) => {
    usedWhenSaved.push(...sealer.keyIds)
    onDisk = keys
    return Promise.resolve()
  } } })
  await rotation.rotate()
  expect(usedWhenSaved).toEqual([keyIdOf(OLD)])
})

test('a key file that cannot be written leaves the key as it is', async () => {
  begin({ place: { ...place(), save: () => Promise.reject(new Error('no room')) } })
  await expect(rotation.rotate()).rejects.toMatchObject({ code: 'KEY_NOT_SAVED' })
  expect(sealer.keyIds).toEqual([keyIdOf(OLD)])
  expect(rotation.status).toMatchObject({ phase: 'one key' })
})

test('a key cannot be changed while it is being changed, nor where the environment gives it', async () => {
  await fill(1)
  begin({ restMs: 60_000 })
  await rotation.rotate()
  await expect(rotation.rotate()).rejects.toMatchObject({ code: 'KEY_ROTATION_RUNNING' })
  await rotation.stop()
  onDisk = [OLD]
  begin({ place: { source: 'environment', keys: [OLD] } })
  await expect(rotation.rotate()).rejects.toMatchObject({ code: 'KEY_FROM_ENVIRONMENT' })
})

test('a process that dies at any step is taken up by the next one', async () => {
  await fill(60)
  for (let slices = 0; ; slices++) {
    const life = { left: slices }
    begin({ store: { replaceSealed: (changes) => (life.left-- > 0 ? store.replaceSealed(changes) : new Promise(() => {})) } })
    // With more than one key on disk it goes on with what a process before it began.
    if (onDisk.length > 1) rotation.start()
    else await rotation.rotate()
    while (life.left >= 0 && rotation.status.phase !== 'one key') await sleep(systemClock, 1)
    await demandOpenable(60)
    if (rotation.status.phase === 'one key') break
  }
  expect(onDisk).toHaveLength(1)
  expect(onDisk).not.toContainEqual(OLD)
})

test('what was sealed with the former key and is stored late is found by the pass that decides', async () => {
  await fill(1)
  const late = event('late', { state: 'held', auth: sealParts(sealer, PORTAL, { auth: { access_token: 'late' } }).auth })
  let passes = 0
  begin({
    store: {
      async sealedOtherwise(search) {
        const page = await store.sealedOtherwise(search)
        // After the first pass has seen everything there was.
        if (page.next === undefined && ++passes === 1) await store.appendEvents({ events: [late] })
        return page
      },
    },
  })
  await rotation.rotate()
  await ended()
  expect(passes).toBe(3)
  const stored = await store.event('late')
  expect(stored && openParts(createSealer(onDisk, systemRandom), stored).auth).toEqual({ access_token: 'late' })
})

test('a value that somebody changes meanwhile is not written over', async () => {
  await fill(1)
  const newer = { portal: PORTAL, userId: '1', master: true, pair: pair('2'), nowMs: 2 }
  let changed = false
  begin({
    store: {
      async replaceSealed(changes) {
        if (!changed && changes.some(({ value }) => value.kind === 'tokens')) {
          changed = true
          await store.saveAccount(sealAccount(sealer, newer))
        }
        return store.replaceSealed(changes)
      },
    },
  })
  await rotation.rotate()
  await ended()
  expect(changed).toBe(true)
  const [account] = await store.accounts(PORTAL)
  expect(account && openAccount(createSealer(onDisk, systemRandom), account).refreshToken).toBe('refresh-2')
})

test('a value that no key opens is left, counted, and holds nothing up', async () => {
  await fill(1)
  const stranger = createSealer(new Uint8Array(32).fill(9), systemRandom)
  await store.appendEvents({ events: [event('lost', { auth: sealParts(stranger, PORTAL, { auth: {} }).auth })] })
  await rotation.rotate()
  await ended()
  expect(rotation.status).toMatchObject({ unreadable: 1, keys: [{ role: 'active' }] })
  // What is damaged names its key for ever: the next start must not miss it.
  expect(await store.note(LOST_KEYS_NOTE)).toBe(keyIdOf(OLD))
})

test('a store that fails is waited for', async () => {
  await fill(1)
  let failures = 2
  const hasty = { ...systemClock, setTimer: (_ms: number, task: () => void) => systemClock.setTimer(0, task) }
  sealer = createSealer(onDisk, systemRandom)
  rotation = new KeyRotation({
    store: { ...store, replaceSealed: (changes) => (failures-- > 0 ? Promise.reject(new CodedError('STORE_UNAVAILABLE')) : store.replaceSealed(changes)) },
    sealer, place: place(), clock: hasty, random: systemRandom, log: silentLog,
  })
  await rotation.rotate()
  await ended()
  await demandOpenable(1)
})

test('with keys from the environment everything is resealed at the start, and the former ones are said to be no longer needed', async () => {
  await fill(30)
  const NEW = new Uint8Array(32).fill(2)
  onDisk = [NEW, OLD]
  begin({ place: { source: 'environment', keys: onDisk } })
  rotation.start()
  await ended()
  expect(rotation.status.keys).toEqual([{ id: keyIdOf(NEW), role: 'active', unused: false }, { id: keyIdOf(OLD), role: 'former', unused: true }])
  onDisk = [NEW]
  await demandOpenable(30)
})

test('at rest all is done at once; what was begun before is ended first', async () => {
  await fill(150)
  const first = await rotateAtRest({ store, place: place(), random: systemRandom, nowMs: 1 })
  expect(first).toMatchObject({ formerIds: [keyIdOf(OLD)], unreadable: 0, tookUp: false })
  expect(onDisk.map(keyIdOf)).toEqual(first.keyIds)
  await demandOpenable(150)

  const [now = OLD] = onDisk
  const next = new Uint8Array(32).fill(3)
  onDisk = [next, now]
  expect(await rotateAtRest({ store, place: place(), random: systemRandom, nowMs: 2 })).toMatchObject({ tookUp: true, keyIds: [keyIdOf(next)] })
  expect(onDisk).toEqual([next])
  await demandOpenable(150)
  await expect(rotateAtRest({ store, place: { source: 'environment', keys: [next] }, random: systemRandom, nowMs: 3 })).rejects.toMatchObject({
    code: 'KEY_FROM_ENVIRONMENT',
  })
})
