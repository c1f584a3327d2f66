import { request } from 'node:http'
import { expect, test } from 'vitest'
import { CLIENT_ID, control, installUiApp, registerUiApp, send, startWorld } from '../test-support/world.ts'

test('an app is created with 201, found again with 200, changed by what is given', async () => {
  const { portal } = await startWorld()
  const card = { name: 'One', kind: 'local', client_id: CLIENT_ID, scope: ['crm'] }
  const created = await control(portal, '/apps', card)
  expect(created).toMatchObject({
    status: 201, body: { app: { client_id: CLIENT_ID, version: '1', status: 'L', active: false, ui: true } },
  })
  const changed = await control(portal, '/apps', { ...card, version: '3' })
  expect(changed).toMatchObject({ status: 200, body: { app: { version: '3', scope: ['crm'] } } })
  expect(Object(changed.body['app']).client_secret).toBe(Object(created.body['app']).client_secret)
  expect((await control(portal, '/apps')).body['apps']).toHaveLength(1)
})

test('the portal tells who and where it is', async () => {
  const { portal } = await startWorld()
  expect((await control(portal, '/portal')).body).toEqual({
    member_id: portal.memberId, domain: portal.domain, client_endpoint: `${portal.url}/rest/`,
    server_endpoint: `${portal.oauthUrl}/rest/`,
    seed: 'portline', users: [{ id: 1, name: 'Anna Berg', admin: true }, { id: 2, name: 'Emil Novak', admin: false }],
  })
})

test.each([
  ['/apps', { kind: 'local' }, 'name: '],
  ['/apps', { name: 'x', kind: 'other' }, 'kind: '],
  ['/apps', { name: 'x', kind: 'local', handler_url: 'file:///etc/passwd' }, 'handler_url: '],
  ['/apps', { name: 'x', kind: 'local', handlerurl: 'http://a.b' }, 'handlerurl'],
  ['/apps', [], 'body: '],
  [`/apps/${CLIENT_ID}/install`, { user_id: 2 }, 'Only an administrator'],
  [`/apps/${CLIENT_ID}/finish`, {}, 'install it first'],
  [`/apps/${CLIENT_ID}/update`, {}, 'version: '],
  [`/apps/${CLIENT_ID}/update`, { version: '2' }, 'not installed'],
  [`/apps/${CLIENT_ID}/uninstall`, {}, 'clean: '],
  [`/apps/${CLIENT_ID}/uninstall`, { clean: true }, 'not installed'],
  [`/apps/${CLIENT_ID}/open`, { user_id: -1 }, 'user_id: '],
  [`/apps/${CLIENT_ID}/open`, { user_id: 99 }, 'no user 99'],
  [`/apps/${CLIENT_ID}/payment`, { expired: 'Y' }, 'expired: '],
  ['/lines', { name: '' }, 'name: '],
  ['/lines/x/connectors/c', { active: true }, 'line: '],
  ['/events', { event: 'no code' }, 'event: '],
  ['/events', { event: 'ONAPPINSTALL' }, 'client_id: '],
])('POST %s with %j is a BAD_REQUEST that names %s', async (path, body, named) => {
  const world = await startWorld()
  registerUiApp(world)
  expect(await control(world.portal, path, body)).toMatchObject({
    status: 400, body: { error: 'BAD_REQUEST', error_description: expect.stringContaining(named) },
  })
})

test('a body that is no JSON and a query that is wrong are BAD_REQUESTs too', async () => {
  const { portal } = await startWorld()
  expect(await send(`${portal.url}/control/apps`, { method: 'POST', body: '{' })).toMatchObject({
    status: 400, body: { error: 'BAD_REQUEST' },
  })
  expect(await control(portal, '/deliveries?after=x')).toMatchObject({ status: 400, body: { error: 'BAD_REQUEST' } })
  expect(await control(portal, '/deliveries?limit=1001')).toMatchObject({ status: 400 })
})

test.each([
  ['/apps/nobody', undefined], ['/apps/nobody/install', {}], ['/nothing', undefined],
  ['/lines/999/connectors/c', { active: false }], ['/lines/107/connectors/nobodys', { active: true }],
  ['/events', { event: 'ONAPPTEST', client_id: 'nobody' }],
])('%s is NOT_FOUND', async (path, body) => {
  const { portal } = await startWorld()
  expect(await control(portal, path, body)).toMatchObject({ status: 404, body: { error: 'NOT_FOUND' } })
})

test('a foreign Host or Origin is refused', async () => {
  const { portal } = await startWorld()
  expect(await ask(portal.url, { host: 'evil.example' })).toEqual({ status: 403, error: 'FOREIGN_HOST' })
  expect(await ask(portal.url, { host: '127.0.0.1.evil.example:4480' })).toEqual({ status: 403, error: 'FOREIGN_HOST' })
  expect(await ask(portal.url, { origin: 'https://evil.example' })).toEqual({ status: 403, error: 'FOREIGN_ORIGIN' })
  expect(await ask(portal.url, { origin: 'null' })).toEqual({ status: 403, error: 'FOREIGN_ORIGIN' })
  expect(await ask(portal.url, { origin: portal.url })).toEqual({ status: 200, error: undefined })
  expect(await ask(portal.url, { host: `localhost:${new URL(portal.url).port}` })).toEqual({ status: 200, error: undefined })
})

test('a page that does not answer is told with its error, and the installation stays unfinished', async () => {
  const world = await startWorld()
  registerUiApp(world)
  await world.receiver.stop()
  expect((await control(world.portal, `/apps/${CLIENT_ID}/install`, {})).body).toMatchObject({
    page: { status: null, error: 'ECONNREFUSED' }, app: { active: true, installed: false },
  })
})

test('a page that never answers does not keep the portal from stopping', async () => {
  const world = await startWorld()
  registerUiApp(world)
  world.receiver.status = 0
  const opened = new Promise<void>((resolve) => {
    world.receiver.onPost = () => resolve()
  })
  const installing = world.portal.control.install(CLIENT_ID)
  await opened
  await world.portal.stop()
  expect((await installing).page).toMatchObject({ status: null, error: 'STOPPED' })
})

test('deliveries are listed from a cursor, with what was sent and what came back', async () => {
  const world = await startWorld()
  await installUiApp(world, ['ONAPPTEST'])
  for (let count = 0; count < 3; count++) {
    world.portal.control.fireEvent({ event: 'ONAPPTEST', client_id: CLIENT_ID, data: { count } })
  }
  await world.settle()
  const { body } = await control(world.portal, '/deliveries?after=1&limit=1')
  expect(body).toMatchObject({
    last_id: 3,
    deliveries: [{
      id: 2, client_id: CLIENT_ID, event: 'ONAPPTEST', event_handler_id: 1, category: 'default',
      url: `${world.receiver.url}/events`,
      body: expect.stringContaining('data%5Bcount%5D=1'), queued_at: '2026-01-01T00:00:01.000Z',
      sent_at: expect.any(String), duration_ms: expect.any(Number),
      outcome: 200, response: 'ok',
    }],
  })
  expect((await control(world.portal, '/queue/drain', {})).body).toEqual({ queued: 0, last_id: 3 })
})

test('the landing page names the apps and escapes them', async () => {
  const world = await startWorld()
  world.portal.control.registerApp({ name: '<script>alert(1)</script>', kind: 'local' })
  const html = await (await fetch(world.portal.url)).text()
  expect(html).toContain('&#60;script&#62;')
  expect(html).not.toContain('<script>')
})

/** fetch would not let the Host header through. */
function ask(url: string, headers: Record<string, string>): Promise<{ status: number | undefined; error: unknown }> {
  return new Promise((resolve, reject) => {
    request(`${url}/control/portal`, { headers }, (response) => {
      let text = ''
      response.setEncoding('utf8')
      response.on('data', (chunk: string) => {
        text += chunk
      })
      response.on('end', () => resolve({ status: response.statusCode, error: JSON.parse(text).error }))
    }).on('error', reject).end()
  })
}
