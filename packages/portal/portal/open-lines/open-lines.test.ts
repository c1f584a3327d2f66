import { expect, test } from 'vitest'
import type { ConnectorWorld } from '../../test-support/connector.ts'
import { CONNECTOR, LINE, openChat, startConnectorWorld, visitorMessage } from '../../test-support/connector.ts'
import { control, installUiApp } from '../../test-support/world.ts'
import { send } from '../../test-support/world.ts'

const FAMILY = [
  'ONIMCONNECTORMESSAGEADD', 'ONIMCONNECTORMESSAGEUPDATE', 'ONIMCONNECTORMESSAGEDELETE', 'ONIMCONNECTORDIALOGSTART',
  'ONIMCONNECTORDIALOGFINISH', 'ONIMCONNECTORSTATUSDELETE', 'ONIMCONNECTORLINEDELETE',
]

/** An operator's message, and its delivery confirmed under the external ids. */
async function deliveredAnswer(world: ConnectorWorld, id: readonly string[]): Promise<{ chat: number; message: number }> {
  const chat = await openChat(world)
  const sent = await control(world.portal, `/chats/${chat}/messages`, { text: 'Guten Tag!', user_id: 2 })
  const message = Number(Object(sent.body['message']).id)
  const element = { im: { chat_id: chat, message_id: message }, message: { id }, chat: { id: 'channel-123' } }
  await world.rest('imconnector.send.status.delivery', { CONNECTOR, LINE, MESSAGES: [element] })
  await world.settle()
  return { chat, message }
}

async function api(world: ConnectorWorld, method: string, path: string, body: object = {}) {
  const answer = await send(`${world.portal.url}/control${path}`, { method, body: JSON.stringify(body) })
  await world.settle()
  return answer
}

test('the first message of a visitor opens chat and session, and the second goes on in them', async () => {
  const world = await startConnectorWorld(FAMILY)
  const first = await world.rest('imconnector.send.messages', { CONNECTOR, LINE, MESSAGES: [visitorMessage()] })
  expect(first.body['result']).toEqual({
    SUCCESS: true,
    DATA: {
      RESULT: [{
        user: '1001',
        message: { id: 'ext-1', date: {}, text: 'Hello' },
        chat: { id: 'channel-123', description: 'Link to the original post: https://site.example/chat' },
        SUCCESS: true,
        session: { ID: '301', CHAT_ID: '1801' },
      }],
    },
  })
  const second = await world.rest('imconnector.send.messages', { CONNECTOR, LINE, MESSAGES: [visitorMessage('More', 'ext-2')] })
  expect(Object(second.body['result']).DATA.RESULT[0].session).toEqual({ ID: '301', CHAT_ID: '1801' })
  await world.settle()
  expect(world.got('ONIMCONNECTORDIALOGSTART').map(({ data }) => data)).toEqual([{
    CONNECTOR, LINE: '107',
    DATA: [{
      connector: { connector_id: CONNECTOR, line_id: '107', chat_id: 'channel-123', user_id: '1001' },
      session: { id: '301', closed: 'N', parent_id: '0', close_term: '10' },
      chat: { id: 'channel-123' },
      user: { id: 'u-42' },
    }],
  }])
  expect(world.portal.control.openLines.chats()).toMatchObject([
    { visitor: { name: 'Klaus', last_name: 'Weber' }, messages: [{}, {}] },
  ])
})

test('keys count in any case, names are cut at 25 characters, and one bad element leaves the others alone', async () => {
  const world = await startConnectorWorld(FAMILY)
  const long = { USER: { ID: 7, NAME: 'a'.repeat(30), LAST_NAME: 'b' }, MESSAGE: { ID: 'e', TEXT: 'x' }, CHAT: { ID: 9 } }
  const empty = { user: { id: 'u' }, message: { id: 'f' }, chat: { id: 'c' } }
  const { body } = await world.rest('imconnector.send.messages', { CONNECTOR, LINE, MESSAGES: [long, empty] })
  expect(body['result']).toMatchObject({
    SUCCESS: true,
    DATA: { RESULT: [{ SUCCESS: true, session: {} }, { SUCCESS: false, ERRORS: [expect.any(String)], user: { id: 'u' } }] },
  })
  expect(world.portal.control.openLines.chats()).toMatchObject([{ visitor: { name: 'a'.repeat(25) } }])
})

test("an operator's message goes out signed and with his token; edit and deletion follow once it is confirmed", async () => {
  const world = await startConnectorWorld(FAMILY)
  const { chat, message } = await deliveredAnswer(world, ['s-1', 's-2'])
  const im = { chat_id: String(chat), message_id: String(message) }
  const [added] = world.got('ONIMCONNECTORMESSAGEADD')
  expect(added?.['data']).toEqual({
    CONNECTOR, LINE: '107',
    MESSAGES: [{ im, message: { user_id: '2', text: '[b]Emil Novak:[/b] [br]Guten Tag!' }, chat: { id: 'channel-123' } }],
  })
  expect(added?.['auth']).toMatchObject({ user_id: '2', access_token: expect.any(String) })
  await api(world, 'PATCH', `/chats/${chat}/messages/${message}`, { text: 'Hallo!' })
  expect(world.got('ONIMCONNECTORMESSAGEUPDATE').map(({ data }) => data)).toEqual([{
    CONNECTOR, LINE: '107',
    MESSAGES: [{ im, message: { id: ['s-1', 's-2'], text: '[b]Emil Novak:[/b][br] Hallo!' }, chat: { id: 'channel-123' } }],
  }])
  await api(world, 'DELETE', `/chats/${chat}/messages/${message}`)
  expect(world.got('ONIMCONNECTORMESSAGEDELETE').map(({ data }) => data)).toEqual([{
    CONNECTOR, LINE: '107',
    MESSAGES: [
      { im, message: { id: 's-1' }, chat: { id: 'channel-123' } }, { im, message: { id: 's-2' }, chat: { id: 'channel-123' } },
    ],
  }])
})

test('without a confirmed delivery neither an edit nor a deletion is told', async () => {
  const world = await startConnectorWorld(FAMILY)
  const { chat, message } = await deliveredAnswer(world, [])
  expect((await api(world, 'PATCH', `/chats/${chat}/messages/${message}`, { text: 'x' })).body).toMatchObject({ queued: 0 })
  expect((await api(world, 'DELETE', `/chats/${chat}/messages/${message}`)).body).toMatchObject({ queued: 0 })
  expect([...world.got('ONIMCONNECTORMESSAGEUPDATE'), ...world.got('ONIMCONNECTORMESSAGEDELETE')]).toEqual([])
})

test('the switches of imconnector.register hold back signatures, automatic messages, edits and deletions', async () => {
  const world = await startConnectorWorld(FAMILY, {
    NEED_SIGNATURE: 'N', need_system_messages: false, EDIT_INTERNAL_MESSAGES: 0, DEL_INTERNAL_MESSAGES: '',
  })
  const { chat, message } = await deliveredAnswer(world, ['s-1'])
  expect(world.got('ONIMCONNECTORMESSAGEADD')).toMatchObject([{ data: { MESSAGES: [{ message: { text: 'Guten Tag!' } }] } }])
  const automatic = await api(world, 'POST', `/chats/${chat}/messages`, { text: 'We are closed', user_id: 0 })
  expect(automatic.body).toMatchObject({ queued: 0 })
  expect((await api(world, 'PATCH', `/chats/${chat}/messages/${message}`, { text: 'x' })).body).toMatchObject({ queued: 0 })
  expect((await api(world, 'DELETE', `/chats/${chat}/messages/${message}`)).body).toMatchObject({ queued: 0 })
})

test('an automatic message comes unsigned and without tokens', async () => {
  const world = await startConnectorWorld(FAMILY)
  const chat = await openChat(world)
  await api(world, 'POST', `/chats/${chat}/messages`, { text: 'We are closed', user_id: 0 })
  const [added] = world.got('ONIMCONNECTORMESSAGEADD')
  expect(added).toMatchObject({ data: { MESSAGES: [{ message: { user_id: '0', text: 'We are closed' } }] } })
  expect(Object.keys(Object(added?.['auth']))).toEqual([
    'domain', 'client_endpoint', 'server_endpoint', 'member_id', 'application_token',
  ])
})

test('a closed dialog is told, closed once, and taken up by a new session', async () => {
  const world = await startConnectorWorld(FAMILY)
  const chat = await openChat(world)
  await api(world, 'POST', `/chats/${chat}/close`)
  expect(world.got('ONIMCONNECTORDIALOGFINISH')).toMatchObject([{ data: { DATA: [{ session: { id: '301', closed: 'Y' } }] } }])
  expect(await api(world, 'POST', `/chats/${chat}/close`)).toMatchObject({ status: 400, body: { error: 'BAD_REQUEST' } })
  const again = await world.rest('imconnector.send.messages', { CONNECTOR, LINE, MESSAGES: [visitorMessage('Back', 'ext-9')] })
  expect(Object(again.body['result']).DATA.RESULT[0].session).toEqual({ ID: '302', CHAT_ID: String(chat) })
  await world.settle()
  expect(world.got('ONIMCONNECTORDIALOGSTART')).toMatchObject([
    {}, { data: { DATA: [{ session: { id: '302', parent_id: '301' } }] } },
  ])
})

test('a group chat is one chat for all its visitors', async () => {
  const world = await startConnectorWorld(FAMILY, { CHAT_GROUP: true })
  const other = { ...visitorMessage('Me too', 'ext-2'), user: { id: 'u-43', name: 'Eve' } }
  await world.rest('imconnector.send.messages', { CONNECTOR, LINE, MESSAGES: [visitorMessage(), other] })
  expect(world.portal.control.openLines.chats()).toMatchObject([
    { visitor: null, messages: [{ user_id: 1001 }, { user_id: 1002 }] },
  ])
  const renamed = await world.rest('imconnector.chat.name.set', { CONNECTOR, LINE, CHAT_ID: 'channel-123', NAME: 'All' })
  expect(renamed.body['result']).toEqual({ SUCCESS: true, DATA: { RESULT: {} } })
})

test("a visitor's message is changed and deleted by the id it came with", async () => {
  const world = await startConnectorWorld(FAMILY)
  await openChat(world)
  const updated = await world.rest('imconnector.update.messages', { CONNECTOR, LINE, MESSAGES: [visitorMessage('Changed')] })
  const [element] = Object(updated.body['result']).DATA.RESULT
  expect(element).toMatchObject({ user: '1001', SUCCESS: true, message: { text: 'Changed' } })
  expect(world.portal.control.openLines.chats()).toMatchObject([{ messages: [{ text: 'Changed' }] }])
  const gone = { user: { id: 'u-42' }, message: { id: 'ext-1' }, chat: { id: 'channel-123' } }
  const deleted = await world.rest('imconnector.delete.messages', { CONNECTOR, LINE, MESSAGES: [gone] })
  expect(deleted.body['result']).toEqual({
    SUCCESS: true, DATA: { RESULT: [{ user: '1001', message: { id: 'ext-1' }, chat: { id: 'channel-123' }, SUCCESS: true }] },
  })
  expect(world.portal.control.openLines.chats()).toMatchObject([{ messages: [] }])
})

test('imconnector.set.error stops the connector on its line without an event; no operator gets through then', async () => {
  const world = await startConnectorWorld(FAMILY)
  const chat = await openChat(world)
  expect(await world.result('imconnector.set.error', { CONNECTOR, LINE })).toEqual({ SUCCESS: true, DATA: [] })
  expect(await world.result('imconnector.status', { CONNECTOR, LINE })).toMatchObject({ ERROR: true, STATUS: false })
  expect(await api(world, 'POST', `/chats/${chat}/messages`, { text: 'x' })).toMatchObject({ status: 400 })
  expect(world.got('ONIMCONNECTORSTATUSDELETE')).toEqual([])
})

test('deleting a line tells the owner of each active connector, then everybody with a bare number', async () => {
  const world = await startConnectorWorld(FAMILY)
  await installUiApp(world, ['ONIMCONNECTORSTATUSDELETE', 'ONIMCONNECTORLINEDELETE'], 'local.0f0f0f0f0f0f0f.87654321')
  world.receiver.received.length = 0
  expect((await api(world, 'DELETE', `/lines/${LINE}`)).body).toMatchObject({ queued: 3 })
  expect(world.got('ONIMCONNECTORSTATUSDELETE')).toMatchObject([{ data: { connector: CONNECTOR, line: '107' } }])
  expect(world.got('ONIMCONNECTORLINEDELETE').map(({ data }) => data)).toEqual(['107', '107'])
  expect(await api(world, 'DELETE', `/lines/${LINE}`)).toMatchObject({ status: 404, body: { error: 'NOT_FOUND' } })
})

test('settings of a connector are merged, or overwritten as its page says, by choice', async () => {
  for (const [connectorDataSet, data] of [['merge', { ID: 'c1', NAME: 'New' }], ['overwrite', { NAME: 'New' }]] as const) {
    const world = await startConnectorWorld(FAMILY, {}, { variants: { connectorDataSet } })
    await world.rest('imconnector.connector.data.set', { CONNECTOR, LINE, DATA: { NAME: 'New', ID: '' } })
    expect(world.portal.control.lines()).toMatchObject([{ connectors: [{ data }] }])
    expect(world.portal.control.lines()[0]?.connectors[0]?.data).toEqual(data)
  }
})
