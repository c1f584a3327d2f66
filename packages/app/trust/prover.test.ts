import { VirtualClock } from '@portline/runtime/clock.ts'
import { systemNetwork } from '@portline/runtime/network.ts'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { PROOFS_AT_ONCE, REFUSED_TOKEN_MS } from '../limits.ts'
import { startTinyServer } from '../test-support/tiny-auth-server.ts'
import type { TinyServer } from '../test-support/tiny-auth-server.ts'
import { createAuthServers } from '../tokens/auth-server.ts'
import { createProver } from './prover.ts'
import type { Claim, Prover } from './prover.ts'

const CLAIM: Claim = { clientId: 'app.mine', memberId: 'm', accessToken: 'the token' }

let clock: VirtualClock
let server: TinyServer
let other: TinyServer
let prover: Prover
let install: Record<string, unknown>
let clientId: string
let admin: { status?: number; json?: object; text?: string }

beforeEach(async () => {
  server = await startTinyServer((path) => (path.endsWith('user.admin') ? admin : { json: { result: { client_id: clientId, user_id: 7, install } } }))
  other = await startTinyServer(() => ({ status: 401, json: { error: 'invalid_token' } }))
  clock = new VirtualClock()
  clientId = 'app.mine'
  admin = { json: { result: true } }
  install = { installed: true, version: 3, status: 'F', scope: 'crm', domain: 'p', client_endpoint: `${server.origin}/rest/`, member_id: 'm' }
  prover = createProver({ authServers: createAuthServers([server.origin, other.origin], systemNetwork), network: systemNetwork, clock })
})
afterEach(() => Promise.all([server.close(), other.close()]))

test('an administrator\'s token proves its portal, and what is known of it comes from the server', async () => {
  expect(await prover.prove({ ...CLAIM, serverEndpoint: `${server.origin}/rest/` })).toEqual({
    serverEndpoint: `${server.origin}/rest/`, clientEndpoint: `${server.origin}/rest/`, domain: new URL(server.origin).host,
    userId: '7', installed: true, version: '3', appStatus: 'F', scope: 'crm',
  })
  expect(server.asked.map(({ path }) => path)).toEqual(['/rest/app.info', '/rest/user.admin'])
  expect(server.asked.every(({ path, form }) => !path.includes('token') && form.get('auth') === 'the token')).toBe(true)
})

test('a token of which nobody said whose it is, is shown to every known server', async () => {
  expect((await prover.prove(CLAIM)).serverEndpoint).toBe(`${server.origin}/rest/`)
})

test('one server\'s "no" is not final while another cannot be asked', async () => {
  server.answer = () => 'reset'
  await expect(prover.prove(CLAIM)).rejects.toMatchObject({ code: 'PROOF_UNAVAILABLE' })
})

test('a server that is not known is not asked', async () => {
  const stranger = await startTinyServer(() => ({ json: {} }))
  await expect(prover.prove({ ...CLAIM, serverEndpoint: `${stranger.origin}/rest/` })).rejects.toMatchObject({ code: 'AUTH_SERVER_UNKNOWN' })
  for (const serverEndpoint of ['not a url', 'javascript:alert(1)', `${server.origin}.evil.example/rest/`, `https://${new URL(server.origin).host}/rest/`]) {
    await expect(prover.prove({ ...CLAIM, serverEndpoint })).rejects.toMatchObject({ code: 'AUTH_SERVER_UNKNOWN' })
  }
  expect(stranger.asked).toEqual([])
  await stranger.close()
})

describe('is refused', () => {
  const only = () => ({ ...CLAIM, serverEndpoint: `${server.origin}/rest/` })
  test('when the token is for another app or another portal', async () => {
    clientId = 'app.theirs'
    await expect(prover.prove(only())).rejects.toMatchObject({ code: 'PROOF_REFUSED' })
    clientId = 'app.mine'
    install['member_id'] = 'somebody else'
    await expect(prover.prove(only())).rejects.toMatchObject({ code: 'PROOF_REFUSED' })
  })

  test('when its user is no administrator, though a visit is allowed', async () => {
    admin = { json: { result: false } }
    await expect(prover.prove(only())).rejects.toMatchObject({ code: 'PROOF_REFUSED' })
    expect((await prover.proveVisitor(only())).userId).toBe('7')
  })

  test('when tokens would travel to the portal in the clear', async () => {
    install['client_endpoint'] = 'http://portal.example/rest/'
    await expect(prover.prove(only())).rejects.toMatchObject({ code: 'PROOF_REFUSED' })
  })

  test('when the portal rejects the token', async () => {
    admin = { status: 401, json: { error: 'expired_token' } }
    await expect(prover.prove(only())).rejects.toMatchObject({ code: 'PROOF_REFUSED' })
  })
})

test.each([
  ['nonsense', { text: 'nonsense' }],
  ['a busy server', { status: 503, json: { error: 'QUERY_LIMIT_EXCEEDED' } }],
  ['a shape of another kind', { json: { result: { install: 'yes' } } }],
])('is open as long as the server answers with %s', async (_name, answer) => {
  server.answer = () => answer
  await expect(prover.prove({ ...CLAIM, serverEndpoint: `${server.origin}/rest/` })).rejects.toMatchObject({ code: 'PROOF_UNAVAILABLE' })
})

test.each([
  ['has no user.admin', { status: 404, json: { error: 'ERROR_METHOD_NOT_FOUND' } }],
  ['cannot reach the authorization server', { status: 401, json: { error: 'CONNECTION_ERROR' } }],
  ['is overloaded', { status: 401, json: { error: 'OVERLOAD_LIMIT' } }],
])('is open as long as the portal %s', async (_name, answer) => {
  admin = answer
  await expect(prover.prove({ ...CLAIM, serverEndpoint: `${server.origin}/rest/` })).rejects.toMatchObject({ code: 'PROOF_UNAVAILABLE' })
})

test('a public authorization server cannot name a service of this machine as the portal', async () => {
  const answer = { status: 200, json: { result: { client_id: clientId, user_id: 7, install } } }
  const asked: string[] = []
  const network = {
    postForm: (url: string) => {
      asked.push(url)
      return Promise.resolve(url.endsWith('app.info') ? answer : { status: 200, json: { result: true } })
    },
  }
  const remote = createProver({ authServers: createAuthServers(['https://oauth.example'], network), network, clock })
  await expect(remote.prove(CLAIM)).rejects.toMatchObject({ code: 'PROOF_REFUSED' })
  expect(asked).toEqual(['https://oauth.example/rest/app.info'])
})

test('a token that was refused is not asked about again for a minute', async () => {
  install['member_id'] = 'somebody else'
  const claim = { ...CLAIM, serverEndpoint: `${server.origin}/rest/` }
  await expect(prover.prove(claim)).rejects.toMatchObject({ code: 'PROOF_REFUSED' })
  install['member_id'] = 'm'
  expect(prover.objection(claim)).toBe('PROOF_REFUSED')
  await expect(prover.prove(claim)).rejects.toMatchObject({ code: 'PROOF_REFUSED' })
  expect(server.asked).toHaveLength(1)
  expect(prover.objection({ ...claim, memberId: 'another' })).toBeUndefined()
  await clock.advance(REFUSED_TOKEN_MS)
  expect((await prover.prove(claim)).userId).toBe('7')
})

test.each([
  ['PAYMENT_REQUIRED', 'Subscription has been ended'], ['APPLICATION_NOT_FOUND', 'Application not found'],
  ['ACCESS_DENIED', 'REST is available only on commercial plans by subscription.'],
])('a portal that answers every user of the app with %s has not said that this one is no administrator', async (error, description) => {
  const claim = { ...CLAIM, serverEndpoint: `${server.origin}/rest/` }
  admin = { status: 401, json: { error, error_description: description } }
  await expect(prover.prove(claim)).rejects.toMatchObject({ code: 'PROOF_UNAVAILABLE' })
  admin = { json: { result: true } }
  expect((await prover.prove(claim)).userId).toBe('7')
})

test('another question in its sender\'s turn has its place among the proofs, and a proof waits for it', async () => {
  let leave = (): void => {}
  const left = new Promise<void>((resolve) => (leave = resolve))
  const questions = Array.from({ length: PROOFS_AT_ONCE }, () => prover.inTurn('a sender', () => left))
  const proof = prover.prove({ ...CLAIM, serverEndpoint: `${server.origin}/rest/`, sender: 'another' })
  // As long as the proof's own question would take.
  await createAuthServers([server.origin], systemNetwork).appInfo(server.origin, 'a question beside the line')
  expect(server.asked.map(({ form }) => form.get('auth'))).toEqual(['a question beside the line'])
  leave()
  await Promise.all(questions)
  expect((await proof).userId).toBe('7')
})
