import { VirtualClock } from '@portline/runtime/clock.ts'
import { defineApp } from 'portline'
import type { App } from 'portline'
import { afterEach, expect, test } from 'vitest'
import { Weather, forged } from './support/attacker.ts'
import { installApp, openHouse, until } from './support/house.ts'
import type { House } from './support/house.ts'

/** Installs that come at a bad time: before the uninstall that they follow, behind an event that is running, late, or with a time of their own choosing. */
const MINUTE_MS = 60_000
const HOUR_MS = 60 * MINUTE_MS

let house: House
let clock: VirtualClock
let weather: Weather
afterEach(async () => {
  weather.clear()
  await house.close()
})

async function open(app: App = defineApp({ name: 'shop' }).on('ONAPPTEST', () => {})): Promise<void> {
  clock = new VirtualClock(Date.now())
  weather = new Weather()
  house = await openHouse({ app, ui: false, portal: { clock, queue: { minDelayMs: 0, maxDelayMs: 0 } }, side: { clock, network: weather } })
  await installApp(house)
  await clock.advance(MINUTE_MS)
}

/** What the portal sent, kept back on its way. */
async function keptBack(code: string, act: () => unknown): Promise<string> {
  const { id } = house.portal.control.faults.add({ fault: 'lost', on: 'delivery', event: code })
  await act()
  await house.portal.control.drain()
  house.portal.control.faults.remove(id)
  return house.portal.control.deliveries().deliveries.findLast(({ event }) => event === code)?.body ?? ''
}

async function allEnded(code: string): Promise<void> {
  await until(async () => ((await house.events({ event: code })).every(({ state }) => state === 'done' || state === 'dead') ? true : undefined), `every ${code} to end`)
}

function post(code: string, ts: number, token = house.portal.control.app(house.clientId).application_token) {
  return house.post(forged(code, { member_id: house.portal.memberId, application_token: token }, { ts: String(ts) }))
}

test('an uninstall that comes while the install after it is being proven ends nothing of that install', async () => {
  await open()
  const uninstall = await keptBack('ONAPPUNINSTALL', () => house.portal.control.uninstall(house.clientId, { clean: true }))
  await clock.advance(MINUTE_MS)
  const install = await keptBack('ONAPPINSTALL', () => house.portal.control.install(house.clientId))
  await clock.advance(1_000)
  const letGo = weather.jam()
  const asked = weather.asked('app.info')
  await house.post(install)
  await until(() => (weather.asked('app.info') > asked ? true : undefined), 'the question')
  const posted = house.post(uninstall)
  letGo()
  await posted
  await allEnded('ONAPPUNINSTALL')
  await allEnded('ONAPPINSTALL')
  expect((await house.events({ event: 'ONAPPUNINSTALL' }))[0]).toMatchObject({ state: 'done', reason: 'FORMER_INSTALLATION' })
  expect(await house.installation()).toMatchObject({ status: 'active', accounts: [{ state: 'live', master: true }] })
})

test('an install behind an event that is running, and then fails, brings its tokens before that is tried again', async () => {
  let fail: () => void = () => {}
  const failing = new Promise<void>((resolve) => (fail = resolve))
  let runs = 0
  await open(defineApp({ name: 'shop' }).on('ONAPPTEST', async () => {
    runs += 1
    await failing
    throw new Error('for want of what the install brings')
  }, { retryDelaysMs: [HOUR_MS] }))
  const [before] = (await house.installation()).accounts
  await post('ONAPPTEST', Math.floor(clock.now() / 1_000))
  await until(() => (runs === 1 ? true : undefined), 'the handler to run')
  await keptBack('ONAPPUNINSTALL', () => house.portal.control.uninstall(house.clientId, { clean: false }))
  await clock.advance(2_000)
  const install = await keptBack('ONAPPINSTALL', () => house.portal.control.install(house.clientId))
  await house.post(install)
  fail()
  await until(async () => {
    const [account] = (await house.installation()).accounts
    return account?.state === 'live' && account.obtainedAt !== before?.obtainedAt ? true : undefined
  }, 'the tokens of the install')
})

test('an install with a time far ahead does not have what comes after it taken for what was before', async () => {
  await open()
  await post('ONAPPINSTALL', 9_999_999_999)
  await allEnded('ONAPPINSTALL')
  house.portal.control.update(house.clientId, { version: '2', rotate_application_token: true })
  await house.portal.control.drain()
  expect(await house.settled('ONAPPUPDATE')).toMatchObject({ state: 'done' })
  expect(await post('ONAPPTEST', Math.floor(clock.now() / 1_000))).toMatchObject({ status: 200, body: { state: 'pending' } })
})

test('a late copy of the install does not turn back the version of an update', async () => {
  await open()
  const install = house.portal.control.deliveries().deliveries.find(({ event }) => event === 'ONAPPINSTALL')?.body ?? ''
  house.portal.control.update(house.clientId, { version: '2' })
  await house.portal.control.drain()
  await house.settled('ONAPPUPDATE')
  expect(await house.installation()).toMatchObject({ version: '2' })
  await house.post(install)
  await allEnded('ONAPPINSTALL')
  expect(await house.events({ event: 'ONAPPINSTALL' })).toMatchObject([{ state: 'done' }, { state: 'done' }])
  expect(await house.installation()).toMatchObject({ version: '2' })
})
