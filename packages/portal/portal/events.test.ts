import { expect, test } from 'vitest'
import type { TestWorld } from '../test-support/world.ts'
import {
  call, CLIENT_ID, CLIENT_SECRET, control, events, field, installUiApp, last, send, startWorld,
} from '../test-support/world.ts'

const OTHER_CLIENT_ID = 'local.0f0f0f0f0f0f0f.87654321'

test('without a user on the hit an event carries no tokens', async () => {
  const world = await startWorld()
  await installUiApp(world, ['ONCRMLEADADD'])
  world.portal.control.fireEvent({ event: 'onCrmLeadAdd', data: { FIELDS: { ID: 5 } }, user_id: 0 })
  await world.settle()
  const { form } = last(world.receiver)
  expect(form).toMatchObject({ event: 'ONCRMLEADADD', data: { FIELDS: { ID: '5' } } })
  expect(Object.keys(Object(form['auth']))).toEqual([
    'domain', 'client_endpoint', 'server_endpoint', 'member_id', 'application_token',
  ])
})

test('an ordinary event carries tokens without a refresh_token', async () => {
  const world = await startWorld()
  await installUiApp(world, ['ONCRMLEADADD'])
  world.portal.control.fireEvent({ event: 'ONCRMLEADADD', data: null, user_id: 2 })
  await world.settle()
  const { form } = last(world.receiver)
  expect(Object.keys(Object(form['auth']))).toEqual([
    'access_token', 'expires', 'expires_in', 'scope', 'domain', 'server_endpoint', 'status', 'client_endpoint',
    'member_id', 'user_id',
    'application_token',
  ])
  expect(form['data']).toBeUndefined()
  expect((await call(world.portal, 'profile', { auth: field(form, 'auth', 'access_token') })).body).toMatchObject({
    result: { ID: '2', ADMIN: false },
  })
})

test('the same address bound by two users gets two deliveries, each as its own user', async () => {
  const world = await startWorld()
  const { accessToken } = await installUiApp(world, ['ONAPPTEST'])
  const handler = `${world.receiver.url}/events`
  await call(world.portal, 'event.bind', { auth: accessToken, event: 'ONAPPTEST', handler, auth_type: 2 })
  await call(world.portal, 'event.test', { auth: accessToken })
  await world.settle()
  expect(
    events(world.receiver).map(({ form }) => [form['event_handler_id'], field(form, 'auth', 'user_id')]),
  ).toEqual([['1', '1'], ['2', '2']])
})

test('what is equal in client, address, event, user and data goes out once per hit', async () => {
  const world = await startWorld()
  const { accessToken } = await installUiApp(world, ['ONAPPTEST'])
  const handler = `${world.receiver.url}/events`
  // Bound to nobody and to the user who is on the hit anyway: two rows, one and the same delivery.
  await call(world.portal, 'event.bind', { auth: accessToken, event: 'ONAPPTEST', handler, auth_type: 1 })
  await call(world.portal, 'event.test', { auth: accessToken })
  await world.settle()
  expect(events(world.receiver)).toHaveLength(1)
})

test('a lifecycle event reaches only the app it is about', async () => {
  const world = await startWorld()
  await installUiApp(world, ['ONAPPTEST'])
  const other = await installUiApp(world, ['ONAPPTEST'], OTHER_CLIENT_ID)
  await call(world.portal, 'event.test', { auth: other.accessToken, a: 1 })
  await world.settle()
  expect(events(world.receiver).map(({ form }) => [form['event_handler_id'], form['data']])).toEqual([[
    '2', { QUERY: { a: '1' }, LANGUAGE_ID: 'en' },
  ]])
  expect(world.portal.control.fireEvent({ event: 'ONAPPTEST', client_id: CLIENT_ID }).skipped).toMatchObject([{
    client_id: OTHER_CLIENT_ID, reason: 'FOREIGN_APP',
  }])
})

test('events that cause events stop after seven hops', async () => {
  const world = await startWorld({ queue: { minDelayMs: 0, maxDelayMs: 0 } })
  const { accessToken } = await installUiApp(world, ['ONAPPTEST'])
  world.receiver.onPost = async ({ form }) => {
    if (form['event'] === 'ONAPPTEST') await call(world.portal, 'event.test', { auth: field(form, 'auth', 'access_token') })
  }
  expect((await call(world.portal, 'event.test', { auth: accessToken })).body['result']).toBe(1)
  await world.settle()
  expect(events(world.receiver)).toHaveLength(7)
})

test('a renewed pair keeps the counter of the event it came from', async () => {
  const world = await startWorld()
  await installUiApp(world, ['ONAPPTEST'])
  let refreshToken = ''
  world.receiver.onPost = ({ form }) => {
    refreshToken = field(form, 'auth', 'refresh_token')
  }
  world.portal.control.fireEvent({ event: 'ONAPPTEST', client_id: CLIENT_ID })
  await world.settle()
  const eventsAfter: number[] = []
  for (let hop = 0; hop < 9; hop++) {
    refreshToken = await renewAndTest(world, refreshToken)
    await world.settle()
    eventsAfter.push(events(world.receiver).length)
  }
  expect(eventsAfter).toEqual([2, 3, 4, 5, 6, 7, 8, 8, 8])
})

test('what was queued keeps the time and the token of the moment it was raised', async () => {
  const world = await startWorld({ queue: { minDelayMs: 60_000, maxDelayMs: 60_000 } })
  await installUiApp(world, ['ONAPPTEST'])
  world.portal.control.fireEvent({ event: 'ONAPPTEST', client_id: CLIENT_ID })
  const drained = world.portal.control.drain()
  await world.clock.advance(60_000)
  await drained
  expect(last(world.receiver).form).toMatchObject({ ts: '1767225601', auth: { expires: '1767229201' } })
})

test('a scalar as data travels as it is, and a code nobody knows can be fired', async () => {
  const world = await startWorld()
  await installUiApp(world, ['ONIMCONNECTORLINEDELETE'])
  await control(world.portal, '/events', { event: 'ONIMCONNECTORLINEDELETE', data: 107 })
  await world.settle()
  expect(last(world.receiver).body).toContain('&data=107&ts=')
  expect((await control(world.portal, '/events', { event: 'ONSOMETHINGNEW' })).body).toEqual({ queued: 0, skipped: [] })
})

/** @returns the new refresh token, which the event, if there is one, replaces with its own */
async function renewAndTest(world: TestWorld, refreshToken: string): Promise<string> {
  const query = new URLSearchParams({
    grant_type: 'refresh_token', client_id: CLIENT_ID, client_secret: CLIENT_SECRET, refresh_token: refreshToken,
  })
  const pair = (await send(`${world.portal.oauthUrl}/oauth/token/?${query}`)).body
  await call(world.portal, 'event.test', { auth: pair['access_token'] })
  const before = events(world.receiver).length
  await world.settle()
  const got = events(world.receiver)
  return got.length > before ? field(last(world.receiver).form, 'auth', 'refresh_token') : String(pair['refresh_token'])
}
