import { readFile } from 'node:fs/promises'
import { createServer } from 'node:http'
import { createServer as createHttpsServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import { createSelfSigned } from '@portline/portal/tls/self-signed.ts'
import { systemClock } from '@portline/runtime/clock.ts'
import { silentLog } from '@portline/runtime/log.ts'
import type { Log } from '@portline/runtime/log.ts'
import { systemNetwork } from '@portline/runtime/network.ts'
import { systemResolver } from '@portline/runtime/resolver.ts'
import { defineApp } from 'portline'
import type { App } from 'portline'
import { httpEndpoint } from 'portline/destinations/http-endpoint.ts'
import type { Diagnosis } from 'portline/doctor/doctor.ts'
import { FINDINGS } from 'portline/doctor/findings.ts'
import { examinePublicUrl } from 'portline/doctor/public-url.ts'
import { afterEach, describe, expect, test } from 'vitest'
import { installApp, openHouse, until } from './support/house.ts'
import type { House, HouseOptions } from './support/house.ts'

/** One test for each finding, on a portal that is really so. */
let house: House | undefined
afterEach(async () => {
  await house?.close()
  house = undefined
})

function app(): App {
  return defineApp({ name: 'patient' }).on('ONAPPTEST', () => {})
}

async function open(options: Partial<HouseOptions> = {}): Promise<House> {
  house = await openHouse({ app: app(), ...options })
  await installApp(house)
  return house
}

const WAIT_MS = 10_000

async function examine({ side, portal }: House, waitMs = WAIT_MS, name = 'patient'): Promise<Diagnosis> {
  const response = await fetch(`${side.url}/api/doctor/${name}/${portal.memberId}`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ waitMs }),
  })
  expect(response.status).toBe(200)
  return (await response.json()) as Diagnosis
}

async function codes(of: House, waitMs?: number, name?: string): Promise<string[]> {
  return (await examine(of, waitMs, name)).findings.map(({ code }) => code)
}

async function rest({ portal }: House, method: string, params: object = {}): Promise<void> {
  const install = portal.control.deliveries().deliveries.find(({ event }) => event === 'ONAPPINSTALL')
  const auth = new URLSearchParams(install?.body).get('auth[access_token]')
  const body = JSON.stringify({ auth, ...params })
  expect((await fetch(`${portal.url}/rest/${method}`, { method: 'POST', headers: { 'content-type': 'application/json' }, body })).status).toBe(200)
}

describe('all is well', () => {
  test('a portal whose events arrive has no finding, and its test event came', async () => {
    const { app: name, ok, testEvent, findings, status } = await examine(await open())
    expect({ name, ok, testEvent, findings, status }).toEqual({ name: 'patient', ok: true, testEvent: true, findings: [], status: 'active' })
  })

  test('ONAPPTEST is bound for the test and taken back, where the app does not handle it', async () => {
    const quiet = await open({ app: defineApp({ name: 'patient' }) })
    const before = quiet.portal.control.handlers()
    expect(await examine(quiet)).toMatchObject({ ok: true, testEvent: true })
    expect(quiet.portal.control.handlers()).toEqual(before)
  })
})

describe('the installation', () => {
  test('INSTALLATION_UNFINISHED: nobody called installFinish', async () => {
    house = await openHouse({ app: app() })
    await house.portal.control.install(house.clientId)
    expect(await codes(house)).toEqual(['INSTALLATION_UNFINISHED'])
  })

  test('PAYMENT_EXPIRED', async () => {
    const opened = await open()
    opened.portal.control.payment(opened.clientId, { expired: true })
    expect(await codes(opened)).toEqual(['PAYMENT_EXPIRED'])
  })

  test('APP_INACTIVE: the uninstall was lost on its way', async () => {
    const opened = await open()
    opened.portal.control.faults.add({ fault: 'lost', event: 'ONAPPUNINSTALL' })
    opened.portal.control.uninstall(opened.clientId, { clean: false })
    await opened.portal.control.drain()
    expect(await codes(opened)).toContain('APP_INACTIVE')
  })

  test('UNINSTALLED: nothing is asked of the portal', async () => {
    const opened = await open()
    opened.portal.control.uninstall(opened.clientId, { clean: true })
    await opened.settled('ONAPPUNINSTALL')
    expect(await codes(opened)).toEqual(['UNINSTALLED'])
  })

  test('PORTAL_DENIES: its plan has no REST', async () => {
    const opened = await open()
    opened.portal.control.faults.add({ fault: 'error_answer', on: 'rest', status: 401, error: 'ACCESS_DENIED', error_description: 'REST is available only on commercial plans.' })
    expect(await codes(opened)).toContain('PORTAL_DENIES')
  })

  test('PORTAL_UNREACHABLE', async () => {
    const opened = await open()
    opened.portal.control.faults.add({ fault: 'html_answer', on: 'rest', status: 502 })
    expect(await codes(opened)).toEqual(['PORTAL_UNREACHABLE'])
  })

  test('TOKENS_DEAD: the authorization server refuses to renew', async () => {
    const opened = await open()
    opened.portal.control.faults.add({ fault: 'invalid_grant' })
    opened.portal.control.faults.add({ fault: 'expired_token', on: 'rest' })
    expect(await codes(opened)).toContain('TOKENS_DEAD')
  })

  test('ACCOUNT_REFUSED: the administrator who installed it was dismissed', async () => {
    const opened = await open()
    opened.portal.control.users.dismiss(1)
    expect(await codes(opened)).toContain('ACCOUNT_REFUSED')
  })

  test('ACCOUNT_NOT_ADMIN: it sees no bindings but its own', async () => {
    const opened = await open()
    const state = opened.portal.control.state()
    opened.portal.control.loadState({ ...state, users: state.users.map((user) => ({ ...user, admin: false })) })
    expect(await codes(opened)).toContain('ACCOUNT_NOT_ADMIN')
  })

  test('APPLICATION_TOKEN_UNKNOWN: an older portal does not show it to the install page', async () => {
    house = await openHouse({ app: app() })
    let frame = new URLSearchParams()
    const page = createServer((request, response) => {
      let body = ''
      request.on('data', (chunk: Buffer) => (body += chunk.toString()))
      request.on('end', () => {
        frame = new URLSearchParams(body)
        response.end('')
      })
    })
    await new Promise<void>((resolve) => page.listen(0, '127.0.0.1', resolve))
    const { control } = house.portal
    control.registerApp({ name: 'patient', kind: 'market', client_id: house.clientId, install_url: `http://127.0.0.1:${(page.address() as AddressInfo).port}` })
    await control.install(house.clientId)
    page.close()
    frame.delete('APPLICATION_TOKEN')
    const installed = await fetch(`${house.side.url}/apps/patient/install?DOMAIN=${new URL(house.portal.url).host}&PROTOCOL=0`, { method: 'POST', body: frame })
    expect(installed.status).toBe(200)
    expect(await codes(house)).toEqual(['APPLICATION_TOKEN_UNKNOWN', 'INSTALLATION_UNFINISHED'])
  })

  test('CLOCK_WRONG: this machine is ten minutes ahead', async () => {
    const aheadMs = 600_000
    let offsetMs = 0
    const clock = { ...systemClock, now: () => systemClock.now() + offsetMs }
    const opened = await open({ side: { clock } })
    offsetMs = aheadMs
    const { findings } = await examine(opened)
    expect(findings).toMatchObject([{ code: 'CLOCK_WRONG', detail: expect.stringMatching(/^the portal is (59\d|60\d) s behind this machine$/) as string }])
  })
})

describe('bindings', () => {
  test('BINDING_MISSING: it was taken back on the portal', async () => {
    const opened = await open()
    await rest(opened, 'event.unbind', { event: 'ONAPPTEST', handler: `${opened.side.url}/apps/patient/events` })
    expect((await examine(opened)).findings).toMatchObject([{ code: 'BINDING_MISSING', detail: 'ONAPPTEST', todo: 'portline bindings sync' }])
  })

  test('BOUND_ELSEWHERE: to an app side that stood on another host', async () => {
    const opened = await open()
    await rest(opened, 'event.bind', { event: 'ONAPPTEST', handler: 'https://old.example/apps/patient/events' })
    expect((await examine(opened)).findings).toMatchObject([{ code: 'BOUND_ELSEWHERE', detail: 'ONAPPTEST to https://old.example' }])
  })

  test('BOUND_TWICE: for another user, too', async () => {
    const opened = await open()
    await rest(opened, 'event.bind', { event: 'ONAPPTEST', handler: `${opened.side.url}/apps/patient/events`, auth_type: 2 })
    expect(await examine(opened)).toMatchObject({ ok: true, findings: [{ code: 'BOUND_TWICE', detail: 'ONAPPTEST' }] })
  })

  test('SCOPE_MISSING and EVENT_NOT_OFFERED', async () => {
    const opened = await open({ app: app().on('ONCRMDEALADD', () => {}).on('ONNOSUCHEVENT', () => {}) })
    expect((await examine(opened)).findings).toMatchObject([
      { code: 'SCOPE_MISSING', detail: 'ONCRMDEALADD needs crm' }, { code: 'EVENT_NOT_OFFERED', detail: 'ONNOSUCHEVENT' },
    ])
  })
})

describe('the way here', () => {
  test('TEST_EVENT_LOST: everything looks well, and the event does not arrive', async () => {
    const opened = await open()
    opened.portal.control.faults.add({ fault: 'lost', event: 'ONAPPTEST' })
    expect(await examine(opened, 300)).toMatchObject({ ok: false, testEvent: false, findings: [{ code: 'TEST_EVENT_LOST' }] })
  })

  test('TEST_EVENT_REFUSED: the app was made anew, and its application_token is another', async () => {
    const opened = await open()
    opened.portal.control.registerApp({ name: 'patient', kind: 'market', client_id: opened.clientId, application_token: 'a'.repeat(32) })
    const { findings } = await examine(opened, 2_000)
    expect(findings).toMatchObject([{ code: 'TEST_EVENT_REFUSED', detail: 'APPLICATION_TOKEN_MISMATCH' }])
    expect(await codes(opened, 0)).toEqual(['EVENTS_REFUSED'])
  })

  test('PUBLIC_URL_UNREACHABLE and PUBLIC_URL_WRONG_ANSWER, before anybody waits for an event', async () => {
    const other = createServer((_request, response) => response.end('<h1>It works!</h1>'))
    await new Promise<void>((resolve) => other.listen(0, '127.0.0.1', resolve))
    const side = { publicUrl: 'http://127.0.0.1:9' }
    house = await openHouse({ app: app(), side })
    await house.portal.control.install(house.clientId)
    house.portal.control.finish(house.clientId)
    await house.portal.control.drain()
    expect(await codes(house, 300)).toEqual(['PUBLIC_URL_UNREACHABLE', 'TEST_EVENT_LOST'])
    side.publicUrl = `http://127.0.0.1:${(other.address() as AddressInfo).port}`
    await house.restart()
    expect(await codes(house, 0)).toContain('PUBLIC_URL_WRONG_ANSWER')
    other.close()
  })

  test('PUBLIC_URL_REFUSED: a host without a dot', async () => {
    const side: { publicUrl?: string } = {}
    const opened = await open({ side })
    side.publicUrl = opened.side.url.replace('127.0.0.1', 'localhost')
    await opened.restart()
    expect(await codes(opened)).toEqual(['BINDING_MISSING', 'PUBLIC_URL_REFUSED'])
  })

  const parts = { network: systemNetwork, resolver: systemResolver }
  const leadingTo = (...addresses: string[]) => ({ ...parts, resolver: { addresses: () => Promise.resolve(addresses) } })

  test('PUBLIC_URL_NOT_FOUND: its name is in no DNS', async () => {
    const nowhere = { addresses: () => Promise.reject(new Error('ENOTFOUND')) }
    expect(await examinePublicUrl({ ...parts, resolver: nowhere }, 'https://nowhere.example/apps/patient/events', false))
      .toMatchObject([{ code: 'PUBLIC_URL_NOT_FOUND', detail: 'nowhere.example' }])
  })

  test('PUBLIC_URL_PRIVATE: an address of this network, whatever the name', async () => {
    expect(await examinePublicUrl(leadingTo('10.1.2.3'), 'https://apps.example/apps/patient/events', false))
      .toMatchObject([{ code: 'PUBLIC_URL_PRIVATE', detail: 'apps.example leads to 10.1.2.3' }])
  })

  test('PUBLIC_URL_TLS: a certificate that nobody has signed', async () => {
    const { key, cert } = createSelfSigned(['127.0.0.1'])
    const server = createHttpsServer({ key, cert }, (_request, response) => response.end('{"error":"EVENT_MISSING"}'))
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
    const address = `https://127.0.0.1:${(server.address() as AddressInfo).port}/apps/patient/events`
    expect(await examinePublicUrl(parts, address, true)).toMatchObject([{ code: 'PUBLIC_URL_TLS' }])
    server.close()
  })

  test('an app that fetches all its events needs no way here: then it is only worth a look', async () => {
    const side = { publicUrl: 'http://127.0.0.1:9' }
    house = await openHouse({ app: defineApp({ name: 'patient' }).on('ONUSERADD', () => {}, { offline: true }), side })
    await house.portal.control.install(house.clientId)
    house.portal.control.finish(house.clientId)
    await house.portal.control.drain()
    const { ok, findings } = await examine(house, 200)
    expect([ok, findings.map(({ code, level }) => `${code} ${level}`)]).toEqual([true, ['PUBLIC_URL_UNREACHABLE look', 'TEST_EVENT_LOST look']])
  })
})

describe('what has arrived', () => {
  test('EVENTS_HELD: the authorization server cannot be asked about an install', async () => {
    const opened = await open()
    opened.portal.control.faults.add({ fault: 'html_answer', on: 'app_info', status: 502 })
    await opened.post({ event: 'ONAPPINSTALL', data: { VERSION: '1' }, auth: { member_id: opened.portal.memberId, application_token: 'another', access_token: 'y' } })
    expect((await examine(opened, 0)).findings).toMatchObject([{ code: 'EVENTS_HELD', detail: expect.stringMatching(/^1, the newest ONAPPINSTALL /) as string }])
  })

  test('LANE_BLOCKED: a handler that fails holds up the others', async () => {
    const failing = defineApp({ name: 'patient' }).on('ONAPPTEST', () => Promise.reject(new Error('no')), { retryDelaysMs: [3_600_000] })
    const opened = await open({ app: failing })
    opened.portal.control.fireEvent({ event: 'ONAPPTEST', data: { QUERY: { a: '1' } }, client_id: opened.clientId })
    await until(async () => ((await opened.events({ event: 'ONAPPTEST' }))[0]?.dueAt ? true : undefined), 'the failure')
    expect((await examine(opened, 0)).findings).toMatchObject([{ code: 'LANE_BLOCKED', detail: expect.stringMatching(/^ONAPPTEST \w+, HANDLER_FAILED after 1 attempts/) as string }])
  })

  test('LANE_BLOCKED comes after what may be its cause, and names the event to look at', async () => {
    const failing = defineApp({ name: 'patient' }).on('ONAPPTEST', () => Promise.reject(new Error('no')), { retryDelaysMs: [3_600_000] })
    const opened = await open({ app: failing })
    opened.portal.control.fireEvent({ event: 'ONAPPTEST', data: { QUERY: { a: '1' } }, client_id: opened.clientId })
    const { id } = await until(async () => (await opened.events({ event: 'ONAPPTEST' })).find(({ dueAt }) => dueAt !== null), 'the failure')
    opened.portal.control.payment(opened.clientId, { expired: true })
    const { findings } = await examine(opened, 0)
    expect(findings.map(({ code }) => code)).toEqual(['PAYMENT_EXPIRED', 'LANE_BLOCKED'])
    expect(findings[1]?.todo).toBe(`portline events show ${id} says why. Mend the handler; or let it park its failures (onFailure: park).`)
  })

  test('an event that waits because an operator has blocked the portal is no failure: only the block is found, with how to end it', async () => {
    const opened = await open()
    const { memberId } = opened.portal
    expect((await fetch(`${opened.side.url}/api/installations/patient/${memberId}/block`, { method: 'POST' })).status).toBe(200)
    opened.portal.control.fireEvent({ event: 'ONAPPTEST', data: { QUERY: { a: '1' } }, client_id: opened.clientId })
    await until(async () => ((await opened.events({ event: 'ONAPPTEST' }))[0]?.dueAt ? true : undefined), 'the event to wait')
    expect((await examine(opened, 0)).findings).toMatchObject([
      { code: 'PORTAL_BLOCKED', todo: `portline portals unblock ${memberId} --app patient; its events are kept and wait.` },
    ])
  })

  test('LANE_BLOCKED by a destination that fails says to mend that, not a handler', async () => {
    const endpoint = httpEndpoint({ url: 'http://127.0.0.1:9/hook', secret: `whsec_${Buffer.alloc(32, 5).toString('base64')}`, allowPrivate: ['127.0.0.1'] })
    const opened = await open({ app: defineApp({ name: 'patient' }).on('ONAPPTEST', endpoint, { retryDelaysMs: [3_600_000] }) })
    opened.portal.control.fireEvent({ event: 'ONAPPTEST', data: { QUERY: { a: '1' } }, client_id: opened.clientId })
    const { id } = await until(async () => (await opened.events({ event: 'ONAPPTEST' })).find(({ dueAt }) => dueAt !== null), 'the failure')
    const [found] = (await examine(opened, 0)).findings
    expect(found).toMatchObject({ code: 'LANE_BLOCKED', todo: expect.stringContaining(`portline events show ${id} says why. `) as string })
    expect(found?.todo).toContain('mend the destination')
    expect(found?.todo).not.toContain('handler')
  })

  test('EVENTS_PARKED: they wait beside the lane', async () => {
    const failing = defineApp({ name: 'patient' }).on('ONAPPTEST', () => Promise.reject(new Error('no')), { retryDelaysMs: [3_600_000], onFailure: 'park' })
    const opened = await open({ app: failing })
    opened.portal.control.fireEvent({ event: 'ONAPPTEST', data: { QUERY: { a: '1' } }, client_id: opened.clientId })
    await until(async () => ((await opened.events({ event: 'ONAPPTEST' }))[0]?.dueAt ? true : undefined), 'the failure')
    expect(await examine(opened, 0)).toMatchObject({ ok: true, findings: [{ code: 'EVENTS_PARKED' }] })
  })

  test('DESTINATION_PAUSED: nothing listens where events are to go', async () => {
    const endpoint = httpEndpoint({ url: 'http://127.0.0.1:9/hook', secret: `whsec_${Buffer.alloc(32, 5).toString('base64')}`, allowPrivate: ['127.0.0.1'] })
    const opened = await open({ app: defineApp({ name: 'patient' }).on('ONAPPTEST', endpoint, { retryDelaysMs: [0, 0, 0, 0, 0, 0, 0, 0] }) })
    opened.portal.control.fireEvent({ event: 'ONAPPTEST', data: { QUERY: { a: '1' } }, client_id: opened.clientId })
    await until(async () => ((await codes(opened, 0)).includes('DESTINATION_PAUSED') ? true : undefined), 'the pause')
    await until(async () => ((await opened.events({ event: 'ONAPPTEST' }))[0]?.reason === 'DESTINATION_PAUSED' ? true : undefined), 'the event to wait for it')
    expect(await codes(opened, 0)).toEqual(['DESTINATION_PAUSED'])
  })

  test('STORE_FULL', async () => {
    const side: { retention?: { maxBytes: number } } = {}
    const opened = await open({ side })
    side.retention = { maxBytes: 1 }
    await opened.restart()
    await until(async () => (((await (await fetch(`${opened.side.url}/api/store`)).json()) as { full: boolean }).full ? true : undefined), 'the store to be full')
    expect(await codes(opened, 0)).toEqual(['STORE_FULL'])
  })

  const fetching = (): App => defineApp({ name: 'patient' }).on('ONUSERADD', () => {}, { offline: true })

  test('OFFLINE_LICENSE_MISSING: what waits on the portal is left there', async () => {
    const { log, failed } = failuresOf('an offline queue could not be emptied')
    const opened = await open({ app: fetching(), side: { log }, portal: { features: { rest_offline_extended: false } } })
    await opened.restart()
    await failed
    expect(await codes(opened, 0)).toEqual(['OFFLINE_LICENSE_MISSING'])
  })

  test('OFFLINE_QUEUE_FAILS', async () => {
    const { log, failed } = failuresOf('an offline queue could not be emptied')
    const opened = await open({ app: fetching(), side: { log } })
    opened.portal.control.faults.add({ fault: 'html_answer', on: 'rest', method: 'event.offline.*' })
    await opened.restart()
    await failed
    expect((await examine(opened, 0)).findings).toMatchObject([{ code: 'OFFLINE_QUEUE_FAILS', detail: expect.stringContaining('REST_FAILED') as string }])
  })
})

/** A log, and a promise of the first line that says so. */
function failuresOf(words: string): { log: Log; failed: Promise<void> } {
  let tell = (): void => {}
  const failed = new Promise<void>((resolve) => (tell = resolve))
  return { failed, log: { ...silentLog, warn: (_fields, message) => message === words && tell() } }
}

test('the page on it tells of every finding', async () => {
  const page = await readFile(new URL('../docs/how-to/nothing-arrives.md', import.meta.url), 'utf8')
  expect(Object.keys(FINDINGS).filter((code) => !page.includes(`\`${code}\``))).toEqual([])
})
