import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { sleep, systemClock } from '@portline/runtime/clock.ts'
import { silentLog } from '@portline/runtime/log.ts'
import { systemRandom } from '@portline/runtime/random.ts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import type { Erasure } from '../store/audit.ts'
import { OTHER, PORTAL, append, event, installation } from '../store/battery-parts.ts'
import type { PortalKey, Store } from '../store/port.ts'
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts'
import { openParts, sealShared } from '../tokens/sealed-event.ts'
import { createSealer } from '../tokens/sealer.ts'
import type { Sealer } from '../tokens/sealer.ts'
import { Eraser } from './erasure.ts'

/** Seals that no key at hand opens must not keep an erasure from its end, nor those of other portals. */
const THIRD = { app: 'hello', memberId: 'portal-c' }
const sealer = createSealer(new Uint8Array(32), systemRandom)
/** Its key was taken away. */
const gone = createSealer(new Uint8Array(32).fill(1), systemRandom)

let folder: string
let store: Store
let eraser: Eraser
let warned: object[]
let failed: object[]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portline-erasure-'))
  store = await openSqliteStore(join(folder, 'store.sqlite'))
  warned = []
  failed = []
  const log = { ...silentLog, warn: (fields: object) => void warned.push(fields), error: (fields: object) => void failed.push(fields) }
  eraser = new Eraser({ store, sealer, clock: systemClock, log, quiet: () => Promise.resolve(), onErased: () => {} })
})
afterEach(async () => {
  await eraser.stop()
  await store.close()
  await rm(folder, { recursive: true })
})

/** Events whose auth blocks stand in one seal. */
async function appendShared(by: Sealer, events: readonly (readonly [id: string, portal: PortalKey])[]): Promise<void> {
  await store.appendEvents({
    events: events.map(([id, portal]) => event(id, { ...portal, authShared: true, auth: new Uint8Array(), state: 'done' })),
    sharedAuth: sealShared(by, events.map(([id]) => [id, { auth: { access_token: `of ${id}` } }])),
  })
}

async function beginErasure(portal: PortalKey, eventId: string): Promise<void> {
  await store.saveInstallation(installation(portal))
  await append(store, [event(eventId, { ...portal, code: 'ONAPPUNINSTALL' })])
  await store.patchInstallation(portal, { status: 'deleted', deletedAtMs: 50, updatedAtMs: 50 })
  const erasure: Omit<Erasure, 'afterSeq'> = { ...portal, eventId, upToSeq: (await store.event(eventId))?.seq ?? 0, generation: 1, begunAtMs: Number(eventId) }
  await store.beginErasure(erasure)
}

/** Ends when the erasures are over, or one of them has failed. */
async function erased(): Promise<void> {
  eraser.wake()
  while (failed.length === 0 && (await store.erasures()).length > 0) await sleep(systemClock, 1)
  expect(failed).toEqual([])
}

async function certificate(portal: PortalKey) {
  const { records } = await store.audit({ ...portal, afterSeq: 0, limit: 50 })
  return records.find(({ verb }) => verb === 'eraseData')?.facts
}

test('a seal that no key opens is left to those who share it and counted in the certificate; other portals are erased after it', async () => {
  await appendShared(gone, [['01', PORTAL], ['02', OTHER], ['03', PORTAL]])
  await appendShared(gone, [['04', OTHER], ['05', PORTAL]])
  await appendShared(sealer, [['06', PORTAL], ['07', OTHER]])
  await append(store, [event('08', { ...THIRD, state: 'done' })])
  const sealed = (await store.event('02'))?.auth
  await beginErasure(PORTAL, '10')
  await beginErasure(THIRD, '11')
  await erased()
  expect(await certificate(PORTAL)).toMatchObject({ events: 4, auth_blocks_left: 3 })
  expect(await certificate(THIRD)).toMatchObject({ events: 1 })
  expect(await certificate(THIRD)).not.toHaveProperty('auth_blocks_left')
  expect(warned).toEqual([{ app: PORTAL.app, portal: PORTAL.memberId, code: 'KEY_INVALID' }])
  const { events } = await store.listEvents({ limit: 20 })
  expect(events.map(({ id }) => id).toSorted()).toEqual(['02', '04', '07', '10', '11'])
  // Of the neighbours nothing is lost: the key may come back.
  expect((await store.event('02'))?.auth).toEqual(sealed)
  const readable = await store.event('07')
  expect(readable && openParts(sealer, readable).auth).toEqual({ access_token: 'of 07' })
})

test('a seal that no key opens goes with the portal that is alone in it, however many slices that takes, and the certificate says nothing of it', async () => {
  const ids = Array.from({ length: 250 }, (_, n) => `a${n}`)
  await appendShared(gone, ids.map((id) => [id, PORTAL]))
  await beginErasure(PORTAL, '10')
  await erased()
  expect(await certificate(PORTAL)).toMatchObject({ events: 250 })
  expect(await certificate(PORTAL)).not.toHaveProperty('auth_blocks_left')
  expect((await store.sealedSamples()).filter(({ kind }) => kind === 'auths')).toEqual([])
})
