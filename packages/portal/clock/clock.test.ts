import { VirtualClock } from '@portline/runtime/clock.ts'
import { expect, test } from 'vitest'
import {
  call, CLIENT_ID, CLIENT_SECRET, control, events, field, installUiApp, send, startTestPortal, startWorld,
} from '../test-support/world.ts'
import { PortalClock } from './portal-clock.ts'

const HOUR_MS = 3_600_000

test('one move makes the access token expire, the code go stale and the queue deliver', async () => {
  const world = await startWorld({ queue: { minDelayMs: 60_000, maxDelayMs: 60_000 } })
  const { portal } = world
  const { accessToken: auth } = await installUiApp(world, ['ONAPPTEST'])
  const authorizeUrl = `${portal.url}/oauth/authorize/?client_id=${CLIENT_ID}`
  const authorize = (): Promise<Response> => fetch(authorizeUrl, { redirect: 'manual' })
  const code = new URL((await authorize()).headers.get('location') ?? 'x:').searchParams.get('code')
  const credentials = `client_id=${CLIENT_ID}&client_secret=${CLIENT_SECRET}`
  const exchange = `${portal.oauthUrl}/oauth/token/?grant_type=authorization_code&${credentials}`
  await call(portal, 'event.test', { auth })
  expect(events(world.receiver)).toEqual([])
  const moved = await control(portal, '/clock', { advance_ms: HOUR_MS + 1_000 })
  expect(moved).toMatchObject({ status: 200, body: { mode: 'virtual', now_ms: world.clock.now() } })
  expect(events(world.receiver)).toHaveLength(1)
  expect(await call(portal, 'profile', { auth })).toMatchObject({ body: { error: 'expired_token' } })
  expect(await send(`${exchange}&code=${code}`)).toMatchObject({ body: { error: 'invalid_grant' } })
})

test('an hour\'s advance waits for handlers on its way: what they need real time for is not timed out', async () => {
  const world = await startWorld({ queue: { minDelayMs: 1_000, maxDelayMs: 1_000, concurrency: 1 } })
  await installUiApp(world, ['ONAPPTEST'])
  const seenAt: number[] = []
  world.receiver.onPost = async () => {
    seenAt.push(world.clock.now())
    await call(world.portal, 'profile', { auth: 'whoever' })
  }
  const startMs = world.clock.now()
  for (const data of [{}, {}, {}]) world.portal.control.fireEvent({ event: 'ONAPPTEST', client_id: CLIENT_ID, data })
  await world.portal.control.clock.advance(HOUR_MS)
  expect(seenAt).toEqual([startMs + 1_000, startMs + 1_000, startMs + 1_000])
  expect(world.portal.control.deliveries().deliveries.map(({ outcome, duration_ms }) => [outcome, duration_ms])).toEqual([
    [200, 0], [200, 0], [200, 0],
  ])
})

test('a handler that never answers is waited for once, then times out on the portal\'s clock', async () => {
  const world = await startWorld({ queue: { maxDelayMs: 0 } })
  await installUiApp(world, ['ONAPPTEST'])
  world.receiver.status = 0
  world.portal.control.fireEvent({ event: 'ONAPPTEST', client_id: CLIENT_ID })
  await world.portal.control.clock.advance(HOUR_MS)
  expect(world.portal.control.deliveries().deliveries).toMatchObject([{ outcome: 'TIMEOUT', duration_ms: 15_000 }])
})

test('a portal in real time can be stopped, moved and let go on, and never runs back', async () => {
  const portal = await startTestPortal({})
  const real = await control(portal, '/clock')
  expect(real.body).toMatchObject({ mode: 'real', next_timer: null })
  const jumped = await control(portal, '/clock', { advance_ms: HOUR_MS })
  expect(jumped.body['mode']).toBe('real')
  expect(Number(jumped.body['now_ms']) - Number(real.body['now_ms'])).toBeGreaterThanOrEqual(HOUR_MS)
  const stopped = await control(portal, '/clock', { mode: 'virtual' })
  expect((await control(portal, '/clock')).body).toEqual(stopped.body)
  const past = await control(portal, '/clock', { set: '2020-01-01T00:00:00Z' })
  expect(past).toMatchObject({ status: 400, body: { error: 'BAD_REQUEST' } })
  const set = await control(portal, '/clock', { set: '2033-01-01T00:00:00Z' })
  expect(set.body).toMatchObject({ mode: 'virtual', now: '2033-01-01T00:00:00.000Z' })
  const again = await control(portal, '/clock', { mode: 'real' })
  expect(Number(again.body['now_ms'])).toBeGreaterThanOrEqual(Number(set.body['now_ms']))
})

test.each([
  [{ advance_ms: -1 }, 'advance_ms: '], [{ advance_ms: 1e15 }, 'advance_ms: '], [{ mode: 'slow' }, 'mode: '],
  [{ set: 'tomorrow' }, 'set: '], [{ set: '9999-01-01T00:00:00Z' }, 'set: '],
  [{ set: '2033-01-01T00:00:00Z', advance_ms: 1 }, 'not both'],
])('a move of %j is a BAD_REQUEST that names %s', async (move, named) => {
  const { portal } = await startWorld()
  expect(await control(portal, '/clock', move)).toMatchObject({
    status: 400, body: { error: 'BAD_REQUEST', error_description: expect.stringContaining(named) },
  })
})

test('timers keep what they had left through changes of mode, in their order', async () => {
  const clock = new PortalClock(new VirtualClock(1_000))
  const fired: string[] = []
  const note = (name: string) => (): void => {
    fired.push(`${name} at ${clock.now()}`)
  }
  clock.setTimer(500, note('first'))
  clock.setTimer(500, note('second'))
  clock.setTimer(900, note('cancelled')).cancel()
  clock.setTimer(90_000_000, note('last'))
  await clock.advance(400)
  clock.useReal()
  clock.useVirtual()
  const left = clock.nextTimerAt
  await clock.advance(200)
  expect([left, fired.map((name) => name.split(' ')[0])]).toEqual([1_500, ['first', 'second']])
  clock.skipTo(90_001_000)
  await clock.advance(0)
  expect(fired.at(-1)).toBe('last at 90001000')
})

test('an event carries the time of the portal, in ts, in its token and in the Date of the answer', async () => {
  const world = await startWorld()
  const { accessToken: auth } = await installUiApp(world, ['ONAPPTEST'])
  await world.portal.control.clock.move({ set: '2030-05-05T05:05:05Z' })
  const nowS = Date.parse('2030-05-05T05:05:05Z') / 1_000
  world.portal.control.fireEvent({ event: 'ONAPPTEST', client_id: CLIENT_ID })
  await world.settle()
  const { form } = events(world.receiver)[0] ?? { form: {} }
  expect([field(form, 'ts'), field(form, 'auth', 'expires')]).toEqual([String(nowS), String(nowS + 3_600)])
  expect((await call(world.portal, 'profile', { auth })).headers.get('date')).toBe('Sun, 05 May 2030 05:05:06 GMT')
})
