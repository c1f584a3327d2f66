import { execFileSync } from 'node:child_process'
import { readFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { VirtualClock } from '@portline/runtime/clock.ts'
import { systemNetwork } from '@portline/runtime/network.ts'
import { systemRandom } from '@portline/runtime/random.ts'
import { decodeForm } from '@portline/wire/form/decode.ts'
import { encodeForm } from '@portline/wire/form/encode.ts'
import { readEnvelope } from '@portline/wire/read-envelope.ts'
import { defineApp } from 'portline'
import type { HandlerContext } from 'portline'
import { startTinyServer } from 'portline/test-support/tiny-auth-server.ts'
import { digestOfSealed, hasDigest, sealApplicationToken } from 'portline/tokens/application-token.ts'
import { createAuthServers } from 'portline/tokens/auth-server.ts'
import { createSealer } from 'portline/tokens/sealer.ts'
import { pairOf } from 'portline/tokens/token-pair.ts'
import { afterEach, describe, expect, test } from 'vitest'
import { forged } from './support/attacker.ts'
import { installApp, openHouse } from './support/house.ts'
import type { House } from './support/house.ts'

/**
 * Holes that were found in the SDKs, frameworks and parsers of the field, each with a test that Portline does not have it: a title in
 * this file, or in another one.
 */
const HOLES: Readonly<Record<string, readonly string[]>> = {
  // Bitrix24's SDKs and templates
  'an unchecked ONAPPINSTALL is stored, and the next call sends client_secret to the server that it named': [
    'in an event of %s', 'client_secret goes to no server that is not known, whatever the installation says',
  ],
  'a renewal is guarded per client, so two clients of one pair race': [
    'a thousand callers of an expired pair cause one renewal and get the same new pair',
    'an expired token is renewed under the handler\'s call, once, and the handler sees nothing of it',
  ],
  'a save callback that throws loses the pair': ['a save that fails after the rotation loses nothing: the pair is stored at the next need, without another renewal'],
  'a dead refresh token surfaces as an unknown error': ['a refresh token that is dead says so by its code, at once'],
  'a renamed portal, which answers 302, breaks every call': ['a portal that is renamed keeps working under its member_id'],
  'writes are repeated after a broken connection': ['a write whose answer was lost is not repeated behind the handler\'s back'],
  'an install with any application_token is accepted for a live portal': ['by an ordinary user of the portal, with a token that is really theirs', 'without an access token'],
  'a missing application_token, or one that is a list, ends in status 500': ['application_token as a list', 'a request whose fields have other shapes than expected is never answered 500'],
  'the application_token is compared character by character': ['the application_token is compared by digest, in constant time'],
  'whole payloads with their tokens go to the log': ['a whole installation leaves no secret readable, at rest, in the log or in the operator API'],
  'a redirect, or a token that stays expired, is followed for ever': [
    'a portal that answers expired_token for ever is not asked for ever', 'a portal whose redirect leads to itself is not asked for ever',
  ],
  'the application_token is read and never compared': ['without an application_token, or with a wrong one, it is refused'],
  'https and the authorization server are wired in': ['a box with an authorization server of its own is served when that server is trusted'],
  'an uninstall is found by its token and carried out on the member_id of the request': ['the application_token of one portal is worth nothing with the member_id of another'],
  'an uninstall deletes all of a member_id unchecked': ['an uninstall without the application_token closes nothing, whatever else it brings'],
  'the broker\'s confirms are not waited for': ['is in the durable queue once it is confirmed, persistent and with what a consumer needs'],
  // Frameworks
  'an event is acknowledged before it is safe': ['${KILLS} kills under load lose nothing that was answered 200, and keep every lane\'s order'],
  'renewals of several processes race': ['a thousand callers in four processes and a crash at each step never lock the portal out, where it ${what}'],
  'an uninstall fails for ever because a dead token is renewed first': ['a portal whose tokens are dead is uninstalled and erased all the same'],
  'one answer without expires_in switches renewal off': ['an answer without expires_in is good for an hour and renewed after it'],
  'there is no way to test an app': ['a lead created on the portal reaches the app, also when the portal is busy and an hour has passed'],
  // Gateways
  'what was dropped has no reason': ['the operator API says why, and has every attempt', 'counts refusals and keeps samples of them'],
  'restoring a backup was never tried': ['what was acknowledged before a backup began is in it; the app side goes on from there'],
  // Parsers
  'names deeper than five levels become one literal key': ['an event as deep, as wide and as long as Bitrix24 sends it arrives whole'],
  'parameters beyond a thousand are dropped, and with them the token at the end': ['an event as deep, as wide and as long as Bitrix24 sends it arrives whole', '5,000 parameters'],
  'a list of more than twenty becomes a map': ['an event as deep, as wide and as long as Bitrix24 sends it arrives whole'],
  'auth[application_token] stays a flat name': ['a name with escaped brackets in auth is read like any other'],
}

const root = fileURLToPath(new URL('../', import.meta.url))
const listed = execFileSync('git', ['ls-files', '--cached', '--others', '--exclude-standard', '*.test.ts'], { cwd: root, encoding: 'utf8' })
const tests = listed.split('\n').filter((file) => file !== '').map((file) => readFileSync(root + file, 'utf8').replaceAll('\\\'', '\''))

test.each(Object.entries(HOLES))('%s: not here', (_hole, titles) => {
  const own = readFileSync(fileURLToPath(import.meta.url), 'utf8').replaceAll('\\\'', '\'')
  for (const title of titles) {
    const elsewhere = tests.some((text) => text !== own && [`'${title}'`, `\`${title}\``, `"${title}"`].some((quoted) => text.includes(quoted)))
    expect(elsewhere || own.includes(`test('${title}'`) || own.includes(`['${title}', {`), `there is no test "${title}"`).toBe(true)
  }
})

let house: House | undefined
afterEach(async () => {
  await house?.close()
  house = undefined
})

const TWO_HOURS_MS = 7_200_000

/** Runs a handler once, on an installed app, and says how its event ended. */
async function runOnce(handle: (context: HandlerContext<'ONAPPTEST'>) => Promise<unknown>, prepare: (opened: House, clock: VirtualClock) => Promise<void> | void) {
  const clock = new VirtualClock(Date.now())
  const app = defineApp({ name: 'shop' }).on('ONAPPTEST', async (context) => void (await handle(context)), { retryDelaysMs: [] })
  house = await openHouse({ app, portal: { clock, queue: { minDelayMs: 0, maxDelayMs: 0 } }, side: { clock } })
  await installApp(house)
  await prepare(house, clock)
  const { application_token } = house.portal.control.app(house.clientId)
  await house.post(forged('ONAPPTEST', { member_id: house.portal.memberId, application_token }))
  const { id } = await house.settled('ONAPPTEST')
  return house.event(id)
}

function struck(): number {
  return house?.portal.control.faults.list().reduce((sum, fault) => sum + fault.struck, 0) ?? 0
}

describe('calls', () => {
  test('a write whose answer was lost is not repeated behind the handler\'s back', async () => {
    const write = ({ b24 }: HandlerContext<'ONAPPTEST'>) => b24.actions.v2.call.make({ method: 'app.option.set', params: { options: { n: 1 } } })
    const event = await runOnce(write, ({ portal }) => void portal.control.faults.add({ fault: 'connection_reset', method: 'app.option.set', when: 'after' }))
    expect([event.state, struck()]).toEqual(['dead', 1])
  })

  test('a refresh token that is dead says so by its code, at once', async () => {
    const event = await runOnce(({ b24 }) => b24.actions.v2.call.make({ method: 'profile' }), async ({ portal }, clock) => {
      portal.control.faults.add({ fault: 'invalid_grant' })
      await clock.advance(TWO_HOURS_MS)
    })
    expect(event).toMatchObject({ state: 'dead', attempts: 1, attemptLog: [{ error: { code: 'TOKENS_DEAD' } }] })
  })

  test.each([
    ['a portal that answers expired_token for ever is not asked for ever', { fault: 'expired_token', method: 'profile' }],
    ['a portal whose redirect leads to itself is not asked for ever', { fault: 'renamed_portal', method: 'profile', to: '' }],
  ] as const)('%s', async (_name, fault) => {
    const ask = ({ b24 }: HandlerContext<'ONAPPTEST'>) => b24.actions.v2.call.make({ method: 'profile' })
    const event = await runOnce(ask, ({ portal }) => void portal.control.faults.add('to' in fault ? { ...fault, to: portal.url } : fault))
    expect(event.state).toBe('dead')
    expect(struck()).toBeLessThanOrEqual(3)
  })

  test('an answer without expires_in is good for an hour and renewed after it', async () => {
    const pair = { access_token: 'a', refresh_token: 'r', client_endpoint: 'https://p.example/rest/', server_endpoint: 'https://o.example/rest/', member_id: 'm' }
    const server = await startTinyServer(() => ({ json: pair }))
    const answer = await createAuthServers([server.origin], systemNetwork).renew(server.origin, { clientId: 'c', clientSecret: 's' }, 'r')
    expect(pairOf(answer, 0).expiresAtMs).toBe(3_600_000)
    await server.close()
  })
})

describe('requests', () => {
  test('a request whose fields have other shapes than expected is never answered 500', async () => {
    house = await openHouse({ app: defineApp({ name: 'shop' }) })
    const fields = ['access_token', 'expires', 'scope', 'domain', 'server_endpoint', 'client_endpoint', 'member_id', 'user_id', 'refresh_token', 'application_token']
    for (const field of fields) {
      for (const shape of [`auth[${field}][]=x`, `auth[${field}][a][b]=x`, `auth[${field}]=`, `auth[${field}]=%00%ff`]) {
        const { status } = await house.post(`event=ONAPPINSTALL&ts=1&auth[member_id]=m&auth[application_token]=t&${shape}`)
        expect([shape, [200, 400, 403].includes(status)]).toEqual([shape, true])
      }
    }
  })

  test('the application_token is compared by digest, in constant time', () => {
    const sealer = createSealer(new Uint8Array(32), systemRandom)
    const portal = { app: 'shop', memberId: 'm' }
    const digest = digestOfSealed(sealer, portal, sealApplicationToken(sealer, portal, 'the token'))
    const close = ['the token', 'the tokeN', 'the toke', 'the token ', '', 't'.repeat(1_000)]
    expect(close.map((token) => hasDigest(token, digest))).toEqual([true, false, false, false, false, false])
    // Nothing else compares it: what a test can't time, it can read.
    const source = readFileSync(`${root}packages/app/tokens/application-token.ts`, 'utf8')
    expect(source).toMatch(/return digest !== undefined && timingSafeEqual\(digestOf\(token\), digest\)/)
  })

  test('an event as deep, as wide and as long as Bitrix24 sends it arrives whole', () => {
    const files = Array.from({ length: 25 }, (_value, index) => ({ name: `file ${index}`, size: String(index) }))
    const messages = Array.from({ length: 30 }, () => ({ message: { files } }))
    const data = { MESSAGES: messages, DEEP: { a: { b: { c: { d: { e: { f: { g: 'here' } } } } } } } }
    const body = encodeForm({ event: 'ONIMCONNECTORMESSAGEADD', data, ts: '1', auth: { member_id: 'm', application_token: 'the token' } })
    expect(body.split('&').length).toBeGreaterThan(1_500)
    const envelope = readEnvelope(decodeForm(body))
    expect(envelope).toEqual({ event: 'ONIMCONNECTORMESSAGEADD', ts: '1', data, auth: { member_id: 'm', application_token: 'the token' } })
    expect(decodeForm('data[MESSAGES][0][message][files][0][name]=a.png')).toEqual({ data: { MESSAGES: [{ message: { files: [{ name: 'a.png' }] } }] } })
  })

  test('a name with escaped brackets in auth is read like any other', () => {
    const { auth } = readEnvelope(decodeForm('event=ONAPPTEST&auth%5Bmember_id%5D=m&auth%5Bapplication_token%5D=t'))
    expect(auth).toEqual({ member_id: 'm', application_token: 't' })
  })
})
