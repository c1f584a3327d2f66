import { defineApp } from 'portline'
import type { App } from 'portline'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { installApp, openHouse, until } from './support/house.ts'
import type { House } from './support/house.ts'

/** The four contract events, each the whole way: portal, queue server, receiver, proof, inbox, lane, handler, REST call back. */
interface Seen {
  readonly code: string
  readonly data: unknown
  readonly domain: string
  readonly b24: boolean
  readonly answer?: unknown
}

let house: House
let seen: Seen[]

function watchingApp(): App {
  const app = defineApp({ name: 'watcher', connectors: [{ id: 'watcher_chat', name: 'Watcher' }] })
  for (const code of ['ONAPPINSTALL', 'ONAPPUPDATE', 'ONIMCONNECTORSTATUSDELETE', 'ONAPPTEST'] as const) {
    app.on(code, async ({ event, installation, b24 }) => {
      const answer = await b24.actions.v2.call.make({ method: 'profile' })
      seen.push({ code, data: event.data, domain: installation.domain, b24: true, answer: answer.getData()?.result })
    })
  }
  return app.on('ONAPPUNINSTALL', ({ event, installation, b24 }) => {
    seen.push({ code: 'ONAPPUNINSTALL', data: event.data, domain: installation.domain, b24: b24 !== undefined })
  })
}

beforeEach(() => {
  seen = []
})
afterEach(() => house.close())

describe.each([
  { name: 'a market app with an install page', kind: 'market' as const, ui: true },
  { name: 'a local app without pages', kind: 'local' as const, ui: false },
])('$name', ({ kind, ui }) => {
  beforeEach(async () => {
    house = await openHouse({ app: watchingApp(), kind, ui })
    await installApp(house)
  })

  test('ONAPPINSTALL opens the installation, binds what is declared and runs the handler with a working client', async () => {
    expect(seen).toMatchObject([{ code: 'ONAPPINSTALL', data: { ACTIVE: 'Y', INSTALLED: 'Y', LANGUAGE_ID: 'en' }, answer: { ADMIN: true } }])
    const installation = await house.installation()
    expect(installation).toMatchObject({ status: 'active', domain: house.portal.domain, hasApplicationToken: true, reason: null })
    expect(installation.accounts).toMatchObject([{ master: true, state: 'live', userId: '1' }])
    const bound = house.portal.control.handlers().map(({ event }) => event)
    for (const code of ['ONAPPINSTALL', 'ONAPPUPDATE', 'ONAPPUNINSTALL', 'ONIMCONNECTORSTATUSDELETE', 'ONAPPTEST']) expect(bound).toContain(code)
    expect(installation.bindings.map(({ event }) => event).toSorted()).toEqual([...new Set(bound)].toSorted())
  })

  test('ONAPPUPDATE with a new application_token is proven by its access token, and everything is bound anew', async () => {
    house.portal.control.update(house.clientId, { version: '2', rotate_application_token: true })
    expect(house.portal.control.handlers().filter(({ event }) => event !== 'ONAPPINSTALL')).toEqual([])
    expect(await house.settled('ONAPPUPDATE')).toMatchObject({ state: 'done', proof: 'access_token' })
    expect(seen.at(-1)).toMatchObject({ code: 'ONAPPUPDATE', data: { VERSION: '2', PREVIOUS_VERSION: '1' } })
    expect(await house.installation()).toMatchObject({ status: 'active', version: '2' })
    expect(house.portal.control.handlers().map(({ event }) => event)).toContain('ONIMCONNECTORSTATUSDELETE')
    // The new token is the known one now.
    house.portal.control.fireEvent({ event: 'ONAPPTEST', data: { LANGUAGE_ID: 'en' }, client_id: house.clientId })
    expect(await house.settled('ONAPPTEST')).toMatchObject({ state: 'done', proof: 'application_token' })
  })

  test('an update that the portal signals by a second ONAPPINSTALL is an update too', async () => {
    house.portal.control.update(house.clientId, { version: '7', signal: 'install' })
    await until(() => seen.find(({ data }) => (data as { VERSION?: string }).VERSION === '7'), 'the second install')
    expect(await house.installation()).toMatchObject({ status: 'active', version: '7', generation: 1 })
  })

  test.each([{ clean: true }, { clean: false }])('ONAPPUNINSTALL, CLEAN $clean, is proven without tokens and closes the installation', async ({ clean }) => {
    house.portal.control.uninstall(house.clientId, { clean })
    const event = await house.settled('ONAPPUNINSTALL')
    expect(event).toMatchObject({ state: 'done', proof: 'application_token' })
    expect(seen.at(-1)).toMatchObject({ code: 'ONAPPUNINSTALL', data: { CLEAN: clean ? '1' : '0' }, b24: false })
    const installation = await house.installation()
    expect(installation.status).toBe('deleted')
    expect(installation.accounts).toHaveLength(clean ? 0 : 1)
    expect(installation.bindings.length > 0).toBe(!clean)
    expect(installation.domain).toBe(clean ? '' : house.portal.domain)
    expect((await house.events()).map(({ event: code }) => code).toSorted()).toEqual(clean ? ['ONAPPUNINSTALL'] : ['ONAPPINSTALL', 'ONAPPUNINSTALL'])
  })

  test('ONIMCONNECTORSTATUSDELETE marks the connector off on its line, with tokens and without', async () => {
    for (const userId of [1, 0]) {
      const on = await house.portal.control.switchConnector(107, 'watcher_chat', { active: true })
      expect(on).toMatchObject({ active: true, page: { status: 200 } })
      expect((await house.installation()).connectorLines).toMatchObject([{ connector: 'watcher_chat', line: '107', active: true }])
      await house.portal.control.switchConnector(107, 'watcher_chat', { active: false, user_id: userId })
      await until(async () => (await house.installation()).connectorLines.find(({ active }) => !active), 'the line to be off')
    }
    await until(() => (seen.filter(({ code }) => code === 'ONIMCONNECTORSTATUSDELETE').length === 2 ? true : undefined), 'both events')
    expect(seen.at(-1)).toMatchObject({ data: { connector: 'watcher_chat', line: '107' }, answer: { ADMIN: true } })
    const bodies = house.portal.control.deliveries().deliveries.filter(({ event }) => event === 'ONIMCONNECTORSTATUSDELETE').map(({ body }) => body)
    expect(bodies.map((body) => body.includes('access_token'))).toEqual([true, false])
  })

  test('after an uninstall the app can be installed again', async () => {
    house.portal.control.uninstall(house.clientId, { clean: true })
    await house.settled('ONAPPUNINSTALL')
    if (kind === 'local') {
      const base = `${house.side.url}/apps/watcher`
      house.portal.control.registerApp({ name: 'watcher', kind, client_id: house.clientId, client_secret: house.clientSecret, ui, scope: ['imopenlines'], install_url: `${base}/events` })
    }
    await installApp(house)
    expect(await house.installation()).toMatchObject({ status: 'active', generation: 2, domain: house.portal.domain })
  })
})

test('nothing reaches the app before its installation is complete', async () => {
  house = await openHouse({ app: watchingApp() })
  const { page } = await house.portal.control.install(house.clientId)
  expect(page?.status).toBe(200)
  house.portal.control.fireEvent({ event: 'ONAPPTEST', client_id: house.clientId })
  await house.portal.control.drain()
  expect(await house.events()).toEqual([])
  expect((await house.installation()).status).toBe('new')
})
