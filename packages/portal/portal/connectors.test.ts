import { expect, test } from 'vitest'
import type { Installed, TestWorld } from '../test-support/world.ts'
import { call, CLIENT_ID, control, events, field, installUiApp, last, startWorld } from '../test-support/world.ts'

const CONNECTOR = 'example_site_chat'
const LINE = 107
const OTHER_CLIENT_ID = 'local.0f0f0f0f0f0f0f.87654321'

async function withConnector(world: TestWorld): Promise<Installed> {
  const installed = await installUiApp(world, ['ONIMCONNECTORSTATUSDELETE'])
  const answer = await call(world.portal, 'imconnector.register', {
    auth: installed.accessToken, ID: 'Example_Site_Chat', NAME: 'Site chat', ICON: { data_image: 'data:image/svg+xml,' },
    PLACEMENT_HANDLER: `${world.receiver.url}/settings`,
  })
  expect(answer.body['result']).toEqual({ result: true })
  return installed
}

/** What the tutorial's settings page does with the frame POST. */
function activateInSettings(world: TestWorld): void {
  world.receiver.onPost = async ({ form }) => {
    if (form['PLACEMENT'] !== 'SETTING_CONNECTOR') return
    const options = JSON.parse(field(form, 'PLACEMENT_OPTIONS'))
    const auth = field(form, 'AUTH_ID')
    await call(
      world.portal, 'imconnector.activate',
      { auth, CONNECTOR, LINE: Number(options.LINE), ACTIVE: Number(options.ACTIVE_STATUS) },
    )
    await call(
      world.portal, 'imconnector.connector.data.set', { auth, CONNECTOR, LINE: options.LINE, DATA: { ID: 'c1', NAME: 'Site' } },
    )
  }
}

test('switching a connector on opens its settings page, where the app switches it on itself', async () => {
  const world = await startWorld()
  const { accessToken } = await withConnector(world)
  const untouched = await world.portal.control.switchConnector(LINE, CONNECTOR, { active: true })
  expect(untouched).toMatchObject({ active: false, page: { status: 200 } })
  const { path, form } = last(world.receiver)
  expect(path).toBe('/settings')
  expect(JSON.parse(field(form, 'PLACEMENT_OPTIONS'))).toEqual({
    CONNECTOR, LINE: '107', STATUS: false, ACTIVE_STATUS: true, CONNECTION_STATUS: false,
    REGISTER_STATUS: false, ERROR_STATUS: false,
    URI: '/contact_center/connector/?ID=example_site_chat&LINE=107&IFRAME=Y&IFRAME_TYPE=SIDE_SLIDER',
  })
  activateInSettings(world)
  const answer = await control(world.portal, `/lines/${LINE}/connectors/${CONNECTOR}`, { active: true })
  expect(answer.body).toMatchObject({
    active: true, queued: 0, line: { connectors: [{ connector: CONNECTOR, status: true, data: { ID: 'c1', NAME: 'Site' } }] },
  })
  expect((await call(world.portal, 'imconnector.status', { auth: accessToken, CONNECTOR, LINE })).body['result']).toEqual({
    LINE, CONNECTOR, ERROR: false, CONFIGURED: true, STATUS: true,
  })
})

test.each([[1, true], [0, false]])('switched off with user %i on the hit, there are tokens: %s', async (userId, hasTokens) => {
  const world = await startWorld()
  await withConnector(world)
  activateInSettings(world)
  await world.portal.control.switchConnector(LINE, CONNECTOR, { active: true })
  expect(
    await world.portal.control.switchConnector(LINE, CONNECTOR, { active: false, user_id: userId }),
  ).toMatchObject({ active: false, queued: 1 })
  await world.settle()
  const { body, form } = last(world.receiver)
  expect(body.startsWith(
    'event=ONIMCONNECTORSTATUSDELETE&event_handler_id=1&data%5Bconnector%5D=example_site_chat&data%5Bline%5D=107' +
    '&ts=1767225601&auth%5B',
  )).toBe(true)
  expect('access_token' in Object(form['auth'])).toBe(hasTokens)
  expect('refresh_token' in Object(form['auth'])).toBe(false)
  expect((await world.portal.control.switchConnector(LINE, CONNECTOR, { active: false })).queued).toBe(0)
})

test('the app hears of a connector it switched off itself', async () => {
  const world = await startWorld()
  const { accessToken } = await withConnector(world)
  for (const ACTIVE of [1, '0']) await call(world.portal, 'imconnector.activate', { auth: accessToken, CONNECTOR, LINE, ACTIVE })
  await world.settle()
  expect(events(world.receiver).map(({ form }) => form['data'])).toEqual([{ connector: CONNECTOR, line: '107' }])
})

test('only the app that registered the connector hears of it', async () => {
  const world = await startWorld()
  const { accessToken } = await withConnector(world)
  const other = await installUiApp(world, ['ONIMCONNECTORSTATUSDELETE'], OTHER_CLIENT_ID)
  await call(world.portal, 'imconnector.activate', { auth: accessToken, CONNECTOR, LINE, ACTIVE: 1 })
  expect(
    (await call(world.portal, 'imconnector.activate', { auth: other.accessToken, CONNECTOR, LINE, ACTIVE: 0 })).body['result'],
  ).toBe(false)
  const answer = await world.portal.control.switchConnector(LINE, CONNECTOR, { active: false })
  expect(answer).toMatchObject({ queued: 1, skipped: [{ client_id: OTHER_CLIENT_ID, reason: 'FOREIGN_APP' }] })
  expect(
    world.portal.control.fireEvent({ event: 'ONIMCONNECTORMESSAGEADD', data: { CONNECTOR, LINE, MESSAGES: [] } }).queued,
  ).toBe(0)
})

test('unregistering switches the connector off on its lines first', async () => {
  const world = await startWorld()
  const { accessToken } = await withConnector(world)
  const { id } = world.portal.control.addLine({ name: 'Second' })
  expect(id).toBe(108)
  for (const line of [LINE, id]) {
    await call(world.portal, 'imconnector.activate', { auth: accessToken, CONNECTOR, LINE: line, ACTIVE: 'Y' })
  }
  await call(world.portal, 'imconnector.unregister', { auth: accessToken, ID: CONNECTOR })
  await world.settle()
  expect(events(world.receiver).map(({ form }) => form['data'])).toEqual([
    { connector: CONNECTOR, line: '107' }, { connector: CONNECTOR, line: '108' },
  ])
  expect((await control(world.portal, `/lines/${LINE}/connectors/${CONNECTOR}`, { active: true })).status).toBe(404)
})

test('an uninstall takes the connectors along without their event', async () => {
  const world = await startWorld()
  const { accessToken } = await withConnector(world)
  await call(world.portal, 'imconnector.activate', { auth: accessToken, CONNECTOR, LINE, ACTIVE: 1 })
  world.portal.control.uninstall(CLIENT_ID, { clean: true })
  await world.settle()
  expect(events(world.receiver)).toEqual([])
  expect(world.portal.control.lines()).toMatchObject([{ connectors: [] }])
})

test.each([
  [{ NAME: 'N' }, 'CONNECTOR_ID_REQUIRED'],
  [{ ID: 'a.b', NAME: 'N' }, 'APPLICATION_REGISTRATION_ERROR_POINT'],
  [{ ID: 'a' }, 'NAME_REQUIRED'],
  [{ ID: 'a', NAME: 'N', ICON: {} }, 'ICON_REQUIRED'],
  [{ ID: 'a', NAME: 'N', ICON: { DATA_IMAGE: 'x' } }, 'NO_PLACEMENT_HANDLER'],
  [
    { ID: 'livechat', NAME: 'N', ICON: { DATA_IMAGE: 'x' }, PLACEMENT_HANDLER: 'http://127.0.0.1/' },
    'APPLICATION_REGISTRATION_ERROR',
  ],
])('imconnector.register of %j fails with HTTP 200 and %s', async (card, error) => {
  const world = await startWorld()
  const { accessToken } = await installUiApp(world)
  const answer = await call(world.portal, 'imconnector.register', { auth: accessToken, ...card })
  expect(answer).toMatchObject({ status: 200, body: { result: { result: false, error } } })
})

test('imconnector.list names built-in and registered connectors, to administrators only', async () => {
  const world = await startWorld()
  const { accessToken } = await withConnector(world)
  expect((await call(world.portal, 'imconnector.list', { auth: accessToken })).body['result']).toMatchObject({
    livechat: 'Live Chat', [CONNECTOR]: 'Site chat',
  })
  await world.portal.control.open(CLIENT_ID, { user_id: 2 })
  const employee = field(last(world.receiver).form, 'AUTH_ID')
  expect(await call(world.portal, 'imconnector.list', { auth: employee })).toMatchObject({
    status: 400, body: { error: 'ACCESS_DENIED' },
  })
})

test.each([
  ['imconnector.activate', {}, 'CONNECTOR'],
  ['imconnector.activate', { CONNECTOR }, 'LINE'],
  ['imconnector.activate', { CONNECTOR, LINE }, 'ACTIVE'],
  ['imconnector.status', {}, 'CONNECTOR'],
  ['imconnector.connector.data.set', { CONNECTOR, LINE }, 'DATA'],
])('%s with %j misses %s', async (method, params, argument) => {
  const world = await startWorld()
  const { accessToken } = await withConnector(world)
  expect(await call(world.portal, method, { auth: accessToken, ...params })).toMatchObject({
    status: 400, body: { error: 'ERROR_ARGUMENT', error_description: `Argument '${argument}' is null or empty`, argument },
  })
})
