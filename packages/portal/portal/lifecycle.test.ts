import { expect, test } from 'vitest'
import {
  call, CLIENT_ID, CLIENT_SECRET, control, events, field, installUiApp, last, registerUiApp, startWorld,
} from '../test-support/world.ts'

const escaped = (url: string): string => url.replaceAll(':', '%3A').replaceAll('/', '%2F')

test('the installer page gets the frame POST with DOMAIN in the query and tokens in the body', async () => {
  const world = await startWorld()
  registerUiApp(world)
  const answer = await world.portal.control.install(CLIENT_ID)
  expect(answer).toMatchObject({ queued: 0, page: { status: 200, body: 'ok' }, app: { active: true, installed: false } })
  const { path, query, form, headers } = last(world.receiver)
  expect(path).toBe('/install')
  expect([...query.keys()]).toEqual(['DOMAIN', 'PROTOCOL', 'LANG', 'APP_SID'])
  expect(query.get('DOMAIN')).toBe(world.portal.domain)
  expect(query.get('PROTOCOL')).toBe('0')
  expect(query.get('APP_SID')).toMatch(/^[0-9a-f]{32}$/)
  expect(headers['content-type']).toBe('application/x-www-form-urlencoded')
  expect(Object.keys(form)).toEqual([
    'AUTH_ID', 'AUTH_EXPIRES', 'REFRESH_ID', 'SERVER_ENDPOINT', 'APPLICATION_TOKEN', 'APPLICATION_SCOPE',
    'member_id', 'status', 'PLACEMENT',
  ])
  expect(field(form, 'AUTH_ID')).toMatch(/^[0-9a-f]{70}$/)
  expect(form).toMatchObject({ AUTH_EXPIRES: '3600', PLACEMENT: 'DEFAULT', status: 'L', member_id: world.portal.memberId })
})

test('nothing is sent before the installation is complete, and ONAPPINSTALL once it is', async () => {
  const world = await startWorld()
  registerUiApp(world)
  await world.portal.control.install(CLIENT_ID)
  const auth = field(last(world.receiver).form, 'AUTH_ID')
  for (const event of ['ONAPPINSTALL', 'ONAPPTEST']) {
    await call(world.portal, 'event.bind', { auth, event, handler: `${world.receiver.url}/events` })
  }
  expect((await call(world.portal, 'event.test', { auth })).body).toMatchObject({ result: 1 })
  expect(world.portal.control.fireEvent({ event: 'ONAPPTEST', client_id: CLIENT_ID })).toMatchObject({
    queued: 0, skipped: [{ reason: 'NOT_INSTALLED' }],
  })
  await world.settle()
  expect(events(world.receiver)).toEqual([])
  expect(world.portal.control.finish(CLIENT_ID)).toMatchObject({ queued: 1, app: { installed: true } })
  await world.settle()
  expect(events(world.receiver).map(({ form }) => form['event'])).toEqual(['ONAPPINSTALL'])
  expect(world.portal.control.finish(CLIENT_ID).queued).toBe(0)
})

test('ONAPPINSTALL travels byte for byte as Bitrix24 sends it', async () => {
  const world = await startWorld()
  const { frame } = await installUiApp(world)
  const { body, form, headers } = last(world.receiver)
  const [accessToken, refreshToken] = [field(form, 'auth', 'access_token'), field(form, 'auth', 'refresh_token')]
  const applicationToken = field(frame.form, 'APPLICATION_TOKEN')
  expect(headers['user-agent']).toBe('Bitrix24 Webhook Engine')
  expect(headers['content-type']).toBe('application/x-www-form-urlencoded')
  expect(accessToken).toMatch(/^[0-9a-f]{70}$/)
  expect(body).toBe(
    'event=ONAPPINSTALL&event_handler_id=1&data%5BVERSION%5D=1&data%5BACTIVE%5D=Y&data%5BINSTALLED%5D=Y' +
    '&data%5BLANGUAGE_ID%5D=en' +
    `&ts=1767225600&auth%5Baccess_token%5D=${accessToken}&auth%5Bexpires%5D=1767229200&auth%5Bexpires_in%5D=3600` +
    `&auth%5Bscope%5D=imopenlines%2Cuser%2Ccrm&auth%5Bdomain%5D=${escaped(world.portal.domain)}` +
    `&auth%5Bserver_endpoint%5D=${escaped(world.portal.oauthUrl)}%2Frest%2F&auth%5Bstatus%5D=L` +
    `&auth%5Bclient_endpoint%5D=${escaped(world.portal.url)}%2Frest%2F&auth%5Bmember_id%5D=${world.portal.memberId}` +
    '&auth%5Buser_id%5D=1' +
    `&auth%5Brefresh_token%5D=${refreshToken}&auth%5Bapplication_token%5D=${applicationToken}`,
  )
})

test('ONAPPUPDATE reaches the rows as they were, with a refresh_token, and then every row is gone', async () => {
  const world = await startWorld()
  await installUiApp(world, ['ONAPPUPDATE', 'ONAPPTEST'])
  const before = world.portal.control.app(CLIENT_ID).application_token
  const answer = world.portal.control.update(CLIENT_ID, { version: '2', rotate_application_token: true })
  expect(answer).toMatchObject({ queued: 1, app: { version: '2' } })
  await world.settle()
  const { body, form } = last(world.receiver)
  expect(body.startsWith(
    'event=ONAPPUPDATE&event_handler_id=1&data%5BVERSION%5D=2&data%5BPREVIOUS_VERSION%5D=1&data%5BLANGUAGE_ID%5D=en' +
    '&ts=1767225601&auth%5Baccess_token%5D=',
  )).toBe(true)
  expect(field(form, 'auth', 'refresh_token')).toMatch(/^[0-9a-f]{70}$/)
  expect(field(form, 'auth', 'application_token')).toBe(answer.app.application_token)
  expect(answer.app.application_token).not.toBe(before)
  expect(world.portal.control.handlers()).toEqual([])
})

test('with signal "install" an update shows as a second ONAPPINSTALL', async () => {
  const world = await startWorld()
  await installUiApp(world, ['ONAPPINSTALL', 'ONAPPUPDATE'])
  world.portal.control.update(CLIENT_ID, { version: '2', signal: 'install' })
  await world.settle()
  expect(events(world.receiver).map(({ form }) => [form['event'], field(form, 'data', 'VERSION')])).toEqual([
    ['ONAPPINSTALL', '1'], ['ONAPPINSTALL', '2'],
  ])
})

test.each([[true, '1'], [false, '0']])('ONAPPUNINSTALL with clean %s carries no token at all', async (clean, flag) => {
  const world = await startWorld()
  const { frame } = await installUiApp(world, ['ONAPPUNINSTALL'])
  expect(world.portal.control.uninstall(CLIENT_ID, { clean }).queued).toBe(1)
  await world.settle()
  expect(last(world.receiver).body).toBe(
    `event=ONAPPUNINSTALL&event_handler_id=1&data%5BLANGUAGE_ID%5D=en&data%5BCLEAN%5D=${flag}&ts=1767225601` +
    `&auth%5Bdomain%5D=${escaped(world.portal.domain)}&auth%5Bclient_endpoint%5D=${escaped(world.portal.url)}%2Frest%2F` +
    `&auth%5Bserver_endpoint%5D=${escaped(world.portal.oauthUrl)}%2Frest%2F&auth%5Bmember_id%5D=${world.portal.memberId}` +
    `&auth%5Bapplication_token%5D=${field(frame.form, 'APPLICATION_TOKEN')}`,
  )
  expect(world.portal.control.handlers()).toEqual([])
})

test('uninstalling revokes every token, also after the app is installed again', async () => {
  const world = await startWorld()
  const { accessToken, refreshToken } = await installUiApp(world)
  world.portal.control.uninstall(CLIENT_ID, { clean: false })
  const credentials = `client_id=${CLIENT_ID}&client_secret=${CLIENT_SECRET}`
  const renewal = `${world.portal.oauthUrl}/oauth/token/?grant_type=refresh_token&${credentials}&refresh_token=${refreshToken}`
  const appInfo = `${world.portal.oauthUrl}/rest/app.info?auth=${accessToken}`
  expect(await call(world.portal, 'profile', { auth: accessToken })).toMatchObject({
    status: 401, body: { error: 'APPLICATION_NOT_FOUND' },
  })
  expect(await getJson(renewal)).toMatchObject({ error: 'NOT_INSTALLED' })
  expect(await getJson(appInfo)).toMatchObject({ error: 'NOT_INSTALLED' })
  await world.portal.control.install(CLIENT_ID)
  expect(await call(world.portal, 'profile', { auth: accessToken })).toMatchObject({
    status: 401, body: { error: 'ERROR_OAUTH' },
  })
  expect(await getJson(renewal)).toMatchObject({ error: 'NOT_INSTALLED' })
})

test('a local app uninstalled with CLEAN is deleted, and made anew it has another application_token', async () => {
  const world = await startWorld()
  const { accessToken } = await installUiApp(world)
  const before = world.portal.control.app(CLIENT_ID)
  world.portal.control.uninstall(CLIENT_ID, { clean: true })
  expect((await control(world.portal, `/apps/${CLIENT_ID}`)).status).toBe(404)
  expect(await call(world.portal, 'profile', { auth: accessToken })).toMatchObject({ body: { error: 'APPLICATION_NOT_FOUND' } })
  const after = registerUiApp(world)
  expect(after.id).not.toBe(before.id)
  expect(after.application_token).not.toBe(before.application_token)
})

test('a market app keeps its row and its application_token over uninstall and reinstall; CLEAN takes its options', async () => {
  const world = await startWorld()
  const url = world.receiver.url
  const { app } = world.portal.control.registerApp({
    name: 'Market', kind: 'market', ui: false, install_url: `${url}/events`, scope: ['crm'],
  })
  expect(app).toMatchObject({ status: 'F', client_id: expect.stringMatching(/^app\.[0-9a-f]{14}\.\d{8}$/) })
  expect(await world.portal.control.install(app.client_id)).toMatchObject({ queued: 1, app: { installed: true } })
  await world.settle()
  const auth = field(last(world.receiver).form, 'auth', 'access_token')
  await call(world.portal, 'app.option.set', { auth, options: { key: 'kept' } })
  world.portal.control.uninstall(app.client_id, { clean: true })
  expect(world.portal.control.app(app.client_id)).toMatchObject({ active: false, installed: false })
  await world.portal.control.install(app.client_id)
  await world.settle()
  const again = last(world.receiver).form
  expect(field(again, 'auth', 'application_token')).toBe(app.application_token)
  expect((await call(world.portal, 'app.option.get', { auth: field(again, 'auth', 'access_token') })).body['result']).toEqual([])
})

test('an app without pages is installed at once, and again when it is installed again', async () => {
  const world = await startWorld()
  const { app } = world.portal.control.registerApp({
    name: 'Api', kind: 'local', ui: false, install_url: `${world.receiver.url}/events`,
  })
  await world.portal.control.install(app.client_id, { language: 'de' })
  await world.portal.control.install(app.client_id)
  await world.settle()
  const data = { VERSION: '1', ACTIVE: 'Y', INSTALLED: 'Y', LANGUAGE_ID: 'de' }
  const got = events(world.receiver).map(({ form }) => [form['event'], form['event_handler_id'], form['data']])
  expect(got).toEqual([
    ['ONAPPINSTALL', '1', data], ['ONAPPINSTALL', '1', data],
  ])
})

test('an app that never finished installing is told nothing when it is removed', async () => {
  const world = await startWorld()
  registerUiApp(world)
  await world.portal.control.install(CLIENT_ID)
  const auth = field(last(world.receiver).form, 'AUTH_ID')
  await call(world.portal, 'event.bind', { auth, event: 'ONAPPUNINSTALL', handler: `${world.receiver.url}/events` })
  expect(world.portal.control.uninstall(CLIENT_ID, { clean: true }).queued).toBe(0)
})

test('an expired payment silences events while REST goes on, and a payment is announced', async () => {
  const world = await startWorld()
  const { accessToken } = await installUiApp(world, ['ONAPPTEST', 'ONAPPPAYMENT'])
  world.portal.control.payment(CLIENT_ID, { expired: true })
  expect((await call(world.portal, 'event.test', { auth: accessToken })).status).toBe(200)
  expect(world.portal.control.fireEvent({ event: 'ONAPPTEST', client_id: CLIENT_ID }).skipped).toMatchObject([{
    reason: 'PAYMENT_EXPIRED',
  }])
  expect(world.portal.control.payment(CLIENT_ID, { expired: false }).queued).toBe(1)
  await world.settle()
  expect(events(world.receiver).map(({ form }) => form['data'])).toEqual([
    { CODE: 'portline.app1', VERSION: '1', STATUS: 'L', PAYMENT_EXPIRED: 'N' },
  ])
})

test('opening an app POSTs to its page, or to the installer while that is not finished', async () => {
  const world = await startWorld()
  registerUiApp(world)
  await world.portal.control.install(CLIENT_ID)
  await world.portal.control.open(CLIENT_ID)
  expect(last(world.receiver).path).toBe('/install')
  await expect(world.portal.control.open(CLIENT_ID, { user_id: 2 })).rejects.toMatchObject({ code: 'BAD_REQUEST' })
  world.portal.control.finish(CLIENT_ID)
  await world.portal.control.open(CLIENT_ID, { placement: 'CRM_DEAL_DETAIL_TAB', options: { ID: '5/6' }, user_id: 2 })
  expect(last(world.receiver)).toMatchObject({
    path: '/app', form: { PLACEMENT: 'CRM_DEAL_DETAIL_TAB', PLACEMENT_OPTIONS: String.raw`{"ID":"5\/6"}` },
  })
})

async function getJson(url: string): Promise<unknown> {
  return (await fetch(url)).json()
}
