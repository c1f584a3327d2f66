import { expect, test } from 'vitest'
import { call, control, events, installUiApp, send, startWorld } from '../test-support/world.ts'

test('an incoming webhook calls methods of its scope as its user', async () => {
  const { portal } = await startWorld()
  const { status, body } = await control(portal, '/webhooks/incoming', { scope: ['user', 'crm'], user_id: 2, code: 'abc123' })
  expect({ status, webhook: body['webhook'] }).toEqual({
    status: 201,
    webhook: {
      id: 1, user_id: 2, title: 'Incoming webhook', scope: ['user', 'crm'], code: 'abc123', url: `${portal.url}/rest/2/abc123/`,
    },
  })
  expect((await send(`${portal.url}/rest/2/abc123/profile.json`)).body).toMatchObject({ result: { ID: '2', ADMIN: false } })
  expect((await send(`${portal.url}/rest/2/abc123//user.current`)).body).toMatchObject({ result: { ID: '2' } })
  const batch = await send(`${portal.url}/rest/2/abc123/batch?cmd[a]=profile`)
  expect(batch.body).toMatchObject({ result: { result: { a: { ID: '2' } } } })
  const info = await send(`${portal.url}/rest/2/abc123/app.info`)
  expect(info.body['result']).toEqual({ SCOPE: ['user', 'crm'], LICENSE: 'en_pro100' })
  const answer = await send(`${portal.url}/rest/2/abc123/scope`)
  expect(answer.body).toMatchObject({ result: ['user', 'crm'] })
  expect(answer.headers.has('x-bitrix-rest-application')).toBe(false)
})

test('app.info denies itself to webhooks as its page says, by choice', async () => {
  const { portal } = await startWorld({ variants: { webhookAppInfo: 'denied' } })
  const { url } = portal.control.webhooks.addIncoming({ scope: [] })
  expect(await send(`${url}app.info`)).toMatchObject({ status: 403, body: { error: 'ACCESS_DENIED' } })
})

const HIGHER = 'The request requires higher privileges than provided by the webhook token'

test.each([
  ['1/wrong/profile', 401, 'INVALID_CREDENTIALS', 'Invalid request credentials'],
  ['2/right/profile', 401, 'INVALID_CREDENTIALS', 'Invalid request credentials'],
  ['1/right/no.such', 404, 'ERROR_METHOD_NOT_FOUND', 'Method not found!'],
  ['1/right/user.current', 401, 'insufficient_scope', HIGHER],
  ['1/right/app.option.get', 403, 'ACCESS_DENIED', 'Access denied! Application context required'],
])('%s is refused with %i %s', async (path, status, error, text) => {
  const { portal } = await startWorld()
  portal.control.webhooks.addIncoming({ scope: ['imopenlines', 'placement'], code: 'right' })
  expect(await send(`${portal.url}/rest/${path}`)).toMatchObject({ status, body: { error, error_description: text } })
})

test.each([
  'event.bind', 'event.unbind', 'event.get', 'event.test', 'event.offline.get', 'event.offline.list', 'event.offline.clear',
  'event.offline.error', 'placement.bind', 'placement.unbind', 'placement.get', 'placement.list', 'imconnector.register',
  'imconnector.unregister', 'imconnector.list', 'imconnector.activate', 'imconnector.status', 'imconnector.connector.data.set',
  'imconnector.send.messages', 'imconnector.update.messages', 'imconnector.delete.messages', 'imconnector.send.status.delivery',
  'imconnector.send.status.reading', 'imconnector.set.error', 'imconnector.chat.name.set',
])('%s needs an app: a webhook gets 403 WRONG_AUTH_TYPE, in a batch too', async (method) => {
  const { portal } = await startWorld()
  const { url } = portal.control.webhooks.addIncoming({ scope: ['imopenlines', 'placement'] })
  const refusal = {
    error: 'WRONG_AUTH_TYPE',
    error_description: 'Current authorization type is denied for this method Application context required',
  }
  expect(await send(`${url}${method}`)).toMatchObject({ status: 403, body: refusal })
  expect((await send(`${url}batch?cmd[a]=${method}`)).body).toMatchObject({ result: { result_error: { a: refusal } } })
})

test('over plain http a webhook is INVALID_REQUEST when the portal is told to be strict', async () => {
  const { portal } = await startWorld({ webhookOverHttp: false })
  const { url } = portal.control.webhooks.addIncoming({ scope: [] })
  expect(await send(`${url}profile`)).toMatchObject({
    status: 401, body: { error: 'INVALID_REQUEST', error_description: 'Https required.' },
  })
})

test('an outgoing webhook gets its events with its own token and no tokens of an app', async () => {
  const world = await startWorld()
  const { body } = await control(world.portal, '/webhooks/outgoing', {
    handler: `${world.receiver.url}/hook`, events: ['OnCrmDealUpdate', 'ONIMCONNECTORLINEDELETE'],
  })
  const { application_token: token, events: bound } = Object(body['webhook'])
  expect([token, bound]).toEqual([expect.stringMatching(/^[a-z0-9]{32}$/), ['ONCRMDEALUPDATE', 'ONIMCONNECTORLINEDELETE']])
  world.portal.control.fireEvent({ event: 'ONCRMDEALUPDATE', data: { FIELDS: { ID: 662 } } })
  world.portal.control.fireEvent({ event: 'ONCRMDEALADD', data: { FIELDS: { ID: 1 } } })
  world.portal.control.openLines.deleteLine(107)
  await world.settle()
  const received = events(world.receiver)
  expect(received.map(({ form }) => [form['event'], form['event_handler_id'], form['data']])).toEqual([
    ['ONCRMDEALUPDATE', '1', { FIELDS: { ID: '662' } }], ['ONIMCONNECTORLINEDELETE', '2', '107'],
  ])
  expect(Object.entries(Object(received[0]?.form['auth']))).toEqual([
    ['domain', world.portal.domain], ['client_endpoint', `${world.portal.url}/rest/`],
    ['server_endpoint', `${world.portal.oauthUrl}/rest/`], ['member_id', world.portal.memberId], ['application_token', token],
  ])
})

test('an event about one app is no webhook\'s, and a deleted webhook gets nothing', async () => {
  const world = await startWorld()
  const wanted = { handler: `${world.receiver.url}/hook`, events: ['ONAPPTEST', 'ONCRMLEADADD'] }
  const { id } = world.portal.control.webhooks.addOutgoing(wanted)
  const { accessToken: auth } = await installUiApp(world)
  await call(world.portal, 'event.test', { auth })
  expect((await send(`${world.portal.url}/control/webhooks/${id}`, { method: 'DELETE' })).status).toBe(200)
  world.portal.control.fireEvent({ event: 'ONCRMLEADADD', data: { FIELDS: { ID: 1 } } })
  await world.settle()
  expect(events(world.receiver).filter(({ path }) => path === '/hook')).toEqual([])
  expect((await control(world.portal, '/webhooks')).body).toEqual({ incoming: [], outgoing: [] })
})
