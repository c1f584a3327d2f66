import { defineApp } from 'portline'
import type { App } from 'portline'
import { afterEach, expect, test, vi } from 'vitest'
import { runCommand } from './support/command.ts'
import { installApp, openHouse, until } from './support/house.ts'
import type { House, HouseOptions } from './support/house.ts'

/** What handlers ask for is made true on the portal: after install and update, at the start, and on demand. */
let house: House
afterEach(() => house.close())

function app(): App {
  return defineApp({ name: 'binder' }).on('ONAPPTEST', () => {}).on('ONUSERADD', () => {}, { offline: true })
}

async function open(options: Partial<HouseOptions> = {}): Promise<void> {
  house = await openHouse({ app: app(), ...options })
  await installApp(house)
}

function handlers() {
  return house.portal.control.handlers().map(({ event, handler, offline }) => (offline === true ? `${event} offline` : `${event} ${handler}`)).toSorted()
}

async function rest(method: string, params: object = {}): Promise<void> {
  const install = house.portal.control.deliveries().deliveries.find(({ event }) => event === 'ONAPPINSTALL')
  const auth = new URLSearchParams(install?.body).get('auth[access_token]')
  const body = JSON.stringify({ auth, ...params })
  const response = await fetch(`${house.portal.url}/rest/${method}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })
  expect(response.status).toBe(200)
}

function portline(...args: string[]): ReturnType<typeof runCommand> {
  return runCommand(args, { PORTLINE_URL: house.side.url })
}

const address = (): string => `${house.side.url}/apps/binder/events`

test('a dry run shows what is missing and changes nothing; a sync binds it and leaves the handlers of others alone', async () => {
  await open()
  const before = handlers()
  expect(before).toContain('ONUSERADD offline')
  await rest('event.unbind', { event: 'ONAPPTEST', handler: address() })
  await rest('event.unbind', { event: 'ONUSERADD', event_type: 'offline' })
  await rest('event.bind', { event: 'ONAPPTEST', handler: 'https://somebody.example/hook' })
  const changed = handlers()

  const dry = await portline('bindings', 'sync', '--dry-run')
  expect(dry).toMatchObject({ exitCode: 0, err: '' })
  expect(dry.out).toMatch(/would be bound +ONAPPTEST +http/)
  expect(dry.out).toMatch(/would be bound +ONUSERADD +offline queue/)
  expect(dry.out).toMatch(/somebody else's +ONAPPTEST +https:\/\/somebody.example\/hook/)
  expect(handlers()).toEqual(changed)

  expect((await portline('bindings', 'sync')).out).toMatch(/bound +ONAPPTEST/)
  expect(handlers()).toEqual([...before, 'ONAPPTEST https://somebody.example/hook'].toSorted())
  const again = JSON.parse((await portline('bindings', 'sync', '--portal', house.portal.memberId, '--json')).out) as object
  expect(again).toMatchObject({ bound: [], unbound: [], refused: [], error: null, foreign: [{ event: 'ONAPPTEST', moved: false }] })
})

test('what is bound already, whoever was faster, is bound', async () => {
  await open()
  await rest('event.unbind', { event: 'ONAPPTEST', handler: address() })
  house.portal.control.faults.add({
    fault: 'error_answer', on: 'rest', method: 'event.bind', status: 400, error: 'ERROR_CORE', error_description: 'Unable to set event handler: Handler already binded',
  })
  const { exitCode, out } = await portline('bindings', 'sync', '--json')
  expect([exitCode, JSON.parse(out)]).toMatchObject([0, { bound: [{ event: 'ONAPPTEST', offline: null }], refused: [], error: null }])
  expect((await house.installation()).bindings).toContainEqual({ event: 'ONAPPTEST', handler: address(), offline: null })
})

test('an app that moved to another address takes its former bindings back, the new ones first', async () => {
  const side = { publicUrl: 'http://127.0.0.1:9/former' }
  house = await openHouse({ app: defineApp({ name: 'binder' }).on('ONAPPTEST', () => {}), side })
  expect((await house.portal.control.install(house.clientId)).page?.status).toBe(200)
  expect(handlers().every((row) => row.endsWith(' http://127.0.0.1:9/former/apps/binder/events'))).toBe(true)
  house.portal.control.finish(house.clientId)
  // The install's event never arrives at that address: one that is sent by hand shows that it is complete.
  const { application_token } = house.portal.control.app(house.clientId)
  await house.post({ event: 'ONAPPTEST', ts: '1', auth: { member_id: house.portal.memberId, application_token } })
  await until(async () => ((await house.installation()).status === 'active' ? true : undefined), 'the installation to be active')
  side.publicUrl = 'http://127.0.0.1:9/new'
  await house.restart()
  await until(() => (handlers().every((row) => row.endsWith('/new/apps/binder/events')) ? true : undefined), 'the bindings to be moved')
})

test('a binding to the same app on another host, of which nothing is known here, is shown, and taken back when asked to', async () => {
  await open()
  const elsewhere = 'https://old.example/apps/binder/events'
  await rest('event.bind', { event: 'ONAPPTEST', handler: elsewhere })
  const shown = await portline('bindings', 'sync')
  expect(shown.out).toMatch(/elsewhere \(--moved\) +ONAPPTEST +https:\/\/old\.example/)
  expect(handlers()).toContain(`ONAPPTEST ${elsewhere}`)
  expect((await portline('bindings', 'sync', '--moved')).out).toMatch(/taken back +ONAPPTEST +https:\/\/old\.example/)
  expect(handlers()).not.toContain(`ONAPPTEST ${elsewhere}`)
  expect(handlers()).toContain(`ONAPPTEST ${address()}`)
})

test('what the licence does not let be bound is said, by the exit code too, and the rest is bound', async () => {
  const named = defineApp({ name: 'binder', authConnector: 'shop' }).on('ONUSERADD', () => {}, { offline: true }).on('ONAPPTEST', () => {})
  await open({ app: named, portal: { features: { rest_auth_connector: false } } })
  expect(handlers()).toContain(`ONAPPTEST ${address()}`)
  const { exitCode, out } = await portline('bindings', 'sync', '--json')
  expect([exitCode, JSON.parse(out)]).toMatchObject([1, { bound: [], refused: [{ event: 'ONUSERADD', offline: 'shop', reason: expect.stringContaining('WRONG_LICENSE') as string }] }])
})

test('a portal that cannot be asked is reported, and a portal without the app is not found', async () => {
  await open()
  house.portal.control.faults.add({ fault: 'html_answer', on: 'rest', method: 'event.get' })
  const { exitCode, out } = await portline('bindings', 'sync')
  expect([exitCode, out]).toEqual([1, expect.stringMatching(/failed +REST_FAILED/)])
  expect(await portline('bindings', 'sync', '--portal', 'nobody')).toMatchObject({ exitCode: 1, err: expect.stringContaining('NOT_FOUND') as string })
})

test('an installation of an app that does not run here is said to be one, and is no failure unless it was asked for', async () => {
  await open()
  await house.restart(defineApp({ name: 'other' }))
  for (const dryRun of [[], ['--dry-run']]) {
    const { exitCode, out } = await portline('bindings', 'sync', ...dryRun)
    expect([exitCode, out]).toEqual([0, expect.stringMatching(/\nbinder +\w+ +not running here\n$/)])
  }
  expect(JSON.parse((await portline('bindings', 'sync', '--json')).out)).toMatchObject({ app: 'binder', error: { code: 'APP_UNKNOWN', message: 'binder does not run here' } })
  expect((await portline('bindings', 'sync', '--app', 'binder')).exitCode).toBe(1)
})

test('an app that no portal has installed is named', async () => {
  await open()
  expect(await portline('bindings', 'sync', '--app', 'nope')).toMatchObject({
    exitCode: 1, out: '', err: expect.stringMatching(/^error NOT_FOUND: no portal has an app "nope" installed; installed here: binder\n/) as string,
  })
})

test('a dry run says what the portal would refuse, as the sync then does, by the exit code too', async () => {
  await open({ app: app().on('ONCRMDEALADD', () => {}).on('ONNOSUCHEVENT', () => {}) })
  const dry = await portline('bindings', 'sync', '--dry-run')
  expect(dry.exitCode).toBe(1)
  expect(dry.out).toMatch(/would be refused +ONCRMDEALADD +the portal does not offer it to this app: it needs the permission crm\n/)
  expect(dry.out).toMatch(/would be refused +ONNOSUCHEVENT +the portal does not offer it to this app\n/)
  expect(dry.out).not.toContain('would be bound')
  const refusedIn = async (...args: string[]): Promise<unknown> =>
    (JSON.parse((await portline('bindings', 'sync', '--json', ...args)).out) as { refused: { event: string }[] }).refused.map(({ event }) => event)
  expect(await refusedIn('--dry-run')).toEqual(await refusedIn())
})

test('a sync has the time that a first one needs, of 110 codes on a portal that needs 2 s a call, and Node gives', async () => {
  await open()
  const limits = vi.spyOn(AbortSignal, 'timeout')
  expect((await portline('bindings', 'sync')).exitCode).toBe(0)
  const longestMs = Math.max(...limits.mock.calls.map(([ms]) => ms))
  limits.mockRestore()
  expect(longestMs).toBeGreaterThan(110 * 2_000)
  expect(longestMs).toBeLessThan(300_000)
})
