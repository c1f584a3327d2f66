import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setImmediate as nextTurn } from 'node:timers/promises'
import { VirtualClock } from '@portline/runtime/clock.ts'
import { silentLog } from '@portline/runtime/log.ts'
import { systemNetwork } from '@portline/runtime/network.ts'
import type { Network } from '@portline/runtime/network.ts'
import { systemRandom } from '@portline/runtime/random.ts'
import type { EventEnvelope } from '@portline/wire/envelope.ts'
import { afterEach, beforeEach, expect, test, vi } from 'vitest'
import { PROOFS_AT_ONCE, PROOFS_WAITING, REFUSED_TOKEN_MS } from '../limits.ts'
import type { Store, StoredEvent } from '../store/port.ts'
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts'
import { startTinyServer } from '../test-support/tiny-auth-server.ts'
import type { TinyServer } from '../test-support/tiny-auth-server.ts'
import { createAuthServers } from '../tokens/auth-server.ts'
import { createSealer } from '../tokens/sealer.ts'
import { sealAccount } from '../tokens/token-pair.ts'
import { HeldPairs } from './held-pairs.ts'
import { createProver } from './prover.ts'
import type { Prover } from './prover.ts'

/** Pairs that came with held events and are long expired. The server takes each refresh token once. */
const CREDENTIALS = { clientId: 'app.mine', clientSecret: 'top secret' }
const CROWD = 40
const sealer = createSealer(new Uint8Array(32), systemRandom)

let folder: string
let store: Store
let server: TinyServer
let other: TinyServer
let clock: VirtualClock
let prover: Prover
let pairs: HeldPairs
/** Refresh tokens that the server would take now. */
let good: Set<string>
let issued: number
/** Questions are on their way until this is resolved. */
let answersMayCome: Promise<void>
let underWay: number
let mostUnderWay: number
/** Events whose renewal has got in line. */
let inLine: string[]

function answer(path: string, form: URLSearchParams) {
  if (path === '/rest/app.info') return { status: 401, json: { error: 'expired_token' } }
  if (!good.delete(form.get('refresh_token') ?? '')) return { status: 400, json: { error: 'invalid_grant' } }
  issued += 1
  good.add(`refresh ${issued}`)
  return {
    json: {
      access_token: `access ${issued}`, refresh_token: `refresh ${issued}`, expires_in: 3600, member_id: 'm', domain: 'oauth.example',
      server_endpoint: `${server.origin}/rest/`, client_endpoint: 'https://p.example/rest/',
    },
  }
}

const network: Network = {
  async postForm(...question) {
    mostUnderWay = Math.max(mostUnderWay, ++underWay)
    await answersMayCome
    return systemNetwork.postForm(...question).finally(() => (underWay -= 1))
  },
}

function install(id: string, memberId = 'm'): StoredEvent {
  return { id, app: 'hello', memberId, code: 'ONAPPINSTALL', generation: 0, auth: new Uint8Array(), state: 'held', receivedAtMs: clock.now(), seq: 1, attempts: 0 }
}

function brings(refreshToken: string): EventEnvelope {
  return { event: 'ONAPPINSTALL', auth: { access_token: `access of ${refreshToken}`, refresh_token: refreshToken, expires: '1' } }
}

function fresh(event: StoredEvent, refreshToken: string, at = server) {
  return pairs.fresh(event, brings(refreshToken), `${at.origin}/rest/`)
}

async function proveWhatWasHeld(number: number): Promise<unknown> {
  const event = install(`${number}`, `invented ${number}`)
  const pair = await fresh(event, `invented ${number}`)
  return prover.prove({ clientId: CREDENTIALS.clientId, memberId: event.memberId, accessToken: pair?.accessToken ?? '', serverEndpoint: server.origin })
}

/** Every place of the gate is taken until this is called. */
function fillGate(): () => void {
  let leave = (): void => {}
  const left = new Promise<void>((resolve) => (leave = resolve))
  for (let place = 0; place < PROOFS_AT_ONCE; place += 1) void prover.inTurn('another sender', () => left)
  return leave
}

function senderOf(eventId: string): string {
  inLine.push(eventId)
  return 'a sender'
}

function renewals(of = server): (string | null)[] {
  return of.asked.filter(({ path }) => path === '/oauth/token/').map(({ form }) => form.get('refresh_token'))
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portline-held-pairs-'))
  store = await openSqliteStore(join(folder, 'store.sqlite'))
  server = await startTinyServer(answer)
  other = await startTinyServer(answer)
  clock = new VirtualClock(Date.now())
  good = new Set()
  issued = underWay = mostUnderWay = 0
  inLine = []
  answersMayCome = Promise.resolve()
  const authServers = createAuthServers([server.origin, other.origin], network)
  prover = createProver({ authServers, network, clock })
  pairs = new HeldPairs({
    store, sealer, authServers, prover, clock, log: silentLog, tokens: { renewAged: () => Promise.reject(new Error('no account is renewed here')) },
    credentialsOf: () => CREDENTIALS, senderOf,
  })
})
afterEach(async () => {
  pairs.stop()
  await store.close()
  await Promise.all([server.close(), other.close()])
  await rm(folder, { recursive: true })
})

test('a crowd of invented installs with expired pairs takes turns at the server: client_secret is sent no oftener at once than proofs are asked', async () => {
  let mayCome = (): void => {}
  answersMayCome = new Promise((resolve) => (mayCome = resolve))
  const proofs = Promise.allSettled(Array.from({ length: CROWD }, (_, number) => proveWhatWasHeld(number)))
  await vi.waitFor(() => expect(underWay).toBeGreaterThanOrEqual(PROOFS_AT_ONCE))
  for (let round = 0; round < CROWD; round += 1) await nextTurn()
  mayCome()
  // All of them end: a renewal that kept its place for the proof after it would wait for itself.
  expect((await proofs).every((proof) => proof.status === 'rejected' && (proof.reason as { code?: string }).code === 'PROOF_REFUSED')).toBe(true)
  expect(renewals()).toHaveLength(CROWD)
  expect(mostUnderWay).toBe(PROOFS_AT_ONCE)
})

test('a renewal that finds no room to wait is for later, and nothing is asked', async () => {
  const leave = fillGate()
  const crowd = Promise.allSettled(Array.from({ length: PROOFS_WAITING }, () => prover.inTurn('a sender', () => Promise.resolve())))
  good.add('theirs')
  await expect(fresh(install('1'), 'theirs')).rejects.toMatchObject({ code: 'PROOF_UNAVAILABLE' })
  leave()
  await crowd
  expect(renewals()).toEqual([])
  expect(await fresh(install('1'), 'theirs')).toMatchObject({ accessToken: 'access 1' })
})

test('a renewal that was still waiting for its turn is not begun when the process stops: nobody would write down what it brings', async () => {
  const leave = fillGate()
  good.add('theirs')
  const waiting = expect(fresh(install('1'), 'theirs')).rejects.toMatchObject({ code: 'PROOF_UNAVAILABLE' })
  await vi.waitFor(() => expect(inLine).toEqual(['1']))
  pairs.stop()
  leave()
  await waiting
  expect(good).toEqual(new Set(['theirs']))
})

test('a pair that became an account\'s while its renewal waited is left to the keeper of accounts', async () => {
  const leave = fillGate()
  const portal = { app: 'hello', memberId: 'm' }
  good.add('theirs')
  const waiting = expect(fresh(install('1'), 'theirs')).rejects.toMatchObject({ code: 'PROOF_UNAVAILABLE' })
  await vi.waitFor(() => expect(inLine).toEqual(['1']))
  const pair = { accessToken: 'access of theirs', refreshToken: 'theirs', expiresAtMs: clock.now() }
  await store.saveInstallation(
    { ...portal, status: 'active', generation: 1, domain: 'p', clientEndpoint: 'https://p/rest/', serverEndpoint: `${server.origin}/rest/`, updatedAtMs: clock.now() },
    sealAccount(sealer, { portal, userId: '1', master: true, nowMs: clock.now(), pair }),
  )
  leave()
  await waiting
  expect(good).toEqual(new Set(['theirs']))
})

test('a refresh token that was refused is not asked about again for a minute, by no copy and no review', async () => {
  for (const id of ['1', '2', '2']) expect(await fresh(install(id), 'invented')).toMatchObject({ refreshToken: 'invented' })
  expect(renewals()).toEqual(['invented'])
  await clock.advance(REFUSED_TOKEN_MS)
  good.add('invented')
  expect(await fresh(install('1'), 'invented')).toMatchObject({ accessToken: 'access 1' })
})

test('a refusal by another server than the one that gave the token says nothing of it', async () => {
  good.add('theirs')
  other.answer = () => ({ status: 400, json: { error: 'invalid_grant' } })
  expect(await fresh(install('1'), 'theirs', other)).toMatchObject({ refreshToken: 'theirs' })
  expect(await fresh(install('2'), 'theirs')).toMatchObject({ accessToken: 'access 1' })
})

test('a server that lost what it wrote is asked with the token before, though that was refused for a copy in between', async () => {
  good.add('theirs')
  expect(await fresh(install('1'), 'theirs')).toMatchObject({ accessToken: 'access 1' })
  expect(await fresh(install('its copy'), 'theirs')).toMatchObject({ refreshToken: 'theirs' })
  good = new Set(['theirs'])
  expect(await pairs.instead(install('1'), brings('theirs'), `${server.origin}/rest/`)).toMatchObject({ accessToken: 'access 2' })
})

test('a server that cannot be asked, or says nothing of the token, has refused none', async () => {
  good.add('theirs')
  for (const unsure of ['reset', { status: 401, json: { error: 'PAYMENT_REQUIRED' } }, { status: 503, text: 'busy' }] as const) {
    server.answer = () => unsure
    await expect(fresh(install('1'), 'theirs')).rejects.toMatchObject({ code: 'PROOF_UNAVAILABLE' })
  }
  server.answer = answer
  expect(await fresh(install('1'), 'theirs')).toMatchObject({ accessToken: 'access 1' })
})

test('a server that is not known is not asked', async () => {
  await expect(pairs.fresh(install('1'), brings('theirs'), 'https://evil.example/rest/')).rejects.toMatchObject({ code: 'AUTH_SERVER_UNKNOWN' })
  expect(mostUnderWay).toBe(0)
})
