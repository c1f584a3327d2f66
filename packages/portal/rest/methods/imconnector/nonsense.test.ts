import { expect, test } from 'vitest'
import { CONNECTOR, LINE, startConnectorWorld } from '../../../test-support/connector.ts'

const NONSENSE: readonly unknown[] = [
  null, '', 'x', -1, 1.5, 0, true, [], [[]], {}, [{}], { user: 1, message: 2, chat: 3 },
  [{ user: [], message: {}, chat: { id: {} } }],
  JSON.parse('{"__proto__": {"x": 1}, "constructor": 1}'), [{ im: { chat_id: {}, message_id: [] }, message: { id: {} } }],
  { '@ID': null, '': 1 }, { ID: 'ASC', '>ID': {} }, 'a'.repeat(5_000),
]

const METHODS: readonly [method: string, params: readonly string[]][] = [
  ['imconnector.register', ['ID', 'NAME', 'ICON', 'PLACEMENT_HANDLER', 'CHAT_GROUP']],
  ['imconnector.unregister', ['ID']],
  ['imconnector.activate', ['CONNECTOR', 'LINE', 'ACTIVE']],
  ['imconnector.status', ['CONNECTOR', 'LINE']],
  ['imconnector.connector.data.set', ['CONNECTOR', 'LINE', 'DATA']],
  ['imconnector.send.messages', ['CONNECTOR', 'LINE', 'MESSAGES']],
  ['imconnector.update.messages', ['CONNECTOR', 'LINE', 'MESSAGES']],
  ['imconnector.delete.messages', ['CONNECTOR', 'LINE', 'MESSAGES']],
  ['imconnector.send.status.delivery', ['CONNECTOR', 'LINE', 'MESSAGES']],
  ['imconnector.send.status.reading', ['CONNECTOR', 'LINE', 'MESSAGES']],
  ['imconnector.chat.name.set', ['CONNECTOR', 'LINE', 'CHAT_ID', 'NAME', 'USER_ID']],
  ['imconnector.set.error', ['CONNECTOR', 'LINE']],
  ['imopenlines.config.add', ['PARAMS']],
  ['imopenlines.config.update', ['CONFIG_ID', 'PARAMS']],
  ['imopenlines.config.get', ['CONFIG_ID', 'WITH_QUEUE']],
  ['imopenlines.config.list.get', ['PARAMS', 'OPTIONS']],
  ['event.bind', ['EVENT', 'HANDLER', 'EVENT_TYPE', 'AUTH_TYPE', 'OPTIONS', 'auth_connector']],
  ['event.unbind', ['EVENT', 'HANDLER', 'EVENT_TYPE', 'AUTH_TYPE', 'auth_connector']],
  ['event.offline.get', ['clear', 'process_id', 'filter', 'order', 'limit', 'error', 'auth_connector']],
  ['event.offline.list', ['filter', 'order', 'start', 'auth_connector']],
  ['event.offline.clear', ['process_id', 'message_id', 'id']],
  ['event.offline.error', ['process_id', 'message_id']],
]

const URL_OK = 'http://127.0.0.1:9/x'

/** What each parameter would be without the nonsense. */
const SOUND: Readonly<Record<string, unknown>> = {
  CONNECTOR, LINE, MESSAGES: [{ user: { id: 1 }, message: { id: 1, text: 'x' }, chat: { id: 1 } }], CONFIG_ID: LINE, ID: 'other',
  NAME: 'x', ICON: { DATA_IMAGE: 'data:,' }, PLACEMENT_HANDLER: URL_OK, EVENT: 'ONOFFLINEEVENT', HANDLER: URL_OK,
  CHAT_ID: '1', USER_ID: '1', process_id: 'x', ACTIVE: 1, DATA: { ID: 'x' },
}

test.each(METHODS)('%s survives nonsense in each of its parameters %j', async (method, params) => {
  const world = await startConnectorWorld([])
  const sound = Object.fromEntries(params.filter((name) => name in SOUND).map((name) => [name, SOUND[name]]))
  for (const name of params) {
    for (const value of NONSENSE) {
      const { status, body } = await world.rest(method, { ...sound, [name]: value })
      expect([200, 400], `${name} = ${JSON.stringify(value)}: ${JSON.stringify(body)}`).toContain(status)
    }
  }
})
