import { expect, test } from 'vitest'
import type { Answer, TestWorld } from '../test-support/world.ts'
import { call, CLIENT_ID, CLIENT_SECRET, control, field, installUiApp, last, send, startWorld } from '../test-support/world.ts'

const DAY_MS = 24 * 3_600_000
const CREDENTIALS = { client_id: CLIENT_ID, client_secret: CLIENT_SECRET }

function token(world: TestWorld, params: Record<string, string>): Promise<Answer> {
  return send(`${world.portal.oauthUrl}/oauth/token/?${new URLSearchParams(params)}`)
}

function renew(world: TestWorld, refreshToken: string, more: Record<string, string> = {}): Promise<Answer> {
  return token(world, { grant_type: 'refresh_token', ...CREDENTIALS, refresh_token: refreshToken, ...more })
}

async function codeOf(world: TestWorld): Promise<string> {
  const answer = await send(`${world.portal.url}/oauth/authorize/?client_id=${CLIENT_ID}&user_id=1`)
  return new URL(answer.headers.get('location') ?? '').searchParams.get('code') ?? ''
}

test('lifetimes are options', async () => {
  const oauthOptions = { accessLifetimeS: 60, refreshLifetimeS: 120, codeLifetimeS: 5 }
  const world = await startWorld({ oauthOptions })
  const { accessToken, refreshToken, frame } = await installUiApp(world)
  expect(field(frame.form, 'AUTH_EXPIRES')).toBe('60')
  expect(field(last(world.receiver).form, 'auth', 'expires_in')).toBe('60')
  const code = await codeOf(world)
  await world.clock.advance(5_000)
  expect((await token(world, { grant_type: 'authorization_code', ...CREDENTIALS, code })).status).toBe(400)
  await world.clock.advance(55_000)
  expect((await call(world.portal, 'profile', { auth: accessToken })).body).toMatchObject({ error: 'expired_token' })
  await world.clock.advance(60_000)
  expect((await renew(world, refreshToken)).body).toMatchObject({ error: 'invalid_grant' })
})

test('an expired grant may be an expired_token, as an old server said', async () => {
  const world = await startWorld({ oauthOptions: { expiredRefreshError: 'expired_token', expiredCodeError: 'expired_token' } })
  const { refreshToken } = await installUiApp(world)
  const code = await codeOf(world)
  await world.clock.advance(30_000)
  expect(await token(world, { grant_type: 'authorization_code', ...CREDENTIALS, code })).toMatchObject({
    status: 401, body: { error: 'expired_token' },
  })
  await world.clock.advance(180 * DAY_MS)
  expect(await renew(world, refreshToken)).toMatchObject({ status: 401, body: { error: 'expired_token' } })
})

test('statuses and codes that sources contradict each other about are options', async () => {
  const world = await startWorld({
    oauthOptions: {
      invalidClientStatus: 401, wrongClientStatus: 400, notInstalledError: 'invalid_client', wideScopeError: 'insufficient_scope',
    },
  })
  const { refreshToken } = await installUiApp(world)
  const grant = { grant_type: 'refresh_token', refresh_token: refreshToken }
  expect(await token(world, { ...grant, client_id: CLIENT_ID, client_secret: 'x' })).toMatchObject({
    status: 401, body: { error: 'invalid_client' },
  })
  expect(await token(world, { ...grant, client_id: 'x', client_secret: 'x' })).toMatchObject({
    status: 400, body: { error: 'wrong_client' },
  })
  expect((await renew(world, refreshToken, { scope: 'telephony' })).body).toMatchObject({ error: 'insufficient_scope' })
  world.portal.control.uninstall(CLIENT_ID, { clean: false })
  expect(await renew(world, refreshToken)).toMatchObject({ status: 401, body: { error: 'invalid_client' } })
})

test('a scope beyond the card is invalid_scope and spends nothing; one within it is fine', async () => {
  const world = await startWorld()
  const { refreshToken } = await installUiApp(world)
  const wide = await renew(world, refreshToken, { scope: 'crm telephony' })
  expect(wide).toMatchObject({ status: 400, body: { error: 'invalid_scope' } })
  expect(wide.headers.get('cache-control')).toBe('no-store')
  expect((await renew(world, refreshToken, { scope: 'crm,user' })).status).toBe(200)
})

test('NOT_INSTALLED with 401 once the app is gone', async () => {
  const world = await startWorld()
  const { refreshToken } = await installUiApp(world)
  world.portal.control.uninstall(CLIENT_ID, { clean: true })
  expect(await renew(world, refreshToken)).toMatchObject({ status: 401, body: { error: 'NOT_INSTALLED' } })
})

test('the documented first exchange lacks expires and user_id, a renewal has them', async () => {
  const world = await startWorld({ oauthOptions: { firstExchange: 'documented' } })
  await installUiApp(world)
  const first = await token(world, { grant_type: 'authorization_code', ...CREDENTIALS, code: await codeOf(world) })
  expect(Object.keys(first.body).toSorted()).toEqual([
    'access_token', 'client_endpoint', 'domain', 'expires_in', 'member_id', 'refresh_token', 'scope', 'server_endpoint', 'status',
  ])
  const second = await renew(world, String(first.body['refresh_token']))
  expect(second.body).toMatchObject({ user_id: 1, expires: expect.any(Number) })
})

test('nothing is renewed while an app is not paid for, and the refresh token outlives that', async () => {
  const world = await startWorld()
  const { accessToken, refreshToken } = await installUiApp(world)
  world.portal.control.payment(CLIENT_ID, { expired: true })
  expect(await renew(world, refreshToken)).toMatchObject({
    status: 401, body: { error: 'PAYMENT_REQUIRED', error_description: 'Payment required' },
  })
  expect((await call(world.portal, 'profile', { auth: accessToken })).status).toBe(200)
  world.portal.control.payment(CLIENT_ID, { expired: false })
  expect((await renew(world, refreshToken)).status).toBe(200)
})

test('a paid term ends in 14 days of grace and then in PAYMENT_REQUIRED, a trial at once; a payment mends both', async () => {
  for (const [status, graceDays] of [['P', 14], ['T', 0]] as const) {
    const world = await startWorld({ oauthOptions: { accessLifetimeS: 100 * 24 * 3_600, graceTokens: true } })
    const { accessToken, refreshToken } = await installUiApp(world, ['ONAPPPAYMENT', 'ONAPPTEST'])
    const card = { name: 'Example', kind: 'local', client_id: CLIENT_ID, status, date_finish: '2026-01-02T00:00:00+00:00' }
    expect(await control(world.portal, '/apps', card)).toMatchObject({
      body: { app: { date_finish: '2026-01-02T00:00:00+00:00', payment_expired: false } },
    })
    const profile = async (): Promise<unknown> => (await call(world.portal, 'profile', { auth: accessToken })).body['error']
    const fired = (): unknown => world.portal.control.fireEvent({ event: 'ONAPPTEST', client_id: CLIENT_ID }).skipped[0]?.reason
    expect([await profile(), fired()]).toEqual([undefined, undefined])
    await world.clock.advance(DAY_MS)
    if (graceDays > 0) {
      expect((await call(world.portal, 'app.info', { auth: accessToken })).body['result']).toMatchObject({
        PAYMENT_EXPIRED: 'Y', DAYS: -1,
      })
      expect([await profile(), fired()]).toEqual([undefined, 'PAYMENT_EXPIRED'])
      expect((await renew(world, refreshToken)).status).toBe(200)
    }
    await world.clock.advance(graceDays * DAY_MS)
    expect(await profile()).toBe('PAYMENT_REQUIRED')
    expect((await renew(world, refreshToken)).status).toBe(graceDays > 0 ? 400 : 401)
    const paid = { expired: false, date_finish: '2026-03-01T00:00:00Z' }
    expect((await control(world.portal, `/apps/${CLIENT_ID}/payment`, paid)).body).toMatchObject({ queued: 1 })
    expect(await profile()).toBeUndefined()
  }
})

test('date_finish is told in app.info and in events, of a trial or a paid app only', async () => {
  const world = await startWorld()
  const { accessToken } = await installUiApp(world, ['ONAPPTEST'])
  const see = async (status: string): Promise<unknown[]> => {
    const date_finish = '2026-02-01T03:00:00+03:00'
    world.portal.control.registerApp({ name: 'Example', kind: 'local', client_id: CLIENT_ID, status, date_finish })
    const info = await send(`${world.portal.oauthUrl}/rest/app.info?auth=${accessToken}`)
    world.portal.control.fireEvent({ event: 'ONAPPTEST', client_id: CLIENT_ID })
    await world.settle()
    return [Object(Object(info.body['result']).install).date_finish, Object(last(world.receiver).form['auth']).date_finish]
  }
  expect(await see('P')).toEqual(['2026-02-01T00:00:00+00:00', '1769904000'])
  expect(await see('T')).toEqual(['2026-02-01T00:00:00+00:00', '1769904000'])
  expect(await see('S')).toEqual([undefined, undefined])
})

test('with remembered verdicts a revoked token works for up to an hour, and an unknown one stays unknown', async () => {
  for (const [tokenVerdictS, error] of [[3_600, undefined], [0, 'ERROR_OAUTH']] as const) {
    const world = await startWorld({ tokenVerdictS, oauthOptions: { accessLifetimeS: 2 * 3_600 } })
    const { accessToken } = await installUiApp(world)
    const profile = async (): Promise<unknown> => (await call(world.portal, 'profile', { auth: accessToken })).body['error']
    expect(await profile()).toBeUndefined()
    world.portal.control.uninstall(CLIENT_ID, { clean: false })
    expect(await profile()).toBe('APPLICATION_NOT_FOUND')
    await world.portal.control.install(CLIENT_ID)
    expect(await profile()).toBe(error)
    await world.clock.advance(3_600_000)
    expect(await profile()).toBe('ERROR_OAUTH')
  }
})

test('a remembered verdict does not keep a token alive beyond its own end', async () => {
  const world = await startWorld({ tokenVerdictS: 10 * 3_600 })
  const { accessToken } = await installUiApp(world)
  await call(world.portal, 'profile', { auth: accessToken })
  await world.clock.advance(3_600_000)
  expect((await call(world.portal, 'profile', { auth: accessToken })).body).toMatchObject({ error: 'expired_token' })
})
