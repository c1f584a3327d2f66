import { EVENT_TRAITS } from '@portline/wire/events/catalogue.ts'
import { expect, test } from 'vitest'
import { CONNECTOR, EVERY_SCOPE, installWithScope } from '../test-support/catalogue.ts'
import { openChat, startConnectorWorld } from '../test-support/connector.ts'
import type { TestWorld } from '../test-support/world.ts'
import { call, CLIENT_ID, control, installUiApp, last, startWorld } from '../test-support/world.ts'

/** Fires it over HTTP, and tells what data arrived. */
async function dataOf(world: TestWorld, body: object): Promise<unknown> {
  const { status } = await control(world.portal, '/events', body)
  expect(status).toBe(200)
  await world.settle()
  return last(world.receiver).form['data']
}

test('without data a sample goes out, with data what is given is laid over it, null sends none', async () => {
  const world = await startWorld()
  await installWithScope(world, ['crm'], ['ONCRMDEALMOVETOCATEGORY'])
  const event = 'ONCRMDEALMOVETOCATEGORY'
  expect(await dataOf(world, { event })).toEqual({ FIELDS: { ID: '6675', CATEGORY_ID: '1', STAGE_ID: 'C1:NEW' } })
  expect(await dataOf(world, { event, data: { FIELDS: { ID: 5 } } })).toEqual({
    FIELDS: { ID: '5', CATEGORY_ID: '1', STAGE_ID: 'C1:NEW' },
  })
  expect(await dataOf(world, { event, data: { FIELDS: { ID: 5 } }, replace: true })).toEqual({ FIELDS: { ID: '5' } })
  expect(await dataOf(world, { event, data: null })).toBeUndefined()
  expect(await dataOf(world, { event, data: 'a scalar' })).toBe('a scalar')
})

test('an event with dots in its code and one of a single smart process travel like any other', async () => {
  const world = await startWorld()
  await installWithScope(world, EVERY_SCOPE, ['CATALOG.PRICE.ON.ADD', 'ONCRMDYNAMICITEMUPDATE_177'])
  expect(await dataOf(world, { event: 'catalog.price.on.add' })).toEqual({ FIELDS: { ID: '873' } })
  expect(await dataOf(world, { event: 'ONCRMDYNAMICITEMUPDATE_177' })).toEqual({ FIELDS: { ID: '22', ENTITY_TYPE_ID: '177' } })
})

test('a code nobody knows can be fired, but not bound, as on a portal', async () => {
  const world = await startWorld()
  const { accessToken } = await installUiApp(world, [])
  expect((await control(world.portal, '/events', { event: 'ONCRMSOMETHINGNEW' })).body).toEqual({ queued: 0, skipped: [] })
  for (const event of ['ONCRMSOMETHINGNEW', 'ONCRMDYNAMICITEMADD_', 'ONCRMDYNAMICITEMADD_x', 'CONSTRUCTOR', '__PROTO__']) {
    const bound = await call(world.portal, 'event.bind', { auth: accessToken, event, handler: `${world.receiver.url}/events` })
    expect(bound).toMatchObject({ status: 400, body: { error: 'ERROR_EVENT_NOT_FOUND' } })
  }
})

test('an event about a connector goes to the app that registered it, also when the data names another', async () => {
  const world = await startWorld()
  await installWithScope(world, ['imopenlines'], ['ONIMCONNECTORMESSAGEADD'])
  expect(await dataOf(world, { event: 'ONIMCONNECTORMESSAGEADD' })).toMatchObject({ CONNECTOR, LINE: '107', MESSAGES: [{}] })
  const foreign = { event: 'ONIMCONNECTORMESSAGEADD', data: { CONNECTOR: 'nobodys' } }
  expect((await control(world.portal, '/events', foreign)).body).toMatchObject({
    queued: 0, skipped: [{ reason: 'FOREIGN_APP' }],
  })
})

test('an event of a bot goes to one app, with tokens of that app for the bot', async () => {
  const world = await startWorld()
  await installWithScope(world, ['imbot'], ['ONIMBOTV2MESSAGEADD'], 'local.first')
  await installWithScope(world, ['imbot'], ['ONIMBOTV2MESSAGEADD'], 'local.second')
  expect((await control(world.portal, '/events', { event: 'ONIMBOTV2MESSAGEADD', user_id: 0 })).body).toEqual({
    queued: 1, skipped: [{ event_handler_id: 2, client_id: 'local.second', reason: 'FOREIGN_APP' }],
  })
  await world.settle()
  const { form } = last(world.receiver)
  expect(form['auth']).not.toHaveProperty('access_token')
  const { auth } = Object(Object(form['data']).bot)
  const info = await call(world.portal, 'app.info', { auth: auth.access_token })
  expect(info.body).toMatchObject({ result: { CODE: 'portline.app1' } })
})

test('the catalogue lists every event with its traits and a sample, and mints no tokens for it', async () => {
  const world = await startWorld()
  await installWithScope(world, ['imbot'], ['ONIMBOTMESSAGEADD'])
  const before = world.portal.control.snapshot()
  const { body } = await control(world.portal, '/events')
  expect(body['events']).toHaveLength(Object.keys(EVENT_TRAITS).length)
  expect(body['events']).toContainEqual({
    event: 'ONIMBOTDELETE', scope: 'imbot', queue: 'bot', send_auth: true, send_refresh_token: false,
    sample: { BOT_ID: 2, BOT_CODE: 'support_bot' },
  })
  expect(body['events']).toContainEqual({
    event: 'ONAPPUNINSTALL', scope: 'basic', queue: 'important', send_auth: false, send_refresh_token: false,
    sample: { LANGUAGE_ID: 'en', CLEAN: 1 },
  })
  expect(world.portal.control.snapshot()).toEqual(before)
  const ofScope = (await control(world.portal, '/events?scope=sonet')).body['events']
  expect(ofScope).toEqual(world.portal.control.events({ scope: 'sonet_group' }))
  expect(ofScope).toHaveLength(6)
  expect(await control(world.portal, '/events?scop=crm')).toMatchObject({ status: 400, body: { error: 'BAD_REQUEST' } })
})

test('the method events lists the catalogue by scope, and all of it with FULL', async () => {
  const world = await startWorld()
  const { accessToken: auth } = await installUiApp(world, [])
  const list = async (params: object): Promise<unknown[]> => {
    const { body } = await call(world.portal, 'events', { auth, ...params })
    return Array.isArray(body['result']) ? body['result'] : []
  }
  const codesOf = (...scopes: string[]): string[] =>
    Object.entries(EVENT_TRAITS).filter(([, { scope }]) => scopes.includes(scope)).map(([code]) => code)
  expect(await list({})).toEqual(codesOf('basic', 'imopenlines', 'user', 'crm'))
  expect(await list({ SCOPE: 'task' })).toEqual(codesOf('task'))
  expect(await list({ FULL: 1 })).toEqual(Object.keys(EVENT_TRAITS))
  expect(await list({ FULL: true, SCOPE: 'log' })).toEqual(codesOf('log'))
  expect(await list({ SCOPE: 'nonsense' })).toEqual([])
})

test('the documented variants are there to be chosen: a refresh_token with every token, empty texts for null', async () => {
  const world = await startWorld({ variants: { eventRefreshToken: 'documented', botNulls: 'empty' } })
  await installWithScope(world, ['crm', 'imbot'], ['ONCRMLEADADD', 'ONIMBOTV2MESSAGEADD', 'ONAPPUNINSTALL'])
  await dataOf(world, { event: 'ONCRMLEADADD' })
  expect(last(world.receiver).form['auth']).toHaveProperty('refresh_token')
  expect(await dataOf(world, { event: 'ONIMBOTV2MESSAGEADD' })).toMatchObject({ message: { forward: '' } })
  await dataOf(world, { event: 'ONAPPUNINSTALL', client_id: CLIENT_ID })
  expect(last(world.receiver).form['auth']).not.toHaveProperty('refresh_token')
})

test('a sample follows the conversation that the connector has', async () => {
  const world = await startConnectorWorld(['ONIMCONNECTORMESSAGEADD', 'ONIMCONNECTORDIALOGFINISH'])
  const chat = await openChat(world)
  expect(await dataOf(world, { event: 'ONIMCONNECTORMESSAGEADD' })).toMatchObject({
    MESSAGES: [{ im: { chat_id: String(chat) }, message: { user_id: '1' }, chat: { id: 'channel-123' } }],
  })
  expect(await dataOf(world, { event: 'ONIMCONNECTORDIALOGFINISH' })).toMatchObject({
    DATA: [{ connector: { line_id: '107' }, session: { closed: 'Y' }, chat: { id: 'channel-123' }, user: { id: 'u-42' } }],
  })
})

test('a sample follows the app the event is about', async () => {
  const world = await startWorld()
  await installUiApp(world, ['ONAPPUPDATE'])
  world.portal.control.registerApp({ name: 'Example', kind: 'local', client_id: CLIENT_ID, version: '4' })
  expect(await dataOf(world, { event: 'ONAPPUPDATE', client_id: CLIENT_ID })).toEqual({
    VERSION: '4', PREVIOUS_VERSION: '1', LANGUAGE_ID: 'en',
  })
})
