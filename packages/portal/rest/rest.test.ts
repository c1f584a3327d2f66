import { expect, test } from 'vitest'
import { call, CLIENT_ID, control, field, installUiApp, last, send, startWorld } from '../test-support/world.ts'

const TIME = {
  start: 1_767_225_601, finish: 1_767_225_601, duration: 0, processing: 0, date_start: '2026-01-01T00:00:01+00:00',
  date_finish: '2026-01-01T00:00:01+00:00', operating_reset_at: 1_767_226_201, operating: 0,
}

test('a method answers under every form of its address, by GET and POST, form and JSON', async () => {
  const world = await startWorld()
  const { accessToken } = await installUiApp(world)
  const base = `${world.portal.url}/rest`
  const json = {
    method: 'POST', headers: { 'Content-Type': 'application/json; charset=utf-8' }, body: JSON.stringify({ auth: accessToken }),
  }
  const form = { method: 'POST', body: new URLSearchParams({ access_token: accessToken }) }
  const bearer = { headers: { Authorization: `Bearer ${accessToken}` } }
  const addresses = ['/profile', '//profile', '/profile/', '/profile.json', '/Profile', '/profile.json/']
  for (const address of addresses) expect((await send(base + address, json)).body['result'], address).toMatchObject({ ID: '1' })
  for (const init of [form, bearer]) expect((await send(`${base}/profile`, init)).status).toBe(200)
  const answer = await send(`${base}/profile?auth=${accessToken}`)
  expect(answer.body).toEqual({
    result: { ID: '1', ADMIN: true, NAME: 'Anna', LAST_NAME: 'Berg', PERSONAL_GENDER: '', TIME_ZONE: '' }, time: TIME,
  })
  expect(answer.headers.get('x-bitrix-rest-application')).toBe(CLIENT_ID)
  expect(answer.headers.get('access-control-allow-origin')).toBe('*')
  expect((await send(`${base}/profile?auth=wrong`, json)).status).toBe(200)
})

test('doubled slashes before the path, and a form with parts, are read too', async () => {
  const world = await startWorld()
  const { accessToken } = await installUiApp(world)
  expect((await send(`${world.portal.url}//rest//profile?auth=${accessToken}`)).body['result']).toMatchObject({ ID: '1' })
  const parts = new FormData()
  parts.set('auth', accessToken)
  parts.set('options[greeting]', 'Grüße & mehr')
  parts.set('file', new Blob(['not a field']), 'file.txt')
  expect((await send(`${world.portal.url}/rest/app.option.set`, { method: 'POST', body: parts })).body['result']).toBe(true)
  expect((await call(world.portal, 'app.option.get', { auth: accessToken, option: 'greeting' })).body['result']).toBe('Grüße & mehr')
})

test('methods lists what the app may call, and everything with full', async () => {
  const world = await startWorld()
  const { accessToken } = await installUiApp(world)
  const own = (await call(world.portal, 'methods', { auth: accessToken })).body['result']
  const all = (await call(world.portal, 'methods', { auth: accessToken, full: true })).body['result']
  expect(own).toContain('event.bind')
  expect(own).not.toContain('tasks.task.add')
  expect(all).toContain('tasks.task.add')
})

test.each([
  ['nobody.knows', {}, 404, 'ERROR_METHOD_NOT_FOUND', 'Method not found!'],
  ['profile', {}, 401, 'NO_AUTH_FOUND', 'Wrong authorization data'],
  ['profile', { auth: ['a'] }, 401, 'NO_AUTH_FOUND', 'Wrong authorization data'],
  ['1/webhookcode/profile', {}, 401, 'INVALID_CREDENTIALS', 'Invalid request credentials'],
  ['profile', { auth: 'forged' }, 401, 'invalid_token', 'Unable to get application by token'],
])('%s with %j is refused with %i %s', async (method, params, status, error, text) => {
  const world = await startWorld()
  expect(await call(world.portal, method, params)).toMatchObject({ status, body: { error, error_description: text } })
})

test('the app is checked before the token, the token before the scope', async () => {
  const world = await startWorld()
  const { accessToken } = await installUiApp(world)
  world.portal.control.registerApp({ name: 'Example', kind: 'local', client_id: CLIENT_ID, scope: ['crm'] })
  expect(await call(world.portal, 'user.current', { auth: accessToken })).toMatchObject({
    status: 401, body: { error: 'insufficient_scope' },
  })
  await world.clock.advance(3_600_000)
  expect(await call(world.portal, 'user.current', { auth: accessToken })).toMatchObject({
    status: 401, body: { error: 'expired_token' },
  })
  world.portal.control.uninstall(CLIENT_ID, { clean: false })
  expect(await call(world.portal, 'user.current', { auth: accessToken })).toMatchObject({
    status: 401, body: { error: 'APPLICATION_NOT_FOUND' },
  })
})

test('a body that is broken or too large gets a code, never a 500', async () => {
  const world = await startWorld()
  const { accessToken } = await installUiApp(world)
  const post = (body: string, contentType: string, path = '/profile'): ReturnType<typeof send> =>
    send(`${world.portal.url}/rest${path}`, { method: 'POST', headers: { 'Content-Type': contentType }, body })
  const form = 'application/x-www-form-urlencoded'
  expect(await post('{"auth":', 'application/json')).toMatchObject({ status: 401, body: { error: 'NO_AUTH_FOUND' } })
  expect(await post('[]', 'application/json', `/profile?auth=${accessToken}`)).toMatchObject({ status: 200 })
  expect(await post('x'.repeat(10_000_000), form)).toMatchObject({ status: 413, body: { error: 'BODY_TOO_LARGE' } })
  expect(await post('a=1&'.repeat(5_000), form)).toMatchObject({ status: 413, body: { error: 'TOO_MANY_PARAMETERS' } })
  expect(await post(`a${'[b]'.repeat(100)}=1`, form)).toMatchObject({ status: 413, body: { error: 'NESTING_TOO_DEEP' } })
  expect(await post('['.repeat(200_000), 'application/json')).toMatchObject({ status: 413, body: { error: 'NESTING_TOO_DEEP' } })
  expect(await post(`auth=${accessToken}&a=%zz%`, form)).toMatchObject({ status: 200 })
  expect(await post('', form, '/%zz')).toMatchObject({ status: 400, body: { error: 'BAD_REQUEST' } })
  expect(await post('', form, '/../profile%00')).toMatchObject({ status: 404 })
  expect(await send(`${world.portal.url}/%zz`)).toMatchObject({ status: 400, body: { error: 'BAD_REQUEST' } })
  expect(await send(`${world.portal.url}/nowhere`)).toMatchObject({ status: 404, body: { error: 'NOT_FOUND' } })
  expect(
    await call(world.portal, 'event.test', { auth: accessToken, ['__proto__']: { polluted: 1 } }),
  ).toMatchObject({ status: 200 })
})

test('the small methods answer as documented', async () => {
  const world = await startWorld()
  const { accessToken: auth } = await installUiApp(world)
  const result = async (method: string, params: object = {}): Promise<unknown> => {
    const { body } = await call(world.portal, method, { auth, ...params })
    return body['result']
  }
  expect(await result('server.time')).toBe('2026-01-01T00:00:01+00:00')
  expect(await result('user.admin')).toBe(true)
  expect(await result('user.current')).toMatchObject({
    ID: '1', ACTIVE: true, EMAIL: 'anna.berg@portal.example', UF_DEPARTMENT: [1],
  })
  expect(await result('scope')).toEqual(['imopenlines', 'user', 'crm'])
  expect(await result('scope', { full: true })).toContain('placement')
  expect(await result('method.get', { name: 'imconnector.list' })).toEqual({ isExisting: true, isAvailable: true })
  expect(await result('method.get', { name: 'no.such' })).toEqual({ isExisting: false, isAvailable: false })
  expect(await result('method.get')).toEqual({ isExisting: false, isAvailable: false })
  expect(await result('feature.get', { CODE: 'rest_auth_connector' })).toEqual({ value: 'Y' })
  expect(await call(world.portal, 'feature.get', { auth })).toMatchObject({ status: 400, body: { error: 'CODE_EMPTY' } })
  expect(await result('events', { SCOPE: 'imopenlines' })).toContain('ONIMCONNECTORSTATUSDELETE')
  expect(await result('events')).toContain('ONAPPINSTALL')
  expect(await result('app.info')).toEqual({
    ID: 1, CODE: 'portline.app1', VERSION: 1, STATUS: 'L', INSTALLED: true, PAYMENT_EXPIRED: 'N', DAYS: null, LANGUAGE_ID: 'en',
    LICENSE: 'en_pro100', LICENSE_TYPE: 'pro100', LICENSE_FAMILY: 'pro',
  })
})

test('options are kept for the app, set by administrators only', async () => {
  const world = await startWorld()
  const { accessToken: auth } = await installUiApp(world)
  expect((await call(world.portal, 'app.option.get', { auth })).body['result']).toEqual([])
  expect((await call(world.portal, 'app.option.set', { auth, options: { a: '1', b: '2' } })).body['result']).toBe(true)
  expect((await call(world.portal, 'app.option.get', { auth, option: 'b' })).body['result']).toBe('2')
  expect((await call(world.portal, 'app.option.get', { auth, option: 'toString' })).body['result']).toBeNull()
  expect(await call(world.portal, 'app.option.set', { auth, options: {} })).toMatchObject({
    status: 400, body: { error: 'ERROR_ARGUMENT' },
  })
  await world.portal.control.open(CLIENT_ID, { user_id: 2 })
  const employee = field(last(world.receiver).form, 'AUTH_ID')
  expect(await call(world.portal, 'app.option.set', { auth: employee, options: { a: 2 } })).toMatchObject({
    status: 403, body: { error: 'ACCESS_DENIED', error_description: 'Access denied! Administrator authorization required' },
  })
})

const URL_OK = 'http://127.0.0.1:9/events'

test.each([
  [{}, 400, 'ERROR_ARGUMENT', "Argument 'EVENT' is null or empty"],
  [{ event: 'ONAPPTEST', event_type: 'x' }, 400, 'ERROR_ARGUMENT', 'Value must be one of {online|offline}'],
  [{ event: 'ONAPPTEST' }, 400, 'ERROR_ARGUMENT', "Argument 'HANDLER' is null or empty"],
  [{ event: 'ONAPPTEST', handler: 'http://localhost/x' }, 400, 'ERROR_WRONG_HANDLER_URL', 'Wrong handler URL'],
  [{ event: 'ONAPPTEST', handler: 'nonsense' }, 400, 'ERROR_WRONG_HANDLER_URL', 'Wrong handler URL'],
  [{ event: 'ONAPPTEST', handler: 'ftp://a.example/x' }, 400, 'ERROR_UNSUPPORTED_PROTOCOL', 'Unsupported handler protocol'],
  [{ event: 'ONTASKADD', handler: URL_OK }, 400, 'ERROR_EVENT_NOT_FOUND', 'Event not found'],
  [{ event: 'ONNOSUCHTHING', handler: URL_OK }, 400, 'ERROR_EVENT_NOT_FOUND', 'Event not found'],
  [
    { event: 'ONOFFLINEEVENT', handler: URL_OK, event_type: 'offline' }, 400, 'ERROR_ARGUMENT',
    'Offline event cannot be registered for this event.',
  ],
])('event.bind of %j is refused with %i %s', async (params, status, error, text) => {
  const world = await startWorld()
  const { accessToken: auth } = await installUiApp(world)
  expect(await call(world.portal, 'event.bind', { auth, ...params })).toMatchObject({
    status, body: { error, error_description: text },
  })
})

test('rows are bound once, listed and unbound; one who is no administrator has his own only', async () => {
  const world = await startWorld()
  const { accessToken: auth } = await installUiApp(world, [])
  await world.portal.control.open(CLIENT_ID, { user_id: 2 })
  const employee = field(last(world.receiver).form, 'AUTH_ID')
  const bind = (params: object): ReturnType<typeof call> => call(
    world.portal, 'event.bind', { event: 'onAppTest', handler: URL_OK, ...params },
  )
  expect((await bind({ auth })).body['result']).toBe(true)
  expect(await bind({ auth })).toMatchObject({
    status: 400, body: { error: 'ERROR_CORE', error_description: 'Unable to set event handler: Handler already binded' },
  })
  expect((await bind({ auth: employee })).body['result']).toBe(true)
  expect(await bind({ auth: employee, auth_type: 1 })).toMatchObject({ status: 403, body: { error: 'ACCESS_DENIED' } })
  expect((await call(world.portal, 'event.get', { auth })).body['result']).toEqual([
    { event: 'ONAPPTEST', handler: URL_OK, auth_type: '0', offline: 0 }, {
      event: 'ONAPPTEST', handler: URL_OK, auth_type: '2', offline: 0,
    },
  ])
  expect((await call(world.portal, 'event.get', { auth: employee })).body['result']).toHaveLength(1)
  const unbind = (params: object): ReturnType<typeof call> => call(
    world.portal, 'event.unbind', { event: 'ONAPPTEST', handler: URL_OK, ...params },
  )
  expect((await unbind({ auth: employee, auth_type: '2' })).status).toBe(403)
  expect((await unbind({ auth: employee, auth_type: 2 })).body['result']).toEqual({ count: 1 })
  expect((await unbind({ auth })).body['result']).toEqual({ count: 1 })
  expect((await unbind({ auth })).body['result']).toEqual({ count: 0 })
  expect((await control(world.portal, '/handlers')).body).toEqual({ handlers: [] })
})
