import { expect, test } from 'vitest'
import type { FaultSpec } from './schema.ts'
import type { TestWorld } from '../test-support/world.ts'
import { call, CLIENT_ID, events, field, installUiApp, last, startWorld } from '../test-support/world.ts'

async function struckBy(...specs: FaultSpec[]): Promise<TestWorld> {
  const world = await startWorld({ seed: 'faults', queue: { maxDelayMs: 0 } })
  await installUiApp(world, ['ONAPPTEST', 'ONCRMLEADADD', 'ONAPPUNINSTALL'])
  for (const spec of specs) world.portal.control.faults.add({ on: 'delivery', ...spec })
  return world
}

function fire({ portal }: TestWorld, data: object, event = 'ONAPPTEST'): void {
  portal.control.fireEvent({ event, client_id: CLIENT_ID, data })
}

function seen(world: TestWorld): string[] {
  return events(world.receiver).map(({ form }) => field(form, 'data', 'n'))
}

test('a duplicate is the same bytes once more, with a log entry that says so', async () => {
  const world = await struckBy({ fault: 'duplicate', copies: 2, gap_ms: 100, first: 1 })
  fire(world, { n: 1 })
  fire(world, { n: 2 })
  await world.settle()
  expect(seen(world)).toEqual(['1', '2', '1', '1'])
  expect(new Set(events(world.receiver).map(({ body }) => body)).size).toBe(2)
  expect(world.portal.control.deliveries().deliveries).toMatchObject([
    { id: 1, duplicate_of: null, faults: ['duplicate'] }, { id: 2, duplicate_of: 1 }, { id: 3, duplicate_of: 1 },
    { id: 4, duplicate_of: null, faults: [] },
  ])
})

test('a reordered delivery is overtaken; a late one holds up those behind it', async () => {
  const reordered = await struckBy({ fault: 'reorder', hold_ms: 500, first: 1 })
  const late = await struckBy({ fault: 'latency', delay_ms: 500, first: 1 })
  for (const world of [reordered, late]) {
    for (const n of [1, 2, 3]) fire(world, { n })
    await world.settle()
  }
  expect(seen(reordered)).toEqual(['2', '3', '1'])
  expect(seen(late).sort()).toEqual(['1', '2', '3'])
  const sent = late.portal.control.deliveries().deliveries.map(({ sent_at }) => Date.parse(String(sent_at)))
  expect(sent.map((at) => at - (sent[0] ?? 0))).toEqual([0, 0, 0])
})

test('a lost delivery is logged as LOST and never sent, not later either', async () => {
  const world = await struckBy({ fault: 'lost', every: 2 })
  for (const n of [1, 2, 3, 4]) fire(world, { n })
  await world.settle()
  await world.clock.advance(86_400_000)
  expect(seen(world).sort()).toEqual(['1', '3'])
  expect(world.portal.control.deliveries().deliveries.map(({ outcome }) => outcome)).toEqual([200, 'LOST', 200, 'LOST'])
})

test('no_refresh_token takes only that, no_tokens leaves the five keys of nobody\'s event', async () => {
  const world = await struckBy({ fault: 'no_refresh_token', first: 1 }, { fault: 'no_tokens', every: 2 })
  fire(world, { n: 1 })
  await world.settle()
  fire(world, { n: 2 })
  await world.settle()
  const [first, second] = events(world.receiver).map(({ form }) => Object(form['auth']))
  expect(Object.keys(first)).toEqual([
    'access_token', 'expires', 'expires_in', 'scope', 'domain', 'server_endpoint', 'status', 'client_endpoint', 'member_id',
    'user_id', 'application_token',
  ])
  expect(Object.keys(second)).toEqual(['domain', 'client_endpoint', 'server_endpoint', 'member_id', 'application_token'])
})

test('clock skew shifts ts and auth[expires], and nothing in the data', async () => {
  const world = await struckBy({ fault: 'clock_skew', skew_ms: -600_000 })
  const nowS = Math.floor(world.clock.now() / 1_000)
  fire(world, { ts: '77', auth: { expires: '88' } })
  await world.settle()
  const { form } = last(world.receiver)
  expect([field(form, 'ts'), field(form, 'auth', 'expires')]).toEqual([String(nowS - 600), String(nowS + 3_000)])
  expect(form['data']).toMatchObject({ ts: '77', auth: { expires: '88' } })
})

test('a form wider than max_input_vars loses its end and its ts, but not its auth', async () => {
  const world = await struckBy({ fault: 'truncated_form' })
  fire(world, { wide: Array.from({ length: 2_000 }, (_, index) => index) })
  await world.settle()
  const { form, body } = last(world.receiver)
  // 1,000, less 13 parameters of the portal's own.
  expect(body.split('&').filter((parameter) => !parameter.startsWith('auth%5B'))).toHaveLength(987)
  expect(body).toContain('%5Bwide%5D%5B970%5D=970&')
  expect(form['ts']).toBeUndefined()
  expect(field(form, 'auth', 'application_token')).toBeTruthy()
})

test('an app uninstalled while its event is on the way gets an event whose token is dead', async () => {
  const world = await struckBy({ fault: 'uninstall', event: 'ONCRM*' })
  let answer: unknown
  world.receiver.onPost = async ({ form }) => {
    if (form['event'] !== 'ONCRMLEADADD') return
    answer = await call(world.portal, 'profile', { auth: field(form, 'auth', 'access_token') })
  }
  fire(world, { n: 1 }, 'ONCRMLEADADD')
  await world.settle()
  expect(answer).toMatchObject({ status: 401, body: { error: 'APPLICATION_NOT_FOUND' } })
  // Two queues: either may be first.
  expect(events(world.receiver).map(({ form }) => form['event']).sort()).toEqual(['ONAPPUNINSTALL', 'ONCRMLEADADD'])
})

test('a connection that breaks halfway leaves the handler without a whole body', async () => {
  const world = await struckBy({ fault: 'connection_reset', first: 1 })
  fire(world, { n: 1 })
  await world.settle()
  fire(world, { n: 2 })
  await world.settle()
  expect(seen(world)).toEqual(['2'])
  const [broken, whole] = world.portal.control.deliveries().deliveries
  expect([typeof broken?.outcome, broken?.faults, whole?.outcome]).toEqual(['string', ['connection_reset'], 200])
})

test('a slow loris sends the body bit by bit, and is given up after the time a handler has', async () => {
  const world = await struckBy(
    { fault: 'slow_loris', chunk_bytes: 200, every_ms: 1_000 }, { fault: 'slow_loris', chunk_bytes: 1, every: 2 },
  )
  for (const n of [1, 2]) fire(world, { n })
  const drained = world.portal.control.drain()
  for (let second = 0; second < 20; second++) await world.portal.control.clock.advance(1_000)
  await drained
  expect(seen(world)).toEqual(['1'])
  expect(world.portal.control.deliveries().deliveries.map(({ outcome }) => outcome)).toEqual([200, 'TIMEOUT'])
})
