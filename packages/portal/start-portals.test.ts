import { get } from 'node:https'
import { connect } from 'node:net'
import { VirtualClock } from '@portline/runtime/clock.ts'
import { B24OAuth } from '@bitrix24/b24jssdk'
import { afterEach, expect, test } from 'vitest'
import type { Portal } from './start-portal.ts'
import { startOAuthServer } from './start-oauth-server.ts'
import type { Portals, PortalsOptions } from './start-portals.ts'
import { startPortals } from './start-portals.ts'
import type { Receiver } from './test-support/receiver.ts'
import { startReceiver } from './test-support/receiver.ts'
import { call, control, events, field, last, send, startTestPortal } from './test-support/world.ts'

const MARKET = 'app.64a1b2c3d4e5f6.12345678'
const SECRET = 'the-secret-of-the-vendor'
const running: { stop(): Promise<void> }[] = []

afterEach(async () => {
  await Promise.all(running.splice(0).map((one) => one.stop()))
})

async function start(options: PortalsOptions): Promise<Portals> {
  const portals = await startPortals({ port: 0, oauthPort: 0, queue: { maxDelayMs: 0 }, ...options })
  running.push(portals)
  return portals
}

async function startReceiving(): Promise<Receiver> {
  const receiver = await startReceiver()
  running.push(receiver)
  return receiver
}

interface Tokens {
  readonly access: string
  readonly refresh: string
}

/** The vendor's app, with ONAPPTEST bound. */
async function install(portal: Portal, receiver: Receiver): Promise<Tokens> {
  portal.control.registerApp({
    name: 'Shared', kind: 'market', client_id: MARKET, client_secret: SECRET, scope: ['crm'],
    install_url: `${receiver.url}/install`, redirect_uri: `${receiver.url}/oauth`,
  })
  await portal.control.install(MARKET)
  const { form } = last(receiver)
  await call(portal, 'event.bind', { auth: field(form, 'AUTH_ID'), event: 'ONAPPTEST', handler: `${receiver.url}/events` })
  portal.control.finish(MARKET)
  return { access: field(form, 'AUTH_ID'), refresh: field(form, 'REFRESH_ID') }
}

async function renew(oauthUrl: string, refreshToken: string): Promise<Record<string, unknown>> {
  const query = { grant_type: 'refresh_token', client_id: MARKET, client_secret: SECRET, refresh_token: refreshToken }
  return (await send(`${oauthUrl}/oauth/token/?${new URLSearchParams(query)}`)).body
}

test('portals of one OAuth server are strangers to each other: member_ids, tokens, events, app.info', async () => {
  const receiver = await startReceiving()
  const { oauth, portals } = await start({ count: 3 })
  expect(new Set(portals.map(({ memberId }) => memberId)).size).toBe(3)
  expect(new Set(portals.map(({ oauthUrl }) => oauthUrl))).toEqual(new Set([oauth.url]))
  for (const portal of portals) {
    const { access, refresh } = await install(portal, receiver)
    const others = portals.filter((other) => other !== portal)
    for (const other of others) {
      expect(await call(other, 'profile', { auth: access })).toMatchObject({ status: 401, body: { error: 'invalid_token' } })
    }
    expect((await call(portal, 'profile', { auth: access })).status).toBe(200)
    expect((await send(`${oauth.url}/rest/app.info?auth=${access}`)).body).toMatchObject({
      result: { client_id: MARKET, install: { member_id: portal.memberId, client_endpoint: `${portal.url}/rest/` } },
    })
    expect(await renew(oauth.url, refresh)).toMatchObject({ member_id: portal.memberId, client_endpoint: `${portal.url}/rest/` })
    portal.control.fireEvent({ event: 'ONAPPTEST', client_id: MARKET, data: { from: portal.memberId } })
    await portal.control.drain()
    expect(last(receiver).form).toMatchObject({
      data: { from: portal.memberId }, auth: { member_id: portal.memberId, domain: portal.domain },
    })
  }
  const tokens = events(receiver).map(({ form }) => field(form, 'auth', 'application_token'))
  expect(new Set(tokens).size).toBe(3)
})

test('an app that leaves one portal lives on at the others', async () => {
  const receiver = await startReceiving()
  const { oauth, portals: [first, second] } = await start({ count: 2 })
  if (first === undefined || second === undefined) throw new Error('Two portals were asked for')
  const [left, stayed] = [await install(first, receiver), await install(second, receiver)]
  first.control.uninstall(MARKET, { clean: true })
  expect(await renew(oauth.url, left.refresh)).toMatchObject({ error: 'NOT_INSTALLED' })
  expect(await renew(oauth.url, stayed.refresh)).toMatchObject({ member_id: second.memberId })
  await first.stop()
  expect(await renew(oauth.url, left.refresh)).toMatchObject({ error: 'invalid_grant' })
  expect(await call(second, 'profile', { auth: stayed.access })).toMatchObject({ status: 200 })
})

test('a market app has one secret on all portals; a local app lives on one', async () => {
  const { portals: [first, second] } = await start({ count: 2 })
  if (first === undefined || second === undefined) throw new Error('Two portals were asked for')
  const market = { name: 'Shared', kind: 'market' as const, client_id: MARKET }
  const { client_secret } = first.control.registerApp(market).app
  expect(second.control.registerApp(market).app.client_secret).toBe(client_secret)
  second.control.registerApp({ ...market, client_secret: SECRET })
  expect(first.control.app(MARKET).client_secret).toBe(SECRET)
  first.control.registerApp({ name: 'Own', kind: 'local', client_id: 'local.own' })
  for (const kind of ['local', 'market']) {
    expect(await control(second, '/apps', { name: 'x', client_id: 'local.own', kind })).toMatchObject({
      status: 400, body: { error: 'BAD_REQUEST', error_description: expect.stringContaining('client_id: ') },
    })
  }
  expect(second.control.apps().map((app) => app.client_id)).toEqual([MARKET])
})

test('the first portal is the one startPortal() gives; the others follow from the seed, and options set them apart', async () => {
  const { portals } = await start({ count: 3, seed: 'one', portals: [{}, { memberId: 'ab'.repeat(16) }] })
  const alone = await startTestPortal({ seed: 'one' })
  expect(portals[0]?.memberId).toBe(alone.memberId)
  expect(portals[1]?.memberId).toBe('ab'.repeat(16))
  const again = await start({ count: 3, seed: 'one' })
  expect(again.portals[2]?.memberId).toBe(portals[2]?.memberId)
})

test('one member_id twice is refused, and nothing is left listening', async () => {
  const memberId = 'cd'.repeat(16)
  await expect(startPortals({ port: 0, oauthPort: 0, portals: [{ memberId }, { memberId }] })).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
  })
  await expect(startPortals({ port: 0, oauthPort: 0, count: 0 })).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
  const { portals } = await start({ count: 1 })
  const port = Number(new URL(portals[0]?.url ?? '').port)
  const oauth = await startOAuthServer({ port: 0 })
  running.push(oauth)
  await expect(startTestPortal({ oauth, port })).rejects.toMatchObject({ code: 'ADDRESS_IN_USE' })
  expect(oauth.portals()).toEqual([])
})

test('a portal comes back to the server under its own number, and takes another when that is gone', async () => {
  const receiver = await startReceiving()
  const oauth = await startOAuthServer({ port: 0 })
  running.push(oauth)
  const first = await startTestPortal({ oauth, seed: 'first' })
  const second = await startTestPortal({ oauth, seed: 'second' })
  const { refresh } = await install(second, receiver)
  const state = second.control.snapshot()
  await second.stop()
  const back = await startTestPortal({ oauth, state })
  expect(await renew(oauth.url, refresh)).toMatchObject({ member_id: back.memberId })
  const moved = await startTestPortal({ oauth, state: { ...first.control.snapshot(), memberId: 'ef'.repeat(16) } })
  expect(moved.control.snapshot().oauthNumber).toBe(2)
})

test('a box that registers again has a new member_id, and its tokens of before are dead', async () => {
  const receiver = await startReceiving()
  const { oauth, portals: [box] } = await start({ count: 1 })
  if (box === undefined) throw new Error('A portal was asked for')
  const { access, refresh } = await install(box, receiver)
  const before = { memberId: box.memberId, token: box.control.app(MARKET).application_token }
  const { body } = await control(box, '/register', {})
  expect(body['member_id']).toBe(box.memberId)
  expect(box.memberId).not.toBe(before.memberId)
  expect(box.control.app(MARKET).application_token).not.toBe(before.token)
  expect((await call(box, 'profile', { auth: access })).body).toMatchObject({ error: 'invalid_token' })
  expect(await renew(oauth.url, refresh)).toMatchObject({ error: 'invalid_grant' })
  box.control.fireEvent({ event: 'ONAPPTEST', client_id: MARKET })
  await box.control.drain()
  const { form } = last(receiver)
  expect(field(form, 'auth', 'member_id')).toBe(box.memberId)
  expect((await call(box, 'profile', { auth: field(form, 'auth', 'access_token') })).status).toBe(200)
})

test('the unmodified SDK renews against the shared server for each of two portals', async () => {
  const receiver = await startReceiving()
  const clock = new VirtualClock(Date.now())
  const { portals } = await start({ count: 2, clock })
  for (const portal of portals) {
    const { access, refresh } = await install(portal, receiver)
    const client = new B24OAuth(
      {
        applicationToken: '', userId: 1, memberId: portal.memberId, accessToken: access, refreshToken: refresh,
        expires: Math.floor(Date.now() / 1_000) - 1, expiresIn: 3_600, scope: 'crm', domain: portal.domain,
        clientEndpoint: `${portal.url}/rest/`, serverEndpoint: `${portal.oauthUrl}/rest/`, status: 'F',
      },
      { clientId: MARKET, clientSecret: SECRET },
    )
    client.offClientSideWarning()
    const renewed: string[] = []
    client.setCallbackRefreshAuth(async ({ b24OAuthParams }) => {
      renewed.push(b24OAuthParams.memberId)
    })
    expect((await client.actions.v2.call.make({ method: 'profile' })).getData()?.result).toMatchObject({ ID: '1' })
    expect(renewed).toEqual([portal.memberId])
  }
})

test('portals come to life at their first connection, after a rename too, and stop with requests under way', async () => {
  const { portals } = await start({ count: 4 })
  const answers = await Promise.all(portals.flatMap((portal) => [portal, portal]).map((portal) => call(portal, 'server.time')))
  expect(answers.map(({ body }) => body['error'])).toEqual(answers.map(() => 'NO_AUTH_FOUND'))
  const [, second, third] = portals
  if (second === undefined || third === undefined) throw new Error('Four portals were asked for')
  const oldUrl = second.url
  await second.control.rename()
  expect((await send(`${oldUrl}/rest/server.time`)).headers.get('location')).toBe(`${second.url}/rest/server.time`)
  const taken = Number(new URL(third.url).port)
  await expect(startTestPortal({ late: true, port: taken })).rejects.toMatchObject({ code: 'ADDRESS_IN_USE' })
  const held = connect(taken, '127.0.0.1')
  held.write('POST /rest/profile HTTP/1.1\r\nhost: x\r\ncontent-length: 5\r\n\r\n')
  const closed = new Promise((resolve) => {
    held.once('error', resolve).once('close', resolve)
  })
  await call(third, 'server.time')
  await third.stop()
  await closed
  await expect(fetch(third.url)).rejects.toThrow('fetch failed')
})

test('a portal that comes to life late speaks TLS as well', async () => {
  const portal = await startTestPortal({ late: true, tls: true, queue: { maxDelayMs: 0 } })
  expect(portal.url).toMatch(/^https:/)
  const status = await new Promise((resolve, reject) => {
    get(`${portal.url}/rest/server.time`, { ca: portal.control.certificate }, (answer) => {
      answer.resume()
      resolve(answer.statusCode)
    }).on('error', reject)
  })
  expect(status).toBe(401)
})
