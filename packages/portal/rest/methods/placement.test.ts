import { expect, test } from 'vitest'
import type { PortalOptions } from '../../start-portal.ts'
import type { Answer, TestWorld } from '../../test-support/world.ts'
import { call, CLIENT_ID, control, field, last, startWorld } from '../../test-support/world.ts'

const URL_OK = 'http://127.0.0.1:9/widget'
const DETAIL_TAB = 'CRM_DEAL_DETAIL_TAB'

interface PlacementWorld extends TestWorld {
  rest(method: string, params?: object): Promise<Answer>
  result(method: string, params?: object): Promise<unknown>
}

async function startPlacements(options: PortalOptions = {}): Promise<PlacementWorld> {
  const { clock: _clock, ...others } = options
  const world = await startWorld(others)
  world.portal.control.registerApp({
    name: 'Widgets', kind: 'local', client_id: CLIENT_ID, scope: ['placement', 'crm', 'im', 'imopenlines'],
    handler_url: `${world.receiver.url}/app`,
  })
  await world.portal.control.install(CLIENT_ID)
  await world.portal.control.open(CLIENT_ID)
  const auth = field(last(world.receiver).form, 'AUTH_ID')
  const rest = (method: string, params: object = {}): Promise<Answer> => call(world.portal, method, { auth, ...params })
  return { ...world, rest, result: async (method, params = {}) => (await rest(method, params)).body['result'] }
}

test('a widget is bound, shown, opened at its own handler, and removed', async () => {
  const world = await startPlacements()
  const handler = `${world.receiver.url}/tab`
  const widget = { PLACEMENT: 'crm_deal_detail_tab', HANDLER: handler, TITLE: ' Tab ', OPTIONS: { x: 1 } }
  expect(await world.result('placement.bind', widget)).toBe(true)
  expect(await world.result('placement.get')).toEqual([{
    id: 1, placement: DETAIL_TAB, userId: 0, handler, options: [], title: 'Tab', description: '',
    langAll: { en: { TITLE: 'Tab', DESCRIPTION: '', GROUP_NAME: '' } },
  }])
  const shown = (await control(world.portal, '/placements')).body['placements']
  expect(shown).toMatchObject([{ client_id: CLIENT_ID, placement: DETAIL_TAB }])
  await control(world.portal, `/apps/${CLIENT_ID}/open`, { placement: DETAIL_TAB, options: { ID: '5' } })
  expect(last(world.receiver)).toMatchObject({ path: '/tab', form: { PLACEMENT: DETAIL_TAB, PLACEMENT_OPTIONS: '{"ID":"5"}' } })
  expect(await world.result('placement.unbind', { PLACEMENT: DETAIL_TAB, HANDLER: `${URL_OK}/other` })).toEqual({ count: 0 })
  expect(await world.result('placement.unbind', { PLACEMENT: DETAIL_TAB })).toEqual({ count: 1 })
  expect(await world.result('placement.get')).toEqual([])
})

test('LANG_ALL gives each language its texts; without any text the app lends its name', async () => {
  const world = await startPlacements()
  const german = { LANG_ALL: { de: { TITLE: 'Titel' } } }
  await world.rest('placement.bind', { PLACEMENT: 'LEFT_MENU', HANDLER: URL_OK, TITLE: 'no', ...german })
  await world.rest('placement.bind', { PLACEMENT: DETAIL_TAB, HANDLER: URL_OK })
  expect(await world.result('placement.get')).toMatchObject([
    { title: 'Titel', langAll: { de: { TITLE: 'Titel', DESCRIPTION: '', GROUP_NAME: '' } } }, { title: 'Widgets' },
  ])
})

test('options are those the place knows, with their defaults', async () => {
  const world = await startPlacements()
  const OPTIONS = { iconName: 'fa-bars', width: '50', mine: 1 }
  await world.rest('placement.bind', { PLACEMENT: 'IM_TEXTAREA', HANDLER: URL_OK, OPTIONS })
  expect(await world.result('placement.get')).toMatchObject([{
    options: { iconName: 'fa-bars', extranet: 'N', context: 'ALL', role: 'USER', color: '', width: 50, height: 100 },
  }])
})

test('a background worker is bound once for everybody or once for a user, and opened for whom it is', async () => {
  const world = await startPlacements()
  const worker = { PLACEMENT: 'PAGE_BACKGROUND_WORKER', HANDLER: URL_OK, OPTIONS: { errorHandlerUrl: URL_OK } }
  expect(await world.result('placement.bind', { ...worker, USER_ID: 2 })).toBe(true)
  expect((await world.rest('placement.bind', { ...worker, USER_ID: 2 })).body).toMatchObject({
    error: 'ERROR_PLACEMENT_MAX_COUNT', error_description: 'Placement max count: 1',
  })
  expect(await world.result('placement.bind', { ...worker, USER_ID: 1 })).toBe(true)
  expect(await world.result('placement.unbind', { PLACEMENT: worker.PLACEMENT, USER_ID: 2 })).toEqual({ count: 1 })
})

test('placement.list names the places of the app, of a scope, or all', async () => {
  const world = await startPlacements()
  const list = async (params: object = {}): Promise<string[]> => Object(await world.result('placement.list', params))
  const own = await list()
  expect(own).toEqual(expect.arrayContaining([DETAIL_TAB, 'LEFT_MENU', 'IM_TEXTAREA', 'SETTING_CONNECTOR']))
  expect(own).not.toContain('TASK_VIEW_TAB')
  expect(await list({ SCOPE: 'task' })).toContain('TASK_VIEW_TAB')
  expect(await list({ FULL: true })).toEqual(expect.arrayContaining(['TASK_VIEW_TAB', 'CALL_CARD', DETAIL_TAB]))
  expect(await world.result('placement.bind', { PLACEMENT: 'CRM_DYNAMIC_183_DETAIL_TAB', HANDLER: URL_OK })).toBe(true)
})

test("a connector's settings page is a placement, gone with the connector and with the app", async () => {
  const world = await startPlacements()
  const connector = { NAME: 'Chat', ICON: { DATA_IMAGE: 'data:,' }, PLACEMENT_HANDLER: URL_OK }
  await world.rest('imconnector.register', { ID: 'one', ...connector })
  expect(await world.result('placement.get')).toMatchObject([{ placement: 'SETTING_CONNECTOR', handler: URL_OK }])
  await world.rest('imconnector.unregister', { ID: 'one' })
  expect(await world.result('placement.get')).toEqual([])
  await world.rest('placement.bind', { PLACEMENT: DETAIL_TAB, HANDLER: URL_OK })
  world.portal.control.uninstall(CLIENT_ID, { clean: false })
  expect(world.portal.control.webhooks.placements()).toEqual([])
})

const ICONLESS = { PLACEMENT: 'IM_TEXTAREA', HANDLER: URL_OK }
const NO_HANDLER = "Argument 'The URL of the placement handler is not specified' is null or empty"

test.each([
  ['bind', {}, 'ERROR_ARGUMENT', "The value of an argument 'PLACEMENT' must be of type string"],
  ['bind', { PLACEMENT: '' }, 'ERROR_ARGUMENT', "Argument 'The placement code is not specified' is null or empty"],
  ['bind', { PLACEMENT: 'default' }, 'ERROR_ARGUMENT', "Argument 'The placement code has an incorrect value' is null or empty"],
  ['bind', { PLACEMENT: DETAIL_TAB }, 'ERROR_ARGUMENT', NO_HANDLER],
  ['bind', { PLACEMENT: DETAIL_TAB, HANDLER: 'http://localhost/x' }, 'ERROR_WRONG_HANDLER_URL', 'Wrong handler URL'],
  ['bind', { PLACEMENT: DETAIL_TAB, HANDLER: 'ftp://a.example' }, 'ERROR_UNSUPPORTED_PROTOCOL', 'Unsupported handler protocol'],
  ['bind', { PLACEMENT: 'NO_SUCH_PLACE', HANDLER: URL_OK }, 'ERROR_PLACEMENT_NOT_FOUND', 'Placement not found'],
  ['bind', { PLACEMENT: 'TASK_VIEW_TAB', HANDLER: URL_OK }, 'ERROR_PLACEMENT_NOT_FOUND', 'Placement not found'],
  ['bind', { PLACEMENT: DETAIL_TAB, HANDLER: URL_OK, USER_ID: 1 }, 'ERROR_PLACEMENT_USER_MODE', 'User mode is not available.'],
  ['bind', ICONLESS, 'ERROR_ARGUMENT', "The value of an argument 'options' must be of type array"],
  ['bind', { ...ICONLESS, OPTIONS: { a: 1 } }, 'ERROR_ARGUMENT', "Argument 'iconName' is null or empty"],
  ['unbind', {}, 'ERROR_ARGUMENT', "The value of an argument 'PLACEMENT' must be of type string"],
  ['unbind', { PLACEMENT: '' }, 'ERROR_ARGUMENT', "Argument 'PLACEMENT' is null or empty"],
])('placement.%s with %j is refused with 400 %s', async (method, params, error, text) => {
  const world = await startPlacements()
  expect(await world.rest(`placement.${method}`, params)).toMatchObject({ status: 400, body: { error, error_description: text } })
})

test('a missing errorHandlerUrl is told inside the result, and a handler bound twice is an error', async () => {
  const world = await startPlacements()
  const worker = await world.rest('placement.bind', { PLACEMENT: 'PAGE_BACKGROUND_WORKER', HANDLER: URL_OK })
  expect(worker).toMatchObject({ status: 200, body: { result: { error: 'EMPTY_ERROR_HANDLER_URL' } } })
  await world.rest('placement.bind', { PLACEMENT: DETAIL_TAB, HANDLER: URL_OK })
  expect(await world.rest('placement.bind', { PLACEMENT: DETAIL_TAB, HANDLER: URL_OK })).toMatchObject({
    status: 400, body: { error: 'ERROR_CORE', error_description: 'Unable to set placement handler: Handler already binded' },
  })
})

test("the documentation's wording and its double count, by choice", async () => {
  const world = await startPlacements({ variants: { placementArguments: 'documented', placementUnbindCount: 'twice' } })
  expect((await world.rest('placement.bind')).body).toMatchObject({
    error: 'ERROR_ARGUMENT', error_description: "Argument 'PLACEMENT' is null or empty", argument: 'PLACEMENT',
  })
  await world.rest('placement.bind', { PLACEMENT: DETAIL_TAB, HANDLER: URL_OK })
  expect(await world.result('placement.unbind', { PLACEMENT: DETAIL_TAB })).toEqual({ count: 2 })
})

test.each(['bind', 'unbind', 'get'])('placement.%s is for administrators', async (method) => {
  const world = await startPlacements()
  await world.portal.control.open(CLIENT_ID, { user_id: 2 })
  const auth = field(last(world.receiver).form, 'AUTH_ID')
  expect(await call(world.portal, `placement.${method}`, { auth, PLACEMENT: DETAIL_TAB, HANDLER: URL_OK })).toMatchObject({
    status: 403, body: { error: 'ACCESS_DENIED', error_description: 'Access denied!' },
  })
})
