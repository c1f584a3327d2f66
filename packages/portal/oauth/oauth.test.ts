import { expect, test } from 'vitest'
import type { Answer, TestWorld } from '../test-support/world.ts'
import { call, CLIENT_ID, CLIENT_SECRET, control, installUiApp, registerUiApp, send, startWorld } from '../test-support/world.ts'
import { ACCESS_TOKEN_LIFETIME_S, CODE_LIFETIME_S, REFRESH_TOKEN_LIFETIME_S } from '@portline/wire/oauth.ts'

const CREDENTIALS = { client_id: CLIENT_ID, client_secret: CLIENT_SECRET }

function token(world: TestWorld, params: Record<string, string>): Promise<Answer> {
  return send(`${world.portal.oauthUrl}/oauth/token/?${new URLSearchParams(params)}`)
}

function renew(world: TestWorld, refreshToken: string): Promise<Answer> {
  return token(world, { grant_type: 'refresh_token', ...CREDENTIALS, refresh_token: refreshToken })
}

test.each([
  [{}, 400, { error: 'invalid_request', error_description: 'Invalid grant_type parameter or parameter missing' }],
  [{ grant_type: 'password' }, 400, { error: 'unsupported_grant_type' }],
  [{ grant_type: 'refresh_token', client_id: 'local.0.0' }, 200, { error: 'wrong_client' }],
  [{ grant_type: 'refresh_token', client_id: CLIENT_ID, client_secret: 'no' }, 400, { error: 'invalid_client' }],
  [
    { grant_type: 'refresh_token', ...CREDENTIALS }, 400,
    { error: 'invalid_request', error_description: 'No "refresh_token" parameter found' },
  ],
  [{ grant_type: 'authorization_code', ...CREDENTIALS }, 400, { error: 'invalid_request' }],
  [{ grant_type: 'authorization_code', ...CREDENTIALS, code: 'ab' }, 400, { error: 'invalid_grant' }],
  [{ grant_type: 'refresh_token', ...CREDENTIALS, refresh_token: '0'.repeat(70) }, 400, { error: 'invalid_grant' }],
])('the token endpoint answers %j with %i', async (params, status, body) => {
  const world = await startWorld()
  registerUiApp(world)
  expect(await token(world, { ...params })).toMatchObject({ status, body })
})

test('a refresh token gives a new pair, by query, form and JSON', async () => {
  const world = await startWorld()
  const { refreshToken } = await installUiApp(world)
  const first = await renew(world, refreshToken)
  expect(first.headers.get('cache-control')).toBe('no-store')
  expect(first.body).toEqual({
    access_token: expect.stringMatching(/^[0-9a-f]{70}$/), refresh_token: expect.stringMatching(/^[0-9a-f]{70}$/),
    expires: 1_767_229_201, expires_in: ACCESS_TOKEN_LIFETIME_S, scope: 'imopenlines,user,crm',
    domain: new URL(world.portal.oauthUrl).host,
    server_endpoint: `${world.portal.oauthUrl}/rest/`, status: 'L', client_endpoint: `${world.portal.url}/rest/`,
    member_id: world.portal.memberId, user_id: 1,
  })
  const grant = { grant_type: 'refresh_token', ...CREDENTIALS }
  const url = `${world.portal.oauthUrl}/oauth/token/`
  const byForm = await send(
    url, { method: 'POST', body: new URLSearchParams({ ...grant, refresh_token: String(first.body['refresh_token']) }) },
  )
  const byJson = await send(url, {
    method: 'POST', headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ ...grant, refresh_token: byForm.body['refresh_token'] }),
  })
  expect((await call(world.portal, 'profile', { auth: byJson.body['access_token'] })).status).toBe(200)
})

test('a refresh token works once, and again and again without strict rotation', async () => {
  for (const [strictRotation, status] of [[true, 400], [false, 200]] as const) {
    const world = await startWorld({ strictRotation })
    const { refreshToken } = await installUiApp(world)
    expect((await renew(world, refreshToken)).status).toBe(200)
    expect((await renew(world, refreshToken)).status).toBe(status)
  }
})

test('an access token ends after an hour, a refresh token after 180 days', async () => {
  const world = await startWorld()
  const { accessToken, refreshToken } = await installUiApp(world)
  await world.clock.advance(ACCESS_TOKEN_LIFETIME_S * 1_000)
  expect(await call(world.portal, 'profile', { auth: accessToken })).toMatchObject({
    status: 401, body: { error: 'expired_token' },
  })
  await world.clock.advance((REFRESH_TOKEN_LIFETIME_S - ACCESS_TOKEN_LIFETIME_S) * 1_000)
  expect(await renew(world, refreshToken)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
})

test("another client's refresh token is no grant", async () => {
  const world = await startWorld()
  const { refreshToken } = await installUiApp(world)
  registerUiApp(world, 'local.other')
  const answer = await token(
    world, { grant_type: 'refresh_token', client_id: 'local.other', client_secret: CLIENT_SECRET, refresh_token: refreshToken },
  )
  expect(answer).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
})

test('the code flow: redirect with a code that works once and for 30 seconds', async () => {
  const world = await startWorld()
  await installUiApp(world)
  const authorize = async (): Promise<URL> => {
    const answer = await send(`${world.portal.url}/oauth/authorize/?client_id=${CLIENT_ID}&state=a%26b&user_id=2`)
    expect(answer.status).toBe(302)
    return new URL(answer.headers.get('location') ?? '')
  }
  const target = await authorize()
  expect(target.pathname).toBe('/oauth')
  expect([...target.searchParams.keys()]).toEqual(['code', 'state', 'domain', 'member_id', 'scope', 'server_domain'])
  expect(target.search).toContain('scope=imopenlines%2Cuser%2Ccrm')
  expect(target.searchParams.get('state')).toBe('a&b')
  const redeem = (url: URL): Promise<Answer> =>
    token(world, { grant_type: 'authorization_code', ...CREDENTIALS, code: url.searchParams.get('code') ?? '' })
  expect((await redeem(target)).body).toMatchObject({ user_id: 2, member_id: world.portal.memberId })
  expect(await redeem(target)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
  const late = await authorize()
  await world.clock.advance(CODE_LIFETIME_S * 1_000)
  expect(await redeem(late)).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
})

test('a failed authorization stays on the portal, without a redirect', async () => {
  const world = await startWorld()
  registerUiApp(world)
  for (const query of ['client_id=nobody', `client_id=${CLIENT_ID}`, '']) {
    const answer = await send(`${world.portal.url}/oauth/authorize/?${query}`)
    expect(answer.status).toBe(403)
    expect(answer.headers.get('location')).toBeNull()
  }
})

test("the server's app.info proves a token, by query, body or Bearer", async () => {
  const world = await startWorld()
  const { accessToken } = await installUiApp(world)
  const url = `${world.portal.oauthUrl}/rest/app.info`
  const proof = {
    client_id: CLIENT_ID, scope: 'imopenlines,user,crm', expires: '2026-01-01T01:00:00+00:00', user_id: 1,
    install: {
      installed: true, version: '1', status: 'L', scope: 'imopenlines,user,crm',
      domain: world.portal.domain, uri: world.portal.url,
      client_endpoint: `${world.portal.url}/rest/`, member_id: world.portal.memberId, member_type: 'B24',
    },
  }
  const byForm = { method: 'POST', body: new URLSearchParams({ auth: accessToken }) }
  const byBearer = { headers: { Authorization: `Bearer ${accessToken}` } }
  for (const init of [byForm, byBearer]) {
    expect((await send(url, init)).body['result']).toEqual(proof)
  }
  expect((await send(`${url}?auth=${accessToken}`)).body['result']).toEqual(proof)
  expect((await send(`${url}?client_id=${CLIENT_ID}&client_secret=${CLIENT_SECRET}`)).body['result']).toEqual({
    client_id: CLIENT_ID, scope: 'imopenlines,user,crm', type: 'local',
  })
})

test("the server's app.info refuses with 401 and a code", async () => {
  const world = await startWorld()
  const { accessToken, refreshToken } = await installUiApp(world)
  const url = `${world.portal.oauthUrl}/rest/app.info`
  expect(await send(url)).toMatchObject({ status: 401, body: { error: 'NO_AUTH_FOUND' } })
  expect(await send(`${url}?auth=forged`)).toMatchObject({ status: 401, body: { error: 'invalid_token' } })
  expect(await send(`${url}?auth=${refreshToken}`)).toMatchObject({ status: 401, body: { error: 'invalid_token' } })
  expect(await send(`${url}?client_id=${CLIENT_ID}&client_secret=no`)).toMatchObject({
    status: 401, body: { error: 'invalid_client' },
  })
  await world.clock.advance(ACCESS_TOKEN_LIFETIME_S * 1_000)
  expect(await send(`${url}?auth=${accessToken}`)).toMatchObject({ status: 401, body: { error: 'expired_token' } })
  await control(world.portal, `/apps/${CLIENT_ID}/uninstall`, { clean: true })
  expect(await send(`${url}?auth=${accessToken}`)).toMatchObject({ status: 401, body: { error: 'NOT_INSTALLED' } })
})

test('the first eight digits of a token are its end, little-endian', async () => {
  const { accessToken } = await installUiApp(await startWorld())
  expect(Buffer.from(accessToken.slice(0, 8), 'hex').readUInt32LE()).toBe(1_767_225_600 + ACCESS_TOKEN_LIFETIME_S)
})
