import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { VirtualClock } from '@portline/runtime/clock.ts'
import { silentLog } from '@portline/runtime/log.ts'
import { systemRandom } from '@portline/runtime/random.ts'
import { createRestClients } from '../bitrix24/rest-clients.ts'
import { installation } from '../store/battery-parts.ts'
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts'
import { createAuthServers } from '../tokens/auth-server.ts'
import { createSealer } from '../tokens/sealer.ts'
import { createTokenKeeper } from '../tokens/token-keeper.ts'
import { systemNetwork } from '@portline/runtime/network.ts'
import { expect, test } from 'vitest'
import { OfflineDrainer } from './drainer.ts'

test('a queue is not left while the store takes nothing, and its portal is not asked', async () => {
  const folder = await mkdtemp(join(tmpdir(), 'portline-drainer-'))
  const store = await openSqliteStore(join(folder, 'store.sqlite'))
  const [clock, sealer] = [new VirtualClock(), createSealer(new Uint8Array(32), systemRandom)]
  const credentialsOf = () => ({ clientId: 'c', clientSecret: 's' })
  const tokens = createTokenKeeper({
    store, sealer, clock, log: silentLog, credentialsOf, authServers: createAuthServers([], systemNetwork), owner: 'me', onChanged: () => Promise.resolve(),
  })
  // Without an account every question ends in TOKENS_MISSING.
  const rest = createRestClients({ tokens, credentialsOf, clock, currentOf: () => undefined })
  const drainer = new OfflineDrainer({
    store, rest, sealer, clock, random: systemRandom, log: silentLog, newId: () => 'id', known: () => undefined, installations: () => [], fetches: () => true,
    keepBound: () => Promise.resolve(), isFull: () => true, onTaken: () => {},
  })
  await expect(drainer.leave(installation(), 'former')).rejects.toMatchObject({ code: 'STORE_FULL' })
  await drainer.stop()
  await store.close()
  await rm(folder, { recursive: true })
})
