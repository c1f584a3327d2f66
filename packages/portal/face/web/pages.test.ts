import { expect, test } from 'vitest'
import { PORTAL_LIMITS } from '../../limits.ts'
import type { Portal } from '../../start-portal.ts'
import type { Answer, TestWorld } from '../../test-support/world.ts'
import { CLIENT_ID, events, field, installUiApp, last, registerUiApp, send, startWorld } from '../../test-support/world.ts'

const ADMIN = { user_id: '1' }
const EMPLOYEE = { user_id: '2' }

/** Logs in by the form in the page's head. @returns the Cookie header of later requests */
async function logIn(portal: Portal, form: Record<string, string>): Promise<string> {
  const answer = await submit(portal, '/face/session', form)
  expect(answer.status).toBe(303)
  return cookieIn(answer)
}

function cookieIn({ headers }: Answer): string {
  return (headers.get('set-cookie') ?? '').split(';', 1)[0] ?? ''
}

function submit(portal: Portal, path: string, form: Record<string, string>, headers: Record<string, string> = {}): Promise<Answer> {
  return send(portal.url + path, { method: 'POST', body: new URLSearchParams(form), headers: { accept: 'text/html', ...headers } })
}

function open(portal: Portal, path: string, cookie = '', headers: Record<string, string> = {}): Promise<Answer> {
  return send(portal.url + path, { headers: { cookie, accept: 'text/html', ...headers } })
}

function textOf({ body }: Answer): string {
  return String(body['text'])
}

function ask(portal: Portal, cookie: string, request: unknown, id = 1): Promise<Answer> {
  return send(`${portal.url}/marketplace/app/${id}/`, { method: 'POST', body: JSON.stringify(request), headers: { cookie } })
}

test('the first visit is the administrator, and a forged session is nobody', async () => {
  const { portal } = await startWorld()
  const first = await open(portal, '/')
  expect(textOf(first)).toContain('<option value="1" selected>Anna Berg (administrator)</option>')
  const cookie = cookieIn(first)
  expect(cookie).toMatch(/^PORTAL_USER_[0-9a-f]{8}=1\.[0-9a-f]{64}$/)
  expect((await open(portal, '/', cookie)).headers.get('set-cookie')).toBeNull()
  const forged = cookie.replace('=1.', '=2.')
  expect(textOf(await open(portal, '/', forged))).toContain('<option value="1" selected>')
  expect((await ask(portal, forged, { action: 'access_refresh' })).body).toMatchObject({ error: 'BAD_REQUEST' })
  const { portal: other } = await startWorld({ seed: 'another' })
  expect((await ask(other, cookie, { action: 'access_refresh' })).status).toBe(400)
})

test('an application is registered, installed, updated and removed with CLEAN by the forms of the page', async () => {
  const world = await startWorld()
  const { portal, receiver } = world
  const cookie = await logIn(portal, ADMIN)
  const act = (path: string, form: Record<string, string> = {}): Promise<Answer> => submit(portal, `/face/apps${path}`, form, { cookie })
  expect(await act('', {
    name: 'New', kind: 'local', client_id: 'local.new', handler_url: `${receiver.url}/app`, install_url: '', scope: 'crm, user',
  })).toMatchObject({ status: 303 })
  expect(portal.control.app('local.new')).toMatchObject({ name: 'New', kind: 'local', scope: ['crm', 'user'], install_url: '' })
  expect((await act('/1/install')).headers.get('location')).toBe('/')
  expect(portal.control.app('local.new').installed).toBe(true)
  await act('/1/update', { version: '2' })
  expect(portal.control.app('local.new').version).toBe('2')
  expect(textOf(await act('/1/update', { version: '<b>' }))).toContain('<code>BAD_REQUEST</code>')
  await act('/1/uninstall')
  expect(portal.control.app('local.new').active).toBe(false)
  await act('/1/install')
  await act('/1/uninstall', { clean: '1' })
  expect(portal.control.apps()).toEqual([])
  expect((await act('/1/install')).status).toBe(404)
})

test('an application without pages is registered by the form, and ONAPPINSTALL goes where it says', async () => {
  const world = await startWorld()
  const { portal, receiver } = world
  const cookie = await logIn(portal, ADMIN)
  await submit(portal, '/face/apps', {
    name: 'Quiet', kind: 'local', client_id: 'local.quiet', api_only: '1', handler_url: '', install_url: `${receiver.url}/events`, scope: 'user',
  }, { cookie })
  expect(portal.control.app('local.quiet')).toMatchObject({ ui: false, install_url: `${receiver.url}/events` })
  expect((await submit(portal, '/face/apps/1/install', {}, { cookie })).headers.get('location')).toBe('/')
  await world.settle()
  expect(last(receiver)).toMatchObject({ path: '/events', form: { event: 'ONAPPINSTALL' } })
  expect(textOf(await open(portal, '/', cookie))).toContain('local, without pages')
})

test('the page of last deliveries counts in the language of its reader', async () => {
  const world = await startWorld()
  await installUiApp(world, ['ONAPPUPDATE'])
  world.portal.control.update(CLIENT_ID, { version: '2' })
  await world.settle()
  expect(textOf(await open(world.portal, '/face/deliveries', '', { 'accept-language': 'ru' }))).toMatch(/\d мс</)
  expect(textOf(await open(world.portal, '/face/deliveries', '', { 'accept-language': 'en' }))).toMatch(/\d ms</)
})

test.each([[{}, '0'], [{ clean: '1' }, '1']])('uninstalled by the form %j, the event says CLEAN=%s', async (form, clean) => {
  const world = await startWorld()
  await installUiApp(world, ['ONAPPUNINSTALL'])
  await submit(world.portal, '/face/apps/1/uninstall', form, { cookie: await logIn(world.portal, ADMIN) })
  await world.settle()
  expect(last(world.receiver).form['data']).toEqual({ LANGUAGE_ID: 'en', CLEAN: clean })
})

test('installing leads to the installer, which only a browser opens', async () => {
  const world = await startWorld()
  registerUiApp(world)
  const cookie = await logIn(world.portal, ADMIN)
  const answer = await submit(world.portal, '/face/apps/1/install', {}, { cookie })
  expect(answer).toMatchObject({ status: 303 })
  expect(answer.headers.get('location')).toBe('/marketplace/app/1/')
  expect(world.receiver.received).toEqual([])
  const page = textOf(await open(world.portal, '/marketplace/app/1/', cookie))
  expect(page).toContain(`action="${world.receiver.url}/install?DOMAIN=`)
  expect(page).toContain('name="AUTH_ID" value="')
})

test('an employee sees the applications, and changes none', async () => {
  const world = await startWorld()
  registerUiApp(world)
  const cookie = await logIn(world.portal, EMPLOYEE)
  const page = textOf(await open(world.portal, '/', cookie))
  expect(page).toContain('Example')
  expect(page).not.toContain('/face/apps/1/install')
  for (const path of ['/face/apps', '/face/apps/1/install', '/face/apps/1/update', '/face/apps/1/uninstall']) {
    expect(await submit(world.portal, path, { name: 'x', version: '2' }, { cookie })).toMatchObject({ status: 400 })
  }
  await world.portal.control.install(CLIENT_ID)
  expect(await open(world.portal, '/marketplace/app/1/', cookie)).toMatchObject({ status: 400 })
  expect((await ask(world.portal, cookie, { action: 'set_installed' })).body).toEqual({ result: false })
  expect(await ask(world.portal, cookie, { action: 'set_option', options: [{ name: 'a', value: 1 }] })).toMatchObject({ status: 400 })
})

test('a connector is connected in its settings page and switched off by the switch', async () => {
  const world = await startWorld()
  const { accessToken } = await installUiApp(world, ['ONIMCONNECTORSTATUSDELETE'])
  const rest = (method: string, params: object): Promise<Answer> => send(`${world.portal.url}/rest/${method}`, {
    method: 'POST', headers: { 'Content-Type': 'application/json' }, body: JSON.stringify({ auth: accessToken, ...params }),
  })
  await rest('imconnector.register', {
    ID: 'site_chat', NAME: 'Site chat', ICON: { DATA_IMAGE: 'data:,' }, PLACEMENT_HANDLER: `${world.receiver.url}/settings`,
  })
  const cookie = await logIn(world.portal, EMPLOYEE)
  const settings = textOf(await open(world.portal, '/contact_center/connector/?ID=site_chat&LINE=107', cookie))
  expect(settings).toContain(`action="${world.receiver.url}/settings?DOMAIN=`)
  expect(settings).toContain('value="SETTING_CONNECTOR"')
  expect(textOf(await open(world.portal, '/', cookie))).not.toContain('connectors/site_chat/off')
  await rest('imconnector.activate', { CONNECTOR: 'site_chat', LINE: 107, ACTIVE: 1 })
  expect(textOf(await open(world.portal, '/', cookie))).toContain('/face/lines/107/connectors/site_chat/off')
  await submit(world.portal, '/face/lines/107/connectors/site_chat/off', {}, { cookie })
  await world.settle()
  expect(field(last(world.receiver).form, 'auth', 'user_id')).toBe('2')
  expect(textOf(await open(world.portal, '/face/deliveries', cookie))).toContain('ONIMCONNECTORSTATUSDELETE')
  for (const query of ['ID=site_chat&LINE=999', 'ID=nobody&LINE=107', 'LINE=107', 'ID=site_chat&LINE=x']) {
    expect([400, 404]).toContain((await open(world.portal, `/contact_center/connector/?${query}`, cookie)).status)
  }
})

test('strangers are kept out: another origin, another host', async () => {
  const world = await startWorld()
  await installUiApp(world)
  const cookie = await logIn(world.portal, ADMIN)
  for (const origin of ['http://127.0.0.1:1', 'null', 'https://evil.example']) {
    expect(await submit(world.portal, '/face/apps/1/uninstall', {}, { cookie, origin })).toMatchObject({
      status: 403, body: { error: 'FOREIGN_ORIGIN' },
    })
  }
  expect(world.portal.control.app(CLIENT_ID).installed).toBe(true)
  const { headers } = await open(world.portal, '/', cookie)
  expect(headers.get('content-security-policy')).toContain("frame-ancestors 'self'")
})

test('another name of this machine leads to the address that the pages of apps are told', async () => {
  const { portal } = await startWorld()
  const elsewhere = portal.url.replace('127.0.0.1', 'localhost')
  const answer = await send(`${elsewhere}/marketplace/app/1/?a=1`)
  expect([answer.status, answer.headers.get('location')]).toEqual([302, `${portal.url}/marketplace/app/1/?a=1`])
})

test.each([
  ['nothing', {}],
  ['an unknown action', { action: 'no' }],
  ['no options', { action: 'set_option', options: [] }],
  ['an option without a name', { action: 'set_option', options: [{ name: '', value: 1 }] }],
  ['a missing field', { action: 'set_install' }],
  ['a text', 'text'],
  ['null', null],
  ['a field too many', { action: 'access_refresh', more: 1 }],
])('a request of a frame that makes no sense is refused: %s', async (_name, request) => {
  const world = await startWorld()
  await installUiApp(world)
  const cookie = await logIn(world.portal, ADMIN)
  expect(await ask(world.portal, cookie, request)).toMatchObject({ status: 400, body: { error: 'BAD_REQUEST' } })
})

test('the options of an app, and of a user in it, have a limit', async () => {
  const world = await startWorld()
  await installUiApp(world)
  const cookie = await logIn(world.portal, ADMIN)
  const half = 'x'.repeat(PORTAL_LIMITS.maxOptionsChars / 2)
  for (const action of ['set_option', 'set_user_option']) {
    expect((await ask(world.portal, cookie, { action, options: [{ name: 'a', value: half }] })).status).toBe(200)
    expect((await ask(world.portal, cookie, { action, options: [{ name: 'b', value: half }] })).status).toBe(400)
  }
})

test.each([
  '/marketplace/app/0/', '/marketplace/app/x/', '/marketplace/app/99/', '/marketplace/app/1/?PLACEMENT_OPTIONS={', '/placement/lower/?app=1',
  '/marketplace/app/1/?IFRAME=N', '/placement/CRM_DEAL_DETAIL_TAB/', '/placement/CRM_DEAL_DETAIL_TAB/?app=1', '/placement/CRM_DEAL_DETAIL_TAB/?app=99',
])('%s is answered with a page that names the mistake', async (path) => {
  const world = await startWorld()
  await installUiApp(world)
  const answer = await open(world.portal, path)
  expect([400, 404]).toContain(answer.status)
  expect(textOf(answer)).toMatch(/<code>(BAD_REQUEST|NOT_FOUND)<\/code>/)
})

test('pages speak English or Russian, as asked', async () => {
  const { portal } = await startWorld()
  expect(textOf(await open(portal, '/', '', { 'accept-language': 'ru-RU,ru;q=0.9' }))).toContain('<html lang="ru">')
  const chosen = await submit(portal, '/face/language', { language: 'ru', back: '/?a=1' })
  expect(chosen.headers.get('location')).toBe('/?a=1')
  expect(textOf(await open(portal, '/', cookieIn(chosen)))).toContain('Приложения')
})

test.each(['//evil.example/', 'https://evil.example/', '/\\evil.example', ''])('no form leads away from the portal: %s', async (back) => {
  const { portal } = await startWorld()
  expect((await submit(portal, '/face/session', { ...ADMIN, back })).headers.get('location')).toBe('/')
})

test("an app's name and its options stay text in a frame page", async () => {
  const world: TestWorld = await startWorld()
  registerUiApp(world)
  world.portal.control.registerApp({ name: '</script><img src=x>', kind: 'local', client_id: CLIENT_ID, install_url: undefined })
  await world.portal.control.install(CLIENT_ID)
  world.portal.control.finish(CLIENT_ID)
  const cookie = await logIn(world.portal, ADMIN)
  await ask(world.portal, cookie, { action: 'set_option', options: [{ name: '</script>', value: '<img src=y>' }] })
  const page = textOf(await open(world.portal, '/marketplace/app/1/', cookie))
  expect(page).not.toContain('<img')
  expect(page.match(/<\/script>/g)).toHaveLength(2)
  expect(events(world.receiver)).toEqual([])
})

test("the portal's own script is served to pages of any origin", async () => {
  const { portal } = await startWorld()
  const { headers, body } = await open(portal, '/api/v1/', '', { origin: 'http://127.0.0.1:1' })
  expect(headers.get('content-type')).toContain('text/javascript')
  expect(body['text']).toContain('window.BX24 = BX24')
})
