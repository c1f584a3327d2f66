import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { VirtualClock } from '@portline/runtime/clock.ts'
import { systemRandom } from '@portline/runtime/random.ts'
import { expect, test } from 'vitest'
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts'
import { createSealer } from '../tokens/sealer.ts'
import { KnownPortals, isApplicationToken } from '../trust/known-portals.ts'
import { createInstallations } from './installations.ts'

const PORTAL = { app: 'hello', memberId: 'm' }
const PROVEN = { serverEndpoint: 'https://o.example/rest/', clientEndpoint: 'https://p.example/rest/', domain: 'p.example', userId: '1', installed: true, version: '1', appStatus: 'L', scope: 'crm' }

test('an install whose proof comes after a newer update was applied does not turn back the application_token or the version', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'portline-installations-'))
  const store = await openSqliteStore(join(folder, 'store.sqlite'))
  const clock = new VirtualClock()
  const sealer = createSealer(new Uint8Array(32), systemRandom)
  const known = new KnownPortals(sealer)
  const installations = createInstallations({ store, sealer, known, clock })
  const confirm = (ts: string | undefined, applicationToken: string, version: string) =>
    installations.confirm(PORTAL, { ...PROVEN, version: '2' }, { status: 'active', askedAtMs: clock.now(), applicationToken, version, ...(ts === undefined ? {} : { ts }) })
  const isToken = (token: string): boolean => {
    const portal = known.get(PORTAL)
    return portal !== undefined && isApplicationToken(portal, token)
  }

  await confirm('200', 'of the update', '2')
  expect(await confirm('100', 'of the install', '1')).toMatchObject({ version: '2', raisedAtMs: 200_000 })
  expect([isToken('of the update'), isToken('of the install')]).toEqual([true, false])
  // One of the same second may be the newer, and so may one that does not say when it was.
  await confirm('200', 'of the same second', '3')
  expect(isToken('of the same second')).toBe(true)
  await confirm(undefined, 'of no time', '4')
  expect(isToken('of no time')).toBe(true)
  await store.close()
  await rm(folder, { recursive: true })
})

test('a proof that was under way when the uninstall came does not open the portal again; the next one does', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'portline-installations-'))
  const store = await openSqliteStore(join(folder, 'store.sqlite'))
  const clock = new VirtualClock()
  const sealer = createSealer(new Uint8Array(32), systemRandom)
  const installations = createInstallations({ store, sealer, known: new KnownPortals(sealer), clock })
  const confirm = (askedAtMs: number) => installations.confirm(PORTAL, PROVEN, { status: 'active', askedAtMs })

  await confirm(clock.now())
  const askedAtMs = clock.now()
  await clock.advance(1_000)
  await installations.close(PORTAL, { id: 'u', generation: 1 })
  await expect(confirm(askedAtMs)).rejects.toMatchObject({ code: 'PROOF_UNAVAILABLE' })
  expect((await installations.get(PORTAL))?.status).toBe('deleted')
  await clock.advance(1)
  expect(await confirm(clock.now())).toMatchObject({ status: 'active', generation: 2 })
  await store.close()
  await rm(folder, { recursive: true })
})
