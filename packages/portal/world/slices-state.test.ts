import { expect, test } from 'vitest'
import { openChat, startConnectorWorld } from '../test-support/connector.ts'
import { startTestPortal } from '../test-support/world.ts'

test('chats, offline events, placements and webhooks are part of the state, and numbers go on counting', async () => {
  const world = await startConnectorWorld([])
  const chat = await openChat(world)
  await world.rest('event.bind', { event: 'ONCRMLEADADD', event_type: 'offline', auth_connector: 'a' })
  world.portal.control.fireEvent({ event: 'ONCRMLEADADD', data: { FIELDS: { ID: 1 } } })
  const { url } = world.portal.control.webhooks.addIncoming({ scope: ['crm'] })
  world.portal.control.webhooks.addOutgoing({ handler: 'http://127.0.0.1:9/x', events: ['ONCRMLEADADD'] })
  const again = await startTestPortal({ state: world.portal.control.snapshot(), clock: world.clock })
  expect(again.control.openLines.chats()).toEqual(world.portal.control.openLines.chats())
  expect(again.control.openLines.send(chat, { text: 'Still here' }).message.id).toBe(86_002)
  expect(again.control.snapshot().offline?.events).toMatchObject([{ id: 1, event: 'ONCRMLEADADD', connectorId: 'a' }])
  expect(again.control.webhooks.placements()).toMatchObject([{ placement: 'SETTING_CONNECTOR' }])
  expect(again.control.webhooks.list().incoming[0]?.url.slice(again.url.length)).toBe(url.slice(world.portal.url.length))
  expect(again.control.webhooks.addIncoming({ scope: [] }).id).toBe(3)
  expect(again.control.handlers()).toMatchObject([{ event: 'ONCRMLEADADD', handler: '', offline: true, auth_connector: 'a' }])
})
