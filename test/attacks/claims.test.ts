import { VirtualClock } from '@portline/runtime/clock.ts'
import { defineApp } from 'portline'
import { INLINE_PROOF_MS, INSTALLER_FRESH_MS } from 'portline/limits.ts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Weather, forged, tokenOf } from '../support/attacker.ts'
import { installApp, openHouse, until } from '../support/house.ts'
import type { House } from '../support/house.ts'

/** Which application_token counts, and since when. */
let house: House
let clock: VirtualClock
let weather: Weather

beforeEach(async () => {
  clock = new VirtualClock(Date.now())
  weather = new Weather()
  const app = defineApp({ name: 'shop' }).on('ONAPPTEST', () => {}).on('ONAPPINSTALL', () => {}).on('ONAPPUPDATE', () => {})
  house = await openHouse({ app, portal: { clock, queue: { minDelayMs: 0, maxDelayMs: 0 } }, side: { clock, network: weather } })
})
afterEach(async () => {
  weather.clear()
  await house.close()
})

async function rotate(): Promise<string> {
  const before = (await house.events({ event: 'ONAPPUPDATE' })).length
  house.portal.control.update(house.clientId, { version: '2', rotate_application_token: true })
  await until(async () => ((await house.events({ event: 'ONAPPUPDATE' })).length > before ? true : undefined), 'the update')
  return house.portal.control.app(house.clientId).application_token
}

function event(application_token: string, code = 'ONAPPTEST') {
  return forged(code, { member_id: house.portal.memberId, application_token }, { ts: String(Math.floor(clock.now() / 1_000)) })
}

test('an update brings a new application_token: proven, it takes the place of the old one', async () => {
  await installApp(house)
  const former = house.portal.control.app(house.clientId).application_token
  const next = await rotate()
  await house.settled('ONAPPUPDATE')
  expect(next).not.toBe(former)
  expect(await house.post(event(next))).toMatchObject({ status: 200, body: { state: 'pending' } })
  expect(await house.post(event(former))).toMatchObject({ status: 403, body: { error: 'APPLICATION_TOKEN_MISMATCH' } })
})

test('an update with an application_token of the sender\'s own changes nothing, by an ordinary user\'s token neither', async () => {
  await installApp(house)
  const before = await house.installation()
  const auth = { member_id: house.portal.memberId, application_token: 'chosen by the sender', server_endpoint: `${house.portal.oauthUrl}/rest/` }
  for (const access_token of ['invented'.repeat(8), await tokenOf(house, 2)]) {
    expect(await house.post(forged('ONAPPUPDATE', { ...auth, access_token, refresh_token: 'r' }))).toMatchObject({ status: 403, body: { error: 'PROOF_REFUSED' } })
  }
  expect(await house.installation()).toEqual(before)
  expect((await house.post(event('chosen by the sender'))).status).toBe(403)
})

test('a new application_token that is under proof when the process ends is known again before the next one listens', async () => {
  await installApp(house)
  weather.isCut = true
  const next = await rotate()
  await house.portal.control.drain()
  expect((await house.events({ event: 'ONAPPUPDATE' }))[0]?.state).toBe('held')
  // Its review in the next process gets no answer for now, so that it has told nobody anything when the event comes.
  weather.isCut = false
  weather.jam()
  await house.restart()
  const answering = house.post(event(next))
  await until(async () => (await house.events({ event: 'ONAPPTEST' }))[0], 'the event to be kept')
  await clock.advance(INLINE_PROOF_MS)
  const follower = await answering
  expect(follower).toMatchObject({ status: 200, body: { state: 'held' } })
  expect((await house.post(event('guessed'))).status).toBe(403)
  weather.clear()
  await until(async () => ((await house.event(follower.body.id ?? '')).state === 'done' ? true : undefined), 'the event after the update')
})

test('an ONAPPINSTALL without an access token counts long after its installer when the install page carried the same application_token', async () => {
  const { page } = await house.portal.control.install(house.clientId)
  expect(page?.status).toBe(200)
  const { application_token } = house.portal.control.app(house.clientId)
  await clock.advance(INSTALLER_FRESH_MS + 60_000)
  expect(await house.post(event('of somebody else', 'ONAPPINSTALL'))).toMatchObject({ status: 403, body: { error: 'APPLICATION_TOKEN_MISMATCH' } })
  const install = await house.post(event(application_token, 'ONAPPINSTALL'))
  expect(install).toMatchObject({ status: 200, body: { state: 'pending' } })
  await until(async () => ((await house.installation()).status === 'active' ? true : undefined), 'the installation')
})

