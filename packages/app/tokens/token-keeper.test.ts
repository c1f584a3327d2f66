import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { VirtualClock } from '@portline/runtime/clock.ts'
import { silentLog } from '@portline/runtime/log.ts'
import { systemNetwork } from '@portline/runtime/network.ts'
import { systemRandom } from '@portline/runtime/random.ts'
import { CodedError } from '@portline/wire/errors.ts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { RENEWAL_COOLING_MS } from '../limits.ts'
import type { PortalKey, Store } from '../store/port.ts'
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts'
import { startTinyServer } from '../test-support/tiny-auth-server.ts'
import type { TinyServer } from '../test-support/tiny-auth-server.ts'
import { createAuthServers } from './auth-server.ts'
import { createSealer } from './sealer.ts'
import { createTokenKeeper } from './token-keeper.ts'
import type { TokenKeeper } from './token-keeper.ts'
import { openAccount, sealAccount } from './token-pair.ts'
import { STORE_AGAIN_MS } from './unsaved-pairs.ts'

const PORTAL = { app: 'hello', memberId: 'm' }
const HOUR_MS = 3_600_000
const clock = new VirtualClock()
const sealer = createSealer(new Uint8Array(32), systemRandom)

let folder: string
let store: Store
let server: TinyServer
let rotations: number
let owners = 0
let changed: PortalKey[]

/** Strict single-use rotation: each refresh token works once. */
function rotating(_path: string, form: URLSearchParams) {
  if (form.get('refresh_token') !== `refresh-${rotations}`) return { status: 400, json: { error: 'invalid_grant' } }
  rotations += 1
  return { json: tokenAnswer(rotations) }
}

function tokenAnswer(n: number, memberId = 'm') {
  return {
    access_token: `access-${n}`, refresh_token: `refresh-${n}`, expires_in: 3600, member_id: memberId, scope: 'crm', status: 'L',
    domain: 'oauth.example', server_endpoint: `${server.origin}/rest/`, client_endpoint: 'https://renamed.example/rest/', user_id: 1,
  }
}

function keeper(over: Partial<Store> = {}): TokenKeeper {
  return createTokenKeeper({
    store: { ...store, ...over },
    sealer,
    authServers: createAuthServers([server.origin], systemNetwork),
    credentialsOf: () => ({ clientId: 'local.1', clientSecret: 'top secret' }),
    clock,
    log: silentLog,
    owner: `owner ${++owners}`,
    onChanged: (portal) => {
      changed.push(portal)
      return Promise.resolve()
    },
  })
}

async function saveTokens(expiresAtMs: number): Promise<void> {
  const account = sealAccount(sealer, {
    portal: PORTAL, userId: '1', master: true, nowMs: clock.now(), pair: { accessToken: 'access-0', refreshToken: 'refresh-0', expiresAtMs },
  })
  const installation = {
    ...PORTAL, status: 'active' as const, generation: 1, domain: 'p.example', clientEndpoint: 'https://p.example/rest/',
    serverEndpoint: `${server.origin}/rest/`, updatedAtMs: clock.now(),
  }
  await store.saveInstallation(installation, account)
}

async function storedPair() {
  const [account] = await store.accounts(PORTAL)
  return account && openAccount(sealer, account)
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portline-tokens-'))
  store = await openSqliteStore(join(folder, 'store.sqlite'))
  rotations = 0
  changed = []
  server = await startTinyServer(rotating)
})
afterEach(async () => {
  await store.close()
  await server.close()
  await rm(folder, { recursive: true })
})

test('a pair that is still good is given without asking anybody', async () => {
  await saveTokens(clock.now() + HOUR_MS)
  expect((await keeper().pair(PORTAL)).accessToken).toBe('access-0')
  expect(server.asked).toEqual([])
})

test('a thousand callers of an expired pair cause one renewal and get the same new pair', async () => {
  await saveTokens(clock.now() - 1)
  const tokens = keeper()
  const pairs = await Promise.all(Array.from({ length: 1_000 }, () => tokens.pair(PORTAL)))
  expect(new Set(pairs.map(({ accessToken }) => accessToken))).toEqual(new Set(['access-1']))
  expect(server.asked).toHaveLength(1)
})

test('a token the portal has rejected is renewed though its time is not up', async () => {
  await saveTokens(clock.now() + HOUR_MS)
  const tokens = keeper()
  const [first, second] = await Promise.all([tokens.pair(PORTAL), tokens.pair(PORTAL, 'access-0')])
  expect(first.accessToken).toBe('access-0')
  expect(second.accessToken).toBe('access-1')
})

test('the new pair is in the store before it is given out, and the portal\'s new address with it', async () => {
  await saveTokens(clock.now() - 1)
  const pair = await keeper().pair(PORTAL)
  expect(await storedPair()).toEqual(pair)
  expect(await store.installation(PORTAL)).toMatchObject({ clientEndpoint: 'https://renamed.example/rest/', domain: 'renamed.example' })
})

test('a save that fails after the rotation loses nothing: the pair is stored at the next need, without another renewal', async () => {
  await saveTokens(clock.now() - 1)
  let failing = true
  const tokens = keeper({
    replaceAccount: (...args) => (failing ? Promise.reject(new CodedError('STORE_UNAVAILABLE')) : store.replaceAccount(...args)),
  })
  await expect(tokens.pair(PORTAL)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  failing = false
  expect((await tokens.pair(PORTAL)).accessToken).toBe('access-1')
  expect((await storedPair())?.refreshToken).toBe('refresh-1')
  expect(server.asked).toHaveLength(1)
})

test('a pair that could not be stored is stored as soon as it can be, whether or not anybody needs it', async () => {
  await saveTokens(clock.now() - 1)
  let failing = true
  let stored: Promise<boolean> = Promise.resolve(false)
  const tokens = keeper({
    replaceAccount: (...args) => (failing ? Promise.reject(new CodedError('STORE_UNAVAILABLE')) : (stored = store.replaceAccount(...args))),
  })
  await expect(tokens.pair(PORTAL)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  await clock.advance(STORE_AGAIN_MS)
  failing = false
  await clock.advance(STORE_AGAIN_MS)
  expect(await stored).toBe(true)
  expect((await storedPair())?.refreshToken).toBe('refresh-1')
})

test('a pair that could not be stored is stored at a stop, and not tried again after it', async () => {
  await saveTokens(clock.now() - 1)
  let failing = true
  let tries = 0
  const tokens = keeper({
    replaceAccount: (...args) => {
      tries++
      return failing ? Promise.reject(new CodedError('STORE_UNAVAILABLE')) : store.replaceAccount(...args)
    },
  })
  await expect(tokens.pair(PORTAL)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  await tokens.stop()
  await clock.advance(10 * STORE_AGAIN_MS)
  expect(tries).toBe(2)
  failing = false
  await tokens.stop()
  expect((await storedPair())?.refreshToken).toBe('refresh-1')
})

test('a refused refresh token marks the account dead, and nobody asks again', async () => {
  await saveTokens(clock.now() - 1)
  server.answer = () => ({ status: 400, json: { error: 'invalid_grant' } })
  const tokens = keeper()
  await expect(tokens.pair(PORTAL)).rejects.toMatchObject({ code: 'TOKENS_DEAD' })
  await expect(tokens.pair(PORTAL)).rejects.toMatchObject({ code: 'TOKENS_DEAD' })
  expect(server.asked).toHaveLength(1)
  expect(await store.accounts(PORTAL)).toMatchObject([{ state: 'dead', deadAtMs: clock.now(), deadReason: 'the authorization server answered invalid_grant' }])
  expect(changed).toEqual(expect.arrayContaining([expect.objectContaining(PORTAL)]))
})

test.each([
  ['no connection', 'reset' as const],
  ['HTML instead of JSON', { text: '<html>' }],
  ['an error of the moment', { status: 503, json: { error: 'QUERY_LIMIT_EXCEEDED' } }],
  ['a server error without a body worth reading', { status: 500, json: {} }],
])('%s leaves the pair alone and is tried again', async (_name, answer) => {
  await saveTokens(clock.now() - 1)
  server.answer = () => answer
  const tokens = keeper()
  await expect(tokens.pair(PORTAL)).rejects.toMatchObject({ code: 'RENEWAL_FAILED' })
  server.answer = rotating
  await clock.advance(RENEWAL_COOLING_MS)
  expect((await tokens.pair(PORTAL)).accessToken).toBe('access-1')
})

test('a refusal that comes with status 200 is a refusal', async () => {
  await saveTokens(clock.now() - 1)
  server.answer = () => ({ status: 200, json: { error: 'NOT_INSTALLED' } })
  await expect(keeper().pair(PORTAL)).rejects.toMatchObject({ code: 'TOKENS_DEAD' })
})

test.each(['wrong_client', 'invalid_client'])('%s leaves the pair alone: the app was started with another\'s credentials', async (error) => {
  await saveTokens(clock.now() - 1)
  server.answer = () => ({ status: 400, json: { error } })
  await expect(keeper().pair(PORTAL)).rejects.toMatchObject({ code: 'RENEWAL_FAILED' })
  server.answer = rotating
  expect((await keeper().pair(PORTAL)).accessToken).toBe('access-1')
})

test('tokens of another portal are not stored', async () => {
  await saveTokens(clock.now() - 1)
  server.answer = () => ({ json: tokenAnswer(1, 'somebody else') })
  await expect(keeper().pair(PORTAL)).rejects.toMatchObject({ code: 'RENEWAL_FAILED' })
  expect((await storedPair())?.refreshToken).toBe('refresh-0')
})

test('client_secret goes to no server that is not known, whatever the installation says', async () => {
  await saveTokens(clock.now() - 1)
  const stranger = await startTinyServer(() => ({ json: {} }))
  await store.patchInstallation(PORTAL, { serverEndpoint: `${stranger.origin}/rest/`, updatedAtMs: 1 })
  await expect(keeper().pair(PORTAL)).rejects.toMatchObject({ code: 'AUTH_SERVER_UNKNOWN' })
  expect(stranger.asked).toEqual([])
  await stranger.close()
})

test('a redirect is not followed with the secret in hand', async () => {
  await saveTokens(clock.now() - 1)
  const stranger = await startTinyServer(() => ({ json: {} }))
  server.answer = () => ({ status: 307, text: '{}', location: `${stranger.origin}/oauth/token/` })
  await expect(keeper().pair(PORTAL)).rejects.toMatchObject({ code: 'RENEWAL_FAILED' })
  expect(stranger.asked).toEqual([])
  await stranger.close()
})

test('an uninstall during the renewal wins', async () => {
  await saveTokens(clock.now() - 1)
  let renewing: () => void = () => {}
  const started = new Promise<void>((resolve) => (renewing = resolve))
  const tokens = keeper({
    replaceAccount: async (...args) => {
      renewing()
      await store.patchInstallation(PORTAL, { status: 'deleted', updatedAtMs: 2 })
      return store.replaceAccount(...args)
    },
  })
  const pair = tokens.pair(PORTAL)
  await started
  await expect(pair).rejects.toMatchObject({ code: 'INSTALLATION_DELETED' })
  expect((await store.installation(PORTAL))?.status).toBe('deleted')
  await expect(tokens.pair(PORTAL)).rejects.toMatchObject({ code: 'INSTALLATION_DELETED' })
})

/** What an install page brings while the server is still at work: calls to the store keep their order. */
async function installerArrives(): Promise<void> {
  const pair = { accessToken: 'access-new', refreshToken: 'refresh-new', expiresAtMs: clock.now() + HOUR_MS }
  const account = sealAccount(sealer, { portal: PORTAL, userId: '1', master: true, nowMs: clock.now(), pair })
  await store.patchInstallation(PORTAL, { updatedAtMs: clock.now() }, account)
}

test.each([
  ['succeeds', () => ({ json: tokenAnswer(1) })],
  ['is refused', () => ({ status: 400, json: { error: 'invalid_grant' } })],
])('an installer who brings new tokens during a renewal that %s wins', async (_name, answer) => {
  await saveTokens(clock.now() - 1)
  server.answer = () => {
    void installerArrives()
    return answer()
  }
  expect((await keeper().pair(PORTAL)).accessToken).toBe('access-new')
  expect(await store.accounts(PORTAL)).toMatchObject([{ state: 'live' }])
  expect(await storedPair()).toMatchObject({ refreshToken: 'refresh-new' })
})

test('a pair that could not be stored gives way to what an installer has brought since', async () => {
  await saveTokens(clock.now() - 1)
  let failing = true
  const failure = () => Promise.reject(new CodedError('STORE_UNAVAILABLE'))
  const tokens = keeper({
    patchInstallation: (...args) => (failing ? failure() : store.patchInstallation(...args)),
    replaceAccount: (...args) => (failing ? failure() : store.replaceAccount(...args)),
  })
  await expect(tokens.pair(PORTAL)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  failing = false
  await installerArrives()
  expect((await tokens.pair(PORTAL)).accessToken).toBe('access-new')
})

test('a portal without tokens says so', async () => {
  await expect(keeper().pair(PORTAL)).rejects.toMatchObject({ code: 'TOKENS_MISSING' })
})
