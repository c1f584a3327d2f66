import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { VirtualClock } from '@portline/runtime/clock.ts'
import { systemRandom } from '@portline/runtime/random.ts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { UNBLOCK_BY_CALL_MS } from '../limits.ts'
import { PORTAL, installation } from '../store/battery-parts.ts'
import type { Store } from '../store/port.ts'
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts'
import { createSealer } from '../tokens/sealer.ts'
import { KnownPortals } from '../trust/known-portals.ts'
import { AccessWatch } from './access.ts'
import { createInstallations } from './installations.ts'
import type { Installations } from './installations.ts'

let folder: string
let store: Store
let installations: Installations
let watch: AccessWatch
const clock = new VirtualClock()

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portline-access-'))
  store = await openSqliteStore(join(folder, 'store.sqlite'))
  installations = createInstallations({ store, sealer: createSealer(new Uint8Array(32), systemRandom), known: new KnownPortals(createSealer(new Uint8Array(32), systemRandom)), clock })
  watch = new AccessWatch(installations, clock)
  const { applicationToken: _, ...fields } = installation({ installedAtMs: 1 })
  await store.saveInstallation(fields)
  await installations.relearn(PORTAL)
})
afterEach(async () => {
  await store.close()
  await rm(folder, { recursive: true })
})

test('a refusal blocks the portal, and a call that succeeds unblocks it, but not at once: the audit trail is not for every answer', async () => {
  await watch.answered(PORTAL, 'PORTAL_UNPAID')
  expect(installations.known(PORTAL)).toMatchObject({ status: 'blocked', reason: 'PORTAL_UNPAID' })
  await watch.answered(PORTAL, undefined)
  await watch.answered(PORTAL, 'PORTAL_INACTIVE')
  expect(installations.known(PORTAL)).toMatchObject({ status: 'blocked', reason: 'PORTAL_UNPAID' })
  await clock.advance(UNBLOCK_BY_CALL_MS)
  await watch.answered(PORTAL, undefined)
  expect(installations.known(PORTAL)).toMatchObject({ status: 'active' })
  expect(installations.known(PORTAL)).not.toHaveProperty('reason')
})

test('what an operator blocked no call unblocks, and a portal that is uninstalled is not blocked', async () => {
  await installations.block(PORTAL, 'PORTAL_BLOCKED', { by: 'operator' }, clock.now())
  await clock.advance(UNBLOCK_BY_CALL_MS)
  await watch.answered(PORTAL, undefined)
  expect(installations.known(PORTAL)).toMatchObject({ status: 'blocked', reason: 'PORTAL_BLOCKED' })
  await installations.close(PORTAL, { id: 'u', generation: 1 })
  await watch.answered(PORTAL, 'PORTAL_INACTIVE')
  expect(installations.known(PORTAL)).toMatchObject({ status: 'deleted' })
})
