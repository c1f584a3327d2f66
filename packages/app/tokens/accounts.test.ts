import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { VirtualClock } from '@portline/runtime/clock.ts'
import { silentLog } from '@portline/runtime/log.ts'
import type { Log } from '@portline/runtime/log.ts'
import { systemNetwork } from '@portline/runtime/network.ts'
import { systemRandom } from '@portline/runtime/random.ts'
import { CodedError } from '@portline/wire/errors.ts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { AGE_JITTER_MS, AGE_RENEWALS_PER_SWEEP, AGE_RENEWAL_MS, AGE_SWEEP_MS, REJECTED_RENEWALS_PER_HOUR, RENEWAL_CLAIM_MS } from '../limits.ts'
import type { Store } from '../store/port.ts'
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts'
import { startTinyServer } from '../test-support/tiny-auth-server.ts'
import type { TinyServer } from '../test-support/tiny-auth-server.ts'
import { AgeRenewals } from './age-renewals.ts'
import { createAuthServers } from './auth-server.ts'
import { createSealer } from './sealer.ts'
import { createTokenKeeper } from './token-keeper.ts'
import type { TokenKeeper } from './token-keeper.ts'
import { formerRefreshToken, openAccount, sealAccount } from './token-pair.ts'

/** Several accounts of a portal, and what is asked of the server when things go wrong. The server takes each refresh token once. */
const PORTAL = { app: 'hello', memberId: 'm' }
const MINUTE_MS = 60_000
const DAY_MS = 24 * 3_600_000
const sealer = createSealer(new Uint8Array(32), systemRandom)

let folder: string
let store: Store
let server: TinyServer
let clock: VirtualClock
/** Refresh tokens that the server would take now. */
let good: Set<string>
let issued: number
let owners = 0
let logged: object[]

function renewal(_path: string, form: URLSearchParams) {
  const refresh = form.get('refresh_token') ?? ''
  return good.delete(refresh) ? { json: issue(refresh.split(' ')[0] ?? '') } : { status: 400, json: { error: 'invalid_grant' } }
}

function issue(user: string) {
  issued += 1
  good.add(`${user} refresh ${issued}`)
  return {
    access_token: `${user} access ${issued}`, refresh_token: `${user} refresh ${issued}`, expires_in: 3600, member_id: 'm', scope: 'crm', status: 'L',
    domain: 'oauth.example', server_endpoint: `${server.origin}/rest/`, client_endpoint: 'https://p.example/rest/', user_id: 1,
  }
}

function keeper(over: Partial<Store> = {}): TokenKeeper {
  const warn = (fields: object): void => void logged.push(fields)
  const log: Log = { ...silentLog, warn, error: warn }
  return createTokenKeeper({
    store: { ...store, ...over }, sealer, clock, log, authServers: createAuthServers([server.origin], systemNetwork),
    credentialsOf: () => ({ clientId: 'local.1', clientSecret: 'top secret' }), owner: `owner ${++owners}`, onChanged: () => Promise.resolve(),
  })
}

async function install(user: string, { master = true, memberId = 'm', expiresAtMs = 0, knownToServer = true } = {}): Promise<void> {
  const portal = { ...PORTAL, memberId }
  const refreshToken = `${user} refresh ${++issued}`
  if (knownToServer) good.add(refreshToken)
  const account = sealAccount(sealer, {
    portal, userId: user, master, nowMs: clock.now() + issued, pair: { accessToken: `${user} access ${issued}`, refreshToken, expiresAtMs },
  })
  await store.saveInstallation({
    ...portal, status: 'active', generation: 1, domain: 'p.example', clientEndpoint: 'https://p.example/rest/',
    serverEndpoint: `${server.origin}/rest/`, updatedAtMs: clock.now(),
  }, account)
}

async function states() {
  return (await store.accounts(PORTAL)).map(({ userId, master, state }) => `${userId} ${state}${master ? ' master' : ''}`).toSorted()
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portline-accounts-'))
  store = await openSqliteStore(join(folder, 'store.sqlite'))
  clock = new VirtualClock()
  good = new Set()
  issued = 0
  logged = []
  server = await startTinyServer(renewal)
})
afterEach(async () => {
  await store.close()
  await server.close()
  await rm(folder, { recursive: true })
})

test('when the master\'s pair is lost the living account with the newest pair speaks for the portal, and the operator is told', async () => {
  await install('ann')
  await install('bob')
  await install('eve', { knownToServer: false })
  const tokens = keeper()
  expect((await tokens.pair(PORTAL)).accessToken).toMatch(/^bob access/)
  expect(await states()).toEqual(['ann live', 'bob live master', 'eve dead'])
  expect(logged).toContainEqual(expect.objectContaining({ code: 'TOKENS_DEAD', portal: 'm', user: 'eve', otherAccounts: 2 }))
  expect(server.asked).toHaveLength(2)
})

test('an account whose tokens open with no key is passed over and stays as it is; with none left that opens the key is asked for', async () => {
  await install('ann')
  await install('bob')
  const unopened = sealAccount(createSealer(new Uint8Array(32).fill(1), systemRandom), {
    portal: PORTAL, userId: 'bob', master: true, nowMs: clock.now() + 9, pair: { accessToken: 'x', refreshToken: 'y', expiresAtMs: 0 },
  })
  await store.saveAccount(unopened)
  const tokens = keeper()
  const pair = await tokens.pair(PORTAL)
  expect(pair.accessToken).toMatch(/^ann access/)
  expect(await tokens.turnedAway(PORTAL, pair.accessToken, 'user_access_error')).toBe(false)
  expect(await states()).toEqual(['ann live', 'bob live master'])
  await store.buryAccount((await store.accounts(PORTAL)).find(({ userId }) => userId === 'ann') ?? unopened, { atMs: clock.now(), reason: 'gone' })
  await expect(tokens.pair(PORTAL)).rejects.toMatchObject({ code: 'KEY_INVALID', message: expect.stringContaining('no key at hand') as unknown })
})

test('every account is asked about once and then nobody is, until an installer comes', async () => {
  for (const user of ['ann', 'bob', 'eve']) await install(user, { knownToServer: false })
  const tokens = keeper()
  for (let call = 0; call < 20; call++) await expect(tokens.pair(PORTAL)).rejects.toMatchObject({ code: 'TOKENS_DEAD' })
  expect(server.asked).toHaveLength(3)
  expect(new Set((await store.accounts(PORTAL)).map(({ state }) => state))).toEqual(new Set(['dead']))
  await install('ann')
  expect((await tokens.pair(PORTAL)).accessToken).toMatch(/^ann access/)
})

test('a server that cannot be asked is no reason to change the account', async () => {
  await install('ann')
  await install('bob')
  server.answer = () => ({ status: 503, json: { error: 'INTERNAL_SERVER_ERROR' } })
  await expect(keeper().pair(PORTAL)).rejects.toMatchObject({ code: 'RENEWAL_FAILED' })
  expect(await states()).toEqual(['ann live', 'bob live master'])
})

test('the pair before is kept beside the new one until a call has succeeded', async () => {
  await install('ann')
  const tokens = keeper()
  const { accessToken } = await tokens.pair(PORTAL)
  const [kept] = await store.accounts(PORTAL)
  expect(kept && formerRefreshToken(sealer, kept)).toBe('ann refresh 1')
  tokens.proved(PORTAL, 'another token')
  expect((await store.accounts(PORTAL))[0]).toHaveProperty('formerTokens')
  tokens.proved(PORTAL, accessToken)
  expect((await store.accounts(PORTAL))[0]).not.toHaveProperty('formerTokens')
})

test('a process that finds a pair which has not proved itself learns of its first success too', async () => {
  await install('ann')
  await keeper().pair(PORTAL)
  const next = keeper()
  next.proved(PORTAL, (await next.pair(PORTAL)).accessToken)
  expect((await store.accounts(PORTAL))[0]).not.toHaveProperty('formerTokens')
})

test('a new pair that the server does not know is given up for the one before it, which is tried once', async () => {
  await install('ann')
  const tokens = keeper()
  const { accessToken } = await tokens.pair(PORTAL)
  // A failover of the server lost its last write.
  good = new Set(['ann refresh 1'])
  server.asked.length = 0
  expect((await tokens.pair(PORTAL, accessToken)).accessToken).toBe('ann access 3')
  expect(server.asked.map(({ form }) => form.get('refresh_token'))).toEqual(['ann refresh 2', 'ann refresh 1'])
  expect(await states()).toEqual(['ann live master'])
})

test('a server that loses one write after the other does not lose the portal: the pair that was given for the one before is kept beside that one', async () => {
  await install('ann')
  let { accessToken } = await keeper().pair(PORTAL)
  for (let failover = 0; failover < 3; failover++) {
    good = new Set(['ann refresh 1'])
    // Whatever process comes next knows what is in the store alone.
    accessToken = (await keeper().pair(PORTAL, accessToken)).accessToken
    const [kept] = await store.accounts(PORTAL)
    expect(kept && formerRefreshToken(sealer, kept)).toBe('ann refresh 1')
  }
  expect(await states()).toEqual(['ann live master'])
})

test('a pair that has proved itself and is refused later is dead: the one before it is not asked about', async () => {
  await install('ann')
  const tokens = keeper()
  const { accessToken } = await tokens.pair(PORTAL)
  tokens.proved(PORTAL, accessToken)
  good = new Set(['ann refresh 1'])
  server.asked.length = 0
  await expect(tokens.pair(PORTAL, accessToken)).rejects.toMatchObject({ code: 'TOKENS_DEAD' })
  expect(server.asked).toHaveLength(1)
})

test('a user whom the portal turns away gives way to another account, never to nobody', async () => {
  await install('ann')
  await install('bob')
  const tokens = keeper()
  const bob = await tokens.pair(PORTAL)
  expect(await tokens.turnedAway(PORTAL, 'some other token', 'user_access_error')).toBe(false)
  expect(await tokens.turnedAway(PORTAL, bob.accessToken, 'user_access_error')).toBe(true)
  expect(await states()).toEqual(['ann live master', 'bob dead'])
  const ann = await tokens.pair(PORTAL)
  expect(ann.accessToken).toMatch(/^ann/)
  expect(await tokens.turnedAway(PORTAL, ann.accessToken, 'authorization_error')).toBe(false)
  expect(await states()).toEqual(['ann live master', 'bob dead'])
})

test('a process that stood still while another one took its claim and saw the pair refused revives the account', async () => {
  await install('ann')
  let stored: () => void = () => {}
  const stalled = new Promise<void>((resolve) => (stored = resolve))
  const slow = keeper({
    async replaceAccount(...args) {
      await stalled
      return store.replaceAccount(...args)
    },
  })
  const first = slow.pair(PORTAL)
  while (server.asked.length < 1) await clock.advance(1)
  await clock.advance(RENEWAL_CLAIM_MS)
  await expect(keeper().pair(PORTAL)).rejects.toMatchObject({ code: 'TOKENS_DEAD' })
  stored()
  expect((await first).accessToken).toBe('ann access 2')
  expect(await states()).toEqual(['ann live master'])
  expect((await keeper().pair(PORTAL)).accessToken).toBe('ann access 2')
})

test.each([
  ['the server cannot be reached', () => 'reset' as const, 300],
  ['the app is not paid for', () => ({ status: 401, json: { error: 'PAYMENT_REQUIRED' } }), 300],
  ['our own credentials are wrong', () => ({ status: 200, json: { error: 'wrong_client' } }), 300],
  ['the answer is another portal\'s', () => ({ json: { ...issue('ann'), member_id: 'other' } }), 300],
  ['the pair is refused', () => ({ status: 400, json: { error: 'invalid_grant' } }), 1],
])('while %s, whoever asks each minute of a day leaves the server in peace', async (_why, answer, atMost) => {
  await install('ann')
  server.answer = answer
  const tokens = keeper()
  for (let minute = 0; minute < 24 * 60; minute++) {
    await tokens.pair(PORTAL).catch((error: unknown) => expect(error).toBeInstanceOf(CodedError))
    await clock.advance(MINUTE_MS)
  }
  expect(server.asked.length).toBeGreaterThan(0)
  expect(server.asked.length).toBeLessThanOrEqual(atMost)
})

test('a portal that rejects every token, however new, does not make us renew with each call', async () => {
  await install('ann')
  const tokens = keeper()
  let rejected = (await tokens.pair(PORTAL)).accessToken
  let failures = 0
  for (let minute = 0; minute < 60; minute++) {
    await tokens.pair(PORTAL, rejected).then(
      ({ accessToken }) => (rejected = accessToken),
      (error: unknown) => {
        failures += 1
        expect(error).toMatchObject({ code: 'RENEWAL_FAILED' })
      },
    )
    await clock.advance(MINUTE_MS - 1)
  }
  expect(server.asked.length).toBeLessThanOrEqual(REJECTED_RENEWALS_PER_HOUR + 3)
  expect(failures).toBeGreaterThan(40)
  await clock.advance(3_600_000)
  expect((await tokens.pair(PORTAL)).accessToken).not.toBe(rejected)
})

test('portals that were installed on one day are renewed on many, a bounded number an hour, each before its token dies of age', async () => {
  const portals = 150
  for (let n = 0; n < portals; n++) await install('ann', { memberId: `m${n}`, expiresAtMs: clock.now() })
  const memberOf = (refresh: string): string => members.get(refresh) ?? ''
  const members = new Map((await Promise.all(Array.from({ length: portals }, async (_, n) => {
    const [account] = await store.accounts({ ...PORTAL, memberId: `m${n}` })
    return account === undefined ? [] : [[openAccount(sealer, account).refreshToken, `m${n}`] as const]
  }))).flat())
  server.answer = (_path, form) => ({ json: { ...issue('ann'), member_id: memberOf(form.get('refresh_token') ?? '') } })
  const ages = new AgeRenewals({ store, tokens: keeper(), clock, log: silentLog })
  const perDay: number[] = []
  for (let day = 0; day <= AGE_RENEWAL_MS / DAY_MS; day++) {
    let renewed = 0
    for (let look = 0; look < 4; look++) {
      const now = await ages.sweep()
      expect(now).toBeLessThanOrEqual(AGE_RENEWALS_PER_SWEEP)
      renewed += now
      await clock.advance(DAY_MS / 4)
    }
    perDay.push(renewed)
  }
  expect(perDay.reduce((sum, n) => sum + n, 0)).toBe(portals)
  expect(perDay.slice(0, (AGE_RENEWAL_MS - AGE_JITTER_MS) / DAY_MS - 1)).not.toContainEqual(expect.toSatisfy((n: number) => n > 0))
  expect(Math.max(...perDay)).toBeLessThan(portals / 5)
})

test('an hour\'s renewals are bounded even when all are due', async () => {
  for (let n = 0; n <= AGE_RENEWALS_PER_SWEEP; n++) await install(`user${n}`, { master: false })
  await clock.advance(AGE_RENEWAL_MS)
  const ages = new AgeRenewals({ store, tokens: keeper(), clock, log: silentLog })
  expect(await ages.sweep()).toBe(AGE_RENEWALS_PER_SWEEP)
  expect(await ages.sweep()).toBe(1)
  expect(await ages.sweep()).toBe(0)
})

test('an ageing pair that cannot be renewed is tried again a day later, and one that was renewed meanwhile is left alone', async () => {
  await install('ann')
  server.answer = () => 'reset'
  await clock.advance(AGE_RENEWAL_MS)
  const ages = new AgeRenewals({ store, tokens: keeper(), clock, log: silentLog })
  for (let hour = 0; hour < 48; hour++) {
    await ages.sweep()
    await clock.advance(AGE_SWEEP_MS)
  }
  expect(server.asked).toHaveLength(2)
  server.answer = renewal
  const tokens = keeper()
  const [account] = await store.accounts(PORTAL)
  await tokens.pair(PORTAL)
  if (account !== undefined) await tokens.renewAged(account)
  expect(server.asked).toHaveLength(3)
})

test('a pair that is not on disk yet is put there before its account is renewed for its age', async () => {
  await install('7')
  let failing = true
  const tokens = keeper({
    replaceAccount: (...args) => (failing ? Promise.reject(new CodedError('STORE_UNAVAILABLE')) : store.replaceAccount(...args)),
  })
  const [account] = await store.accounts(PORTAL)
  if (account === undefined) throw new Error('there is no account')
  await expect(tokens.pair(PORTAL)).rejects.toMatchObject({ code: 'STORE_UNAVAILABLE' })
  failing = false
  await tokens.renewAged(account)
  expect(server.asked).toHaveLength(1)
  expect(logged).toEqual([])
  expect((await store.accounts(PORTAL)).map((each) => openAccount(sealer, each).refreshToken)).toEqual([...good])
})
