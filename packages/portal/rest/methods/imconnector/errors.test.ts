import { expect, test } from 'vitest'
import { CONNECTOR, LINE, startConnectorWorld, visitorMessage } from '../../../test-support/connector.ts'
import { call, CLIENT_ID, field, installUiApp, last } from '../../../test-support/world.ts'

const CHANNEL = { CONNECTOR, LINE }
const MESSAGES = [visitorMessage()]
const missing = (name: string): object => ({
  status: 400, body: { error: 'ERROR_ARGUMENT', error_description: `Argument '${name}' is null or empty`, argument: name },
})
const refused = (error: string, text: string): object => ({ status: 400, body: { error, error_description: text } })
const NOT_ACTIVE = refused('NOT_ACTIVE_LINE', 'The line with this ID is inactive or does not exist')
const NO_PROVIDER = refused('IMCONNECTOR_NO_CORRECT_PROVIDER', 'Failed to find a suitable provider for the connector')
const NO_ARRAY = refused('ERROR_ARGUMENT', "The value of an argument 'MESSAGES' must be of type array")
const NO_ARRAYS = refused('ERROR_ARGUMENT', 'The MESSAGES parameter must be an array of messages (arrays)')
const NOT_UNREGISTERED = { status: 200, body: { result: { result: false, error: 'APPLICATION_UNREGISTRATION_ERROR' } } }
const STRUCTURE = refused('ERROR_ARGUMENT', 'The incorrect structure of a message inside MESSAGES parameter.')

test.each([
  ['send.messages', { LINE, MESSAGES }, missing('CONNECTOR')],
  ['send.messages', { CONNECTOR, MESSAGES }, missing('LINE')],
  ['send.messages', CHANNEL, missing('MESSAGES')],
  ['send.messages', { ...CHANNEL, MESSAGES: null }, missing('MESSAGES')],
  ['send.messages', { ...CHANNEL, MESSAGES: 'x' }, NO_ARRAY],
  ['send.messages', { ...CHANNEL, MESSAGES: ['x'] }, NO_ARRAYS],
  ['send.messages', { ...CHANNEL, MESSAGES: [{ user: {} }] }, STRUCTURE],
  ['send.messages', { ...CHANNEL, LINE: 999, MESSAGES }, NOT_ACTIVE],
  ['send.messages', { ...CHANNEL, LINE: 'x', MESSAGES }, NOT_ACTIVE],
  ['send.messages', { ...CHANNEL, CONNECTOR: 'livechat', MESSAGES }, NO_PROVIDER],
  ['update.messages', { CONNECTOR, MESSAGES }, missing('LINE')],
  ['update.messages', CHANNEL, missing('MESSAGES')],
  ['update.messages', { ...CHANNEL, LINE: 999, MESSAGES }, NOT_ACTIVE],
  ['update.messages', { ...CHANNEL, CONNECTOR: 'none', MESSAGES }, NO_PROVIDER],
  ['delete.messages', { LINE, MESSAGES }, missing('CONNECTOR')],
  ['delete.messages', CHANNEL, missing('MESSAGES')],
  ['delete.messages', { ...CHANNEL, LINE: 999, MESSAGES }, NOT_ACTIVE],
  ['send.status.delivery', { LINE, MESSAGES }, missing('CONNECTOR')],
  ['send.status.delivery', { CONNECTOR, MESSAGES }, missing('LINE')],
  ['send.status.delivery', CHANNEL, missing('MESSAGES')],
  ['send.status.delivery', { ...CHANNEL, CONNECTOR: 'none', MESSAGES }, NO_PROVIDER],
  ['send.status.reading', CHANNEL, missing('MESSAGES')],
  ['send.status.reading', { ...CHANNEL, CONNECTOR: 'none', MESSAGES }, NO_PROVIDER],
  ['set.error', { LINE }, missing('CONNECTOR')],
  ['set.error', { CONNECTOR }, missing('LINE')],
  ['set.error', { CONNECTOR: 'none', LINE }, NO_PROVIDER],
  ['chat.name.set', { LINE, CHAT_ID: 1, NAME: 'x', USER_ID: 1 }, missing('CONNECTOR')],
  ['chat.name.set', { ...CHANNEL, NAME: 'x', USER_ID: 1 }, missing('CHAT_ID')],
  ['chat.name.set', { ...CHANNEL, CHAT_ID: '1', NAME: '0', USER_ID: 1 }, missing('NAME')],
  ['chat.name.set', { ...CHANNEL, CHAT_ID: 1, NAME: 'x' }, missing('USER_ID')],
  ['chat.name.set', { ...CHANNEL, LINE: 999, CHAT_ID: 1, NAME: 'x', USER_ID: 1 }, NOT_ACTIVE],
  ['chat.name.set', { ...CHANNEL, CONNECTOR: 'none', CHAT_ID: 1, NAME: 'x', USER_ID: 1 }, NO_PROVIDER],
  ['chat.name.set', { ...CHANNEL, CHAT_ID: 1, NAME: 'x', USER_ID: 1 }, { status: 400, body: { error: 'CHAT_RENAMING_FAILED' } }],
  ['activate', { LINE, ACTIVE: 1 }, missing('CONNECTOR')],
  ['activate', { CONNECTOR, ACTIVE: 1 }, missing('LINE')],
  ['activate', CHANNEL, missing('ACTIVE')],
  ['status', { LINE }, missing('CONNECTOR')],
  ['connector.data.set', { LINE, DATA: {} }, missing('CONNECTOR')],
  ['connector.data.set', { CONNECTOR, DATA: {} }, missing('LINE')],
  ['connector.data.set', CHANNEL, missing('DATA')],
  ['register', {}, { status: 200, body: { result: { result: false, error: 'CONNECTOR_ID_REQUIRED' } } }],
  ['register', { ID: 'a.b' }, { body: { result: { error: 'APPLICATION_REGISTRATION_ERROR_POINT' } } }],
  ['register', { ID: 'a' }, { body: { result: { error: 'NAME_REQUIRED' } } }],
  ['register', { ID: 'a', NAME: 'A' }, { body: { result: { error: 'ICON_REQUIRED' } } }],
  ['register', { ID: 'a', NAME: 'A', ICON: { DATA_IMAGE: 'd' } }, { body: { result: { error: 'NO_PLACEMENT_HANDLER' } } }],
  ['unregister', { ID: 'nobodys' }, NOT_UNREGISTERED],
  ['unregister', {}, NOT_UNREGISTERED],
])('imconnector.%s with %j is answered as documented', async (method, params, expected) => {
  const world = await startConnectorWorld([])
  expect(await world.rest(`imconnector.${method}`, params)).toMatchObject(expected)
})

test('nothing goes through a line that is switched off or inactive, nor through another app\'s connector', async () => {
  const world = await startConnectorWorld([])
  const send = (): Promise<unknown> => world.rest('imconnector.send.messages', { ...CHANNEL, MESSAGES })
  await world.rest('imopenlines.config.update', { CONFIG_ID: LINE, PARAMS: { ACTIVE: 'N' } })
  expect(await send()).toMatchObject(NOT_ACTIVE)
  await world.rest('imopenlines.config.update', { CONFIG_ID: LINE, PARAMS: { ACTIVE: 'Y' } })
  await world.rest('imconnector.activate', { ...CHANNEL, ACTIVE: 0 })
  expect(await send()).toMatchObject(NOT_ACTIVE)
  const { accessToken: auth } = await installUiApp(world, [], 'local.0f0f0f0f0f0f0f.87654321')
  expect(await call(world.portal, 'imconnector.send.messages', { auth, ...CHANNEL, MESSAGES })).toMatchObject(NO_PROVIDER)
})

test('imconnector.list is for those who may change connectors, and names the built-in ones', async () => {
  const world = await startConnectorWorld([])
  expect(await world.result('imconnector.list')).toMatchObject({ livechat: 'Live Chat', [CONNECTOR]: 'Site chat' })
  await world.portal.control.open(CLIENT_ID, { user_id: 2 })
  const auth = field(last(world.receiver).form, 'AUTH_ID')
  expect(await call(world.portal, 'imconnector.list', { auth })).toMatchObject({
    status: 400, body: { error: 'ACCESS_DENIED', error_description: 'You dont have access to this action' },
  })
})
