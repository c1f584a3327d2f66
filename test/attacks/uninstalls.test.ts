import { VirtualClock } from '@portline/runtime/clock.ts'
import { ACCESS_TOKEN_LIFETIME_S } from '@portline/wire/oauth.ts'
import { defineApp } from 'portline'
import { UNINSTALL_DOUBT_MS } from 'portline/limits.ts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Weather, forged } from '../support/attacker.ts'
import { installApp, openHouse, until } from '../support/house.ts'
import type { House } from '../support/house.ts'

/** Whose end an uninstall is: a market app keeps its application_token over uninstall and reinstall, so the token does not say. */
const A_MINUTE_MS = 60_000
let house: House
let clock: VirtualClock
let weather: Weather
let ran: string[]

beforeEach(async () => {
  ran = []
  clock = new VirtualClock(Date.now())
  weather = new Weather()
  const app = defineApp({ name: 'shop' }).on('ONAPPUNINSTALL', ({ event }) => void ran.push(event.id)).on('ONAPPTEST', async ({ b24 }) => {
    await b24.actions.v2.call.make({ method: 'profile', params: {} })
  })
  house = await openHouse({ app, portal: { clock, queue: { minDelayMs: 0, maxDelayMs: 0 } }, side: { clock, network: weather } })
  await installApp(house)
  await clock.advance(A_MINUTE_MS)
})
afterEach(async () => {
  weather.clear()
  await house.close()
})

/** As the queue server sent it. */
function sentBody(code: string): string {
  const delivery = house.portal.control.deliveries().deliveries.findLast(({ event }) => event === code)
  if (delivery === undefined) throw new Error(`no ${code} was sent`)
  return delivery.body
}

async function uninstall(options = { clean: true }): Promise<void> {
  house.portal.control.uninstall(house.clientId, options)
  await house.portal.control.drain()
  await until(async () => ((await house.installation()).status === 'deleted' ? true : undefined), 'the uninstall')
  await house.settled('ONAPPUNINSTALL')
}

async function installAgain(): Promise<void> {
  await clock.advance(A_MINUTE_MS)
  const { page } = await house.portal.control.install(house.clientId)
  expect(page?.status).toBe(200)
  house.portal.control.finish(house.clientId)
  await house.portal.control.drain()
  await until(async () => ((await house.installation()).status === 'active' ? true : undefined), 'the reinstall')
  await clock.advance(A_MINUTE_MS)
}

const LIVE = { status: 'active', accounts: [{ state: 'live', master: true }] }

test('a copy of an uninstall that was handled changes nothing after a reinstall, and nobody is asked', async () => {
  await uninstall()
  const body = sentBody('ONAPPUNINSTALL')
  await installAgain()
  const asked = weather.sent.length
  weather.isCut = true
  expect(await house.post(body)).toMatchObject({ status: 200, body: { state: 'done', reason: 'FORMER_INSTALLATION' } })
  expect(await house.installation()).toMatchObject({ ...LIVE, generation: 2 })
  expect([weather.sent.length, ran.length]).toEqual([asked, 1])
})

test('a copy of it is recognised after a restart too, and cannot be replayed', async () => {
  await uninstall()
  const body = sentBody('ONAPPUNINSTALL')
  await installAgain()
  await house.restart()
  weather.isCut = true
  const { body: answer } = await house.post(body)
  expect(answer).toMatchObject({ state: 'done', reason: 'FORMER_INSTALLATION' })
  const replay = await fetch(`${house.side.url}/api/events/${answer.id}/replay`, { method: 'POST' })
  expect([replay.status, await replay.json()]).toMatchObject([409, { error: 'EVENT_NOT_REPLAYABLE' }])
  expect(await house.installation()).toMatchObject(LIVE)
})

/** An uninstall raised before this installation, that nobody has seen yet. */
function lateUninstall() {
  const { application_token } = house.portal.control.app(house.clientId)
  const ts = String(Math.floor(clock.now() / 1_000) - 3_600)
  return { event: 'ONAPPUNINSTALL', data: { LANGUAGE_ID: 'en', CLEAN: '1' }, ts, auth: { member_id: house.portal.memberId, application_token } }
}

test('an uninstall delivered late changes nothing when the server says that the app is installed', async () => {
  expect(await house.post(lateUninstall())).toMatchObject({ status: 200, body: { state: 'done', reason: 'FORMER_INSTALLATION' } })
  expect(await house.installation()).toMatchObject({ ...LIVE, generation: 1 })
  expect((await house.events()).length).toBeGreaterThan(1)
  expect(ran).toEqual([])
})

test('the server is asked with an access token that is still good though its pair cannot be renewed any more', async () => {
  await clock.advance(ACCESS_TOKEN_LIFETIME_S * 1_000 - 1.5 * A_MINUTE_MS)
  await house.restart()
  house.portal.control.faults.add({ fault: 'invalid_grant' })
  house.portal.control.fireEvent({ event: 'ONAPPTEST', data: {}, client_id: house.clientId })
  await house.portal.control.drain()
  await house.settled('ONAPPTEST')
  expect(await house.installation()).toMatchObject({ reason: 'NEED_REINSTALL', accounts: [{ state: 'dead' }] })
  expect(await house.post(lateUninstall())).toMatchObject({ status: 200, body: { state: 'done', reason: 'FORMER_INSTALLATION' } })
  expect(await house.installation()).toMatchObject({ status: 'active', generation: 1 })
})

test('one that comes while the installer is open changes nothing either', async () => {
  await uninstall()
  await clock.advance(A_MINUTE_MS)
  const late = lateUninstall()
  await house.portal.control.install(house.clientId)
  expect(await house.installation()).toMatchObject({ status: 'new', generation: 2 })
  expect(await house.post(late)).toMatchObject({ body: { state: 'done', reason: 'FORMER_INSTALLATION' } })
  expect(await house.installation()).toMatchObject({ status: 'new', generation: 2 })
})

test('an uninstall that only looks late, of a portal whose clock was set back, is believed', async () => {
  const late = lateUninstall()
  // Whatever came first would close the installation.
  house.portal.control.faults.add({ fault: 'lost', on: 'delivery', event: 'ONAPPUNINSTALL' })
  house.portal.control.uninstall(house.clientId, { clean: false })
  expect(await house.post(late)).toMatchObject({ status: 200, body: { state: expect.stringMatching(/pending|done/) as string } })
  await until(async () => ((await house.installation()).status === 'deleted' ? true : undefined), 'the uninstall')
})

test.each([
  ['cannot be reached', () => void (weather.isCut = true)],
  ['does not answer', () => void weather.jam()],
  ['answers a page', () => void house.portal.control.faults.add({ fault: 'html_answer', on: 'app_info' })],
  ['answers with an error', () => void house.portal.control.faults.add({ fault: 'error_answer', on: 'app_info', status: 401, error: 'ERROR_OAUTH', error_description: '' })],
  ['does not know the token any more', () => void house.portal.control.faults.add({ fault: 'expired_token', on: 'app_info' })],
])('an uninstall in doubt is believed when the server %s', async (_name, spoil) => {
  spoil()
  const asked = weather.asked('app.info')
  const answered = house.post(lateUninstall())
  await until(() => (weather.asked('app.info') > asked ? true : undefined), 'the question')
  await clock.advance(UNINSTALL_DOUBT_MS)
  expect((await answered).status).toBe(200)
  await until(async () => ((await house.installation()).status === 'deleted' ? true : undefined), 'the uninstall')
  await until(() => (ran.length === 1 ? true : undefined), 'the handler')
})

test('an uninstall in doubt needs no live token: when the stored one has expired nobody is asked', async () => {
  await clock.advance(2 * 3_600_000)
  const asked = weather.sent.length
  await house.post({ ...lateUninstall(), ts: '1000000000' })
  await until(async () => ((await house.installation()).status === 'deleted' ? true : undefined), 'the uninstall')
  expect(weather.sent.length).toBe(asked)
})

test('an uninstall in doubt that is still being asked about ends no later installation', async () => {
  const clear = weather.jam()
  const asked = weather.asked('app.info')
  const answered = house.post(lateUninstall())
  const held = await until(async () => (await house.events({ event: 'ONAPPUNINSTALL', state: 'held' }))[0], 'the uninstall in doubt')
  await until(() => (weather.asked('app.info') > asked ? true : undefined), 'the question')
  // A true uninstall and a reinstall meanwhile; then the server's answer to the question is lost.
  house.portal.control.uninstall(house.clientId, { clean: false })
  await house.portal.control.drain()
  await until(async () => ((await house.installation()).status === 'deleted' ? true : undefined), 'the true uninstall')
  weather.isCut = true
  clear()
  await answered
  weather.isCut = false
  await installAgain()
  await until(async () => (['done', 'dead'].includes((await house.event(held.id)).state) ? true : undefined), 'the late uninstall')
  expect(await house.installation()).toMatchObject({ ...LIVE, generation: 2 })
})

test('an uninstall is judged in the same way when it was held before anything was known of its portal', async () => {
  await uninstall({ clean: true })
  const late = lateUninstall()
  await installAgain()
  const answers = [await house.post(late), await house.post({ ...late, auth: { ...late.auth, application_token: 'guessed' } })]
  expect(answers).toMatchObject([{ body: { state: 'done', reason: 'FORMER_INSTALLATION' } }, { status: 403, body: { error: 'APPLICATION_TOKEN_MISMATCH' } }])
})

test('an uninstall without the application_token closes nothing, whatever else it brings', async () => {
  const { memberId } = house.portal
  for (const auth of [{ member_id: memberId }, { member_id: memberId, application_token: 'guessed' }, { member_id: memberId, application_token: 'guessed', access_token: 'a' }]) {
    expect((await house.post(forged('ONAPPUNINSTALL', auth, { ts: String(Math.floor(clock.now() / 1_000)) }))).status).toBe(403)
  }
  expect(await house.installation()).toMatchObject(LIVE)
})
