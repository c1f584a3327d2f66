import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { VirtualClock } from '@portline/runtime/clock.ts'
import { systemNetwork } from '@portline/runtime/network.ts'
import { systemRandom } from '@portline/runtime/random.ts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { UNINSTALL_DOUBT_MS } from '../limits.ts'
import { installation } from '../store/battery-parts.ts'
import type { Installation, Store } from '../store/port.ts'
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts'
import { startTinyServer } from '../test-support/tiny-auth-server.ts'
import type { TinyServer } from '../test-support/tiny-auth-server.ts'
import { createAuthServers } from '../tokens/auth-server.ts'
import { createSealer } from '../tokens/sealer.ts'
import { sealAccount } from '../tokens/token-pair.ts'
import { isStillInstalled } from './still-installed.ts'

/** An uninstall in doubt: the server has its time to say that the app is installed, and the disk has its own. */
const CREDENTIALS = { clientId: 'app.mine', clientSecret: 'top secret' }
const sealer = createSealer(new Uint8Array(32), systemRandom)

let folder: string
let store: Store
let server: TinyServer
let clock: VirtualClock
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portline-still-'))
  store = await openSqliteStore(join(folder, 'store.sqlite'))
  clock = new VirtualClock(Date.now())
  server = await startTinyServer(() => ({ json: { result: {
    client_id: CREDENTIALS.clientId, scope: 'crm', user_id: 1,
    install: { installed: true, version: '1', status: 'L', scope: 'crm', domain: 'oauth.example', uri: 'p.example', client_endpoint: 'https://p.example/rest/', member_id: installation().memberId, member_type: 'free', date_finish: null },
  } } }))
})
afterEach(async () => {
  await server.close()
  await store.close()
  await rm(folder, { recursive: true })
})

/** The same store on a disk that is slow to read. */
function slowBy(ms: number): Store {
  return { ...store, accounts: async (portal) => {
    await clock.advance(ms)
    return store.accounts(portal)
  } }
}

async function withTokens(): Promise<Installation> {
  const portal = installation({ serverEndpoint: `${server.origin}/rest/` })
  const pair = { accessToken: 'access', refreshToken: 'refresh', expiresAtMs: clock.now() + 3_600_000 }
  await store.saveInstallation(portal, sealAccount(sealer, { portal, userId: '1', master: true, pair, nowMs: clock.now() }))
  return portal
}

test('a disk that takes longer than the server may leaves the server its time', async () => {
  const portal = await withTokens()
  const parts = { sealer, authServers: createAuthServers([server.origin], systemNetwork), credentialsOf: () => CREDENTIALS, clock }
  expect(await isStillInstalled({ ...parts, store: slowBy(0) }, portal)).toBe(true)
  expect(await isStillInstalled({ ...parts, store: slowBy(2 * UNINSTALL_DOUBT_MS) }, portal)).toBe(true)
})

test('a server that does not answer in its time has not said that the app is installed', async () => {
  const portal = await withTokens()
  const silent = createAuthServers([server.origin], { postForm: () => new Promise(() => {}) })
  const asking = isStillInstalled({ sealer, authServers: silent, credentialsOf: () => CREDENTIALS, clock, store }, portal)
  const answers: boolean[] = []
  void asking.then((said) => answers.push(said))
  while (answers.length === 0) {
    await clock.advance(UNINSTALL_DOUBT_MS)
    await new Promise((resolve) => setImmediate(resolve))
  }
  expect(answers).toEqual([false])
})
