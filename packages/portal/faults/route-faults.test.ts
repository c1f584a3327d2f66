import { connect } from 'node:net'
import { expect, test } from 'vitest'
import type { FaultSpec } from './schema.ts'
import type { TestWorld } from '../test-support/world.ts'
import {
  call, CLIENT_ID, CLIENT_SECRET, installUiApp, registerUiApp, send, startTestPortal, startWorld,
} from '../test-support/world.ts'

async function struckBy(...specs: FaultSpec[]): Promise<TestWorld & { auth: string; refresh: string }> {
  const world = await startWorld({ seed: 'faults' })
  const { accessToken, refreshToken } = await installUiApp(world)
  for (const spec of specs) world.portal.control.faults.add(spec)
  return { ...world, auth: accessToken, refresh: refreshToken }
}

function renewal({ portal, refresh }: TestWorld & { refresh: string }): string {
  const credentials = `client_id=${CLIENT_ID}&client_secret=${CLIENT_SECRET}`
  return `${portal.oauthUrl}/oauth/token/?grant_type=refresh_token&${credentials}&refresh_token=${refresh}`
}

/** Everything that comes over a plain socket until the other side ends it, and how it ended. */
function rawAnswer(url: string): Promise<{ text: string; end: string }> {
  const { hostname, port, pathname, search } = new URL(url)
  return new Promise((resolve) => {
    let text = ''
    const socket = connect(Number(port), hostname, () => {
      socket.write(`GET ${pathname}${search} HTTP/1.1\r\nHost: ${hostname}:${port}\r\n\r\n`)
    })
    socket.setEncoding('utf8')
    socket.on('data', (chunk: string) => {
      text += chunk
    })
    socket.on('error', (error) => resolve({ text, end: 'code' in error ? String(error.code) : 'error' }))
    socket.on('end', () => resolve({ text, end: 'FIN' }))
  })
}

/** Moves time while something is being answered. */
async function advanceUntil({ clock }: TestWorld, answering: Promise<unknown>): Promise<void> {
  const waiting = { isOver: false }
  void answering.finally(() => {
    waiting.isOver = true
  })
  while (!waiting.isOver) await clock.advance(100)
}

test.each([
  [{ fault: 'query_limit' }, 503, 'QUERY_LIMIT_EXCEEDED', 'Too many requests'],
  [{ fault: 'operation_time_limit' }, 429, 'OPERATION_TIME_LIMIT', 'Method is blocked due to operation time limit.'],
  [{ fault: 'expired_token' }, 401, 'expired_token', 'The access token provided has expired'],
  [{ fault: 'payment_required' }, 401, 'PAYMENT_REQUIRED', 'Subscription has been ended'],
  [{ fault: 'error_answer', status: 500, error: 'ERROR_UNEXPECTED_ANSWER' }, 500, 'ERROR_UNEXPECTED_ANSWER', undefined],
] as const)('%j is answered to a call that would have worked', async (spec, status, error, error_description) => {
  const { portal, auth } = await struckBy(spec)
  const answer = await call(portal, 'profile', { auth })
  expect(answer.status).toBe(status)
  expect(answer.body).toEqual({ error, ...(error_description === undefined ? {} : { error_description }) })
  portal.control.faults.clear()
  expect((await call(portal, 'profile', { auth })).status).toBe(200)
})

test('invalid_grant and PAYMENT_REQUIRED of the OAuth server leave the refresh token unspent', async () => {
  const world = await struckBy({ fault: 'invalid_grant', first: 1 }, { fault: 'payment_required', on: 'token', first: 1 })
  expect(await send(renewal(world))).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
  expect(await send(renewal(world))).toMatchObject({ status: 401, body: { error: 'PAYMENT_REQUIRED' } })
  expect((await send(renewal(world))).status).toBe(200)
})

test('a reset before leaves the request undone, a reset after does not: the refresh token is spent', async () => {
  const before = await struckBy({ fault: 'connection_reset', on: 'token', first: 1 })
  expect(await rawAnswer(renewal(before))).toEqual({ text: '', end: 'ECONNRESET' })
  expect((await send(renewal(before))).status).toBe(200)
  const after = await struckBy({ fault: 'connection_reset', on: 'token', first: 1, when: 'after' })
  expect(await rawAnswer(renewal(after))).toEqual({ text: '', end: 'ECONNRESET' })
  expect(await send(renewal(after))).toMatchObject({ status: 400, body: { error: 'invalid_grant' } })
})

test('a closed connection ends without a byte', async () => {
  const { portal, auth } = await struckBy({ fault: 'connection_closed' })
  expect(await rawAnswer(`${portal.url}/rest/profile?auth=${auth}`)).toEqual({ text: '', end: 'FIN' })
})

test.each(['before', 'after'] as const)('an empty answer (%s) is a 200 without a body', async (when) => {
  const { portal, auth } = await struckBy({ fault: 'empty_answer', when })
  const { status, body, headers } = await call(portal, 'event.bind', { auth, event: 'ONAPPTEST', handler: 'http://127.0.0.1/' })
  expect([status, body, headers.get('content-length')]).toEqual([200, { text: '' }, '0'])
  expect(portal.control.handlers().map(({ event }) => event).includes('ONAPPTEST')).toBe(when === 'after')
})

test('a broken chunk ends in the middle of what it announced', async () => {
  const { portal, auth } = await struckBy({ fault: 'broken_chunk' })
  const { text, end } = await rawAnswer(`${portal.url}/rest/profile?auth=${auth}`)
  expect(text).toMatch(/^HTTP\/1\.1 200 OK\r\n/)
  expect(text.toLowerCase()).toContain('transfer-encoding: chunked')
  const [, first = '', second = ''] = /\r\n\r\n[0-9a-f]+\r\n(\{"result".*?)\r\n[0-9a-f]+\r\n(.*)$/s.exec(text) ?? []
  expect([first.length > 10, second.length > 5, end]).toEqual([true, true, 'FIN'])
  await expect(call(portal, 'profile', { auth })).rejects.toThrow()
})

test('a slow loris gives the whole answer, a few bytes at a time', async () => {
  const world = await struckBy({ fault: 'slow_loris', chunk_bytes: 100, every_ms: 2_000 })
  const startMs = world.clock.now()
  const answering = call(world.portal, 'profile', { auth: world.auth })
  await advanceUntil(world, answering)
  expect((await answering).body['result']).toMatchObject({ ID: '1' })
  expect(world.clock.now() - startMs).toBeGreaterThanOrEqual(6_000)
})

test('latency passes on the portal\'s clock, and two add up', async () => {
  const world = await struckBy({ fault: 'latency', delay_ms: 3_000 }, { fault: 'latency', delay_ms: 2_000, when: 'after' })
  const startMs = world.clock.now()
  await advanceUntil(world, call(world.portal, 'server.time', {}))
  expect(world.clock.now() - startMs).toBeGreaterThanOrEqual(5_000)
})

test('latency that is never over does not keep the portal from stopping', async () => {
  const world = await struckBy({ fault: 'latency', delay_ms: 60_000 })
  const answering = call(world.portal, 'profile', { auth: world.auth }).catch((error: unknown) => error)
  while (world.portal.control.faults.list()[0]?.struck !== 1) await world.clock.advance(0)
  await world.portal.stop()
  expect(await answering).toBeInstanceOf(Error)
})

test('a renamed portal answers 302 to the same path elsewhere', async () => {
  const { portal, auth } = await struckBy({ fault: 'renamed_portal', to: 'https://new.example' })
  const { status, headers } = await send(`${portal.url}/rest/profile.json?auth=${auth}`)
  expect([status, headers.get('location')]).toEqual([302, `https://new.example/rest/profile.json?auth=${auth}`])
})

test('HTML comes instead of JSON, with the status asked for', async () => {
  const { portal, auth } = await struckBy({ fault: 'html_answer', status: 502 })
  const { status, headers, body } = await call(portal, 'profile', { auth })
  expect([status, headers.get('content-type')]).toEqual([502, 'text/html; charset=utf-8'])
  expect(body['text']).toContain('<html>')
})

test('clock skew shows in the time of REST, in server.time, in the pair of tokens and in the Date header', async () => {
  const hour = { fault: 'clock_skew', skew_ms: 3_600_000 } as const
  const world = await struckBy(hour, { ...hour, on: 'token' }, { ...hour, on: 'app_info' })
  const nowS = Math.floor(world.clock.now() / 1_000)
  const time = await call(world.portal, 'server.time', { auth: world.auth })
  expect(Date.parse(String(time.body['result']))).toBe((nowS + 3_600) * 1_000)
  expect(Object(time.body['time']).start).toBeCloseTo(world.clock.now() / 1_000 + 3_600, 3)
  expect(Date.parse(Object(time.body['time']).date_start)).toBe((nowS + 3_600) * 1_000)
  expect(Date.parse(time.headers.get('date') ?? '')).toBe((nowS + 3_600) * 1_000)
  expect((await send(renewal(world))).body).toMatchObject({ expires: nowS + 7_200, expires_in: 3_600 })
  const info = await send(`${world.portal.oauthUrl}/rest/app.info?auth=${world.auth}`)
  expect(Date.parse(Object(info.body['result']).expires)).toBe((nowS + 7_200) * 1_000 - 1_000)
})

test('an app that is uninstalled as it calls is refused, or answered one last time', async () => {
  const before = await struckBy({ fault: 'uninstall', method: 'profile' })
  expect((await call(before.portal, 'server.time', { auth: before.auth })).status).toBe(200)
  expect(await call(before.portal, 'profile', { auth: before.auth })).toMatchObject({
    status: 401, body: { error: 'APPLICATION_NOT_FOUND' },
  })
  const after = await struckBy({ fault: 'uninstall', when: 'after' })
  expect((await call(after.portal, 'profile', { auth: after.auth })).status).toBe(200)
  expect(await call(after.portal, 'profile', { auth: after.auth })).toMatchObject({ body: { error: 'APPLICATION_NOT_FOUND' } })
  const renewing = await struckBy({ fault: 'uninstall', on: 'token' })
  expect(await send(renewal(renewing))).toMatchObject({ status: 401, body: { error: 'NOT_INSTALLED' } })
})

test('the authorize page and the server\'s app.info can be struck', async () => {
  const { portal, auth } = await struckBy(
    { fault: 'html_answer', on: 'authorize', status: 503 }, { fault: 'expired_token', on: 'app_info' },
  )
  expect((await send(`${portal.url}/oauth/authorize/?client_id=${CLIENT_ID}`)).status).toBe(503)
  const info = await send(`${portal.oauthUrl}/rest/app.info?auth=${auth}`)
  expect(info).toMatchObject({ status: 401, body: { error: 'expired_token' } })
})

test('faults strike by method, by app, the first so often, each so-manieth time, and by chance of the seed', async () => {
  const { portal, auth } = await struckBy(
    { fault: 'error_answer', status: 418, error: 'A', method: 'USER.*' },
    { fault: 'error_answer', status: 418, error: 'B', method: 'profile', client_id: 'local.other*' },
    { fault: 'error_answer', status: 418, error: 'C', method: 'profile', client_id: 'local.64*', first: 1 },
    { fault: 'error_answer', status: 418, error: 'D', method: 'scope', every: 3 },
    { fault: 'error_answer', status: 418, error: 'E', method: 'server.time', probability: 0.5 },
  )
  const answers = async (method: string, times: number): Promise<string> => {
    let seen = ''
    for (let time = 0; time < times; time++) seen += String((await call(portal, method, { auth })).body['error'] ?? '.')
    return seen
  }
  const counted = [await answers('user.admin', 2), await answers('profile', 2), await answers('scope', 7)]
  expect(counted).toEqual(['AA', 'C.', '..D..D.'])
  const byChance = await answers('server.time', 40)
  expect(byChance.replaceAll('.', '').length).toBeGreaterThan(8)
  expect(byChance.replaceAll('E', '').length).toBeGreaterThan(8)
  const counts = portal.control.faults.list().map(({ matched, struck }) => [matched, struck])
  expect(counts.slice(0, 4)).toEqual([[2, 2], [0, 0], [2, 1], [7, 2]])
  const again = await struckBy(...portal.control.faults.list().map(({ id: _id, matched: _m, struck: _s, ...spec }) => spec))
  const sameChance: string[] = []
  for (let time = 0; time < 40; time++) {
    sameChance.push(String((await call(again.portal, 'server.time', { auth: again.auth })).body['error'] ?? '.'))
  }
  expect(sameChance.join('')).toBe(byChance)
})

test('of several portals at one OAuth server only the one with the fault is struck', async () => {
  const struck = await struckBy({ fault: 'invalid_grant' })
  const other = await startTestPortal({ oauth: struck.portal.oauth, seed: 'other', clock: struck.clock })
  const world: TestWorld = { ...struck, portal: other }
  registerUiApp(world, 'local.other.1')
  const { refreshToken } = await installUiApp(world, [], 'local.other.1')
  const credentials = `client_id=local.other.1&client_secret=${CLIENT_SECRET}`
  const url = `${other.oauthUrl}/oauth/token/?grant_type=refresh_token&${credentials}&refresh_token=${refreshToken}`
  expect((await send(url)).status).toBe(200)
  expect((await send(renewal(struck))).status).toBe(400)
})
