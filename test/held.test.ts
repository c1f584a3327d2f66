import { VirtualClock } from '@portline/runtime/clock.ts'
import { systemNetwork } from '@portline/runtime/network.ts'
import type { Network } from '@portline/runtime/network.ts'
import { defineApp } from 'portline'
import { HELD_EVENT_AGE_MS } from 'portline/limits.ts'
import { afterEach, expect, test } from 'vitest'
import { forged as forgedEvent } from './support/attacker.ts'
import { installApp, openHouse, until } from './support/house.ts'
import type { House } from './support/house.ts'

/** Events that come before anything is known of their portal. */
const TWO_HOURS_MS = 7_200_000
/** Longer than the first wait of the reviewer. */
const REVIEW_AGAIN_MS = 6_000
/** Between two looks for held events that nobody proved. */
const EXPIRY_SWEEP_MS = 600_000
let house: House
let reachable: boolean

/** The network of a machine whose way to the authorization server is cut at first. */
function unreachable(): Network {
  reachable = false
  return { postForm: (...args) => (reachable ? systemNetwork.postForm(...args) : Promise.reject(new Error('no route to host'))) }
}

afterEach(() => house.close())

/** An ONAPPINSTALL as the queue server sends it, kept back on its way. */
async function keptBackInstall(): Promise<string> {
  house.portal.control.finish(house.clientId)
  await house.portal.control.drain()
  const delivery = house.portal.control.deliveries().deliveries.find(({ event }) => event === 'ONAPPINSTALL')
  if (delivery === undefined) throw new Error('no ONAPPINSTALL was sent')
  return delivery.body
}

test('events that race ahead of their ONAPPINSTALL are handed on after its proof, in the order they came', async () => {
  const ran: string[] = []
  const app = defineApp({ name: 'early' })
  for (const code of ['ONAPPTEST', 'ONAPPINSTALL']) app.on(code, ({ event }) => void ran.push(event.id))
  house = await openHouse({ app, ui: false })
  const { application_token } = house.portal.control.app(house.clientId)
  const early = { event: 'ONAPPTEST', auth: { member_id: house.portal.memberId, application_token } }
  const forged = { event: 'ONAPPTEST', auth: { member_id: house.portal.memberId, application_token: 'forged' } }
  const [first, wrong, second] = [await house.post(early), await house.post(forged), await house.post(early)]
  expect([first, wrong, second].map(({ body }) => body.state)).toEqual(['held', 'held', 'held'])
  await house.portal.control.install(house.clientId)
  expect(await house.settled('ONAPPINSTALL')).toMatchObject({ state: 'done', proof: 'access_token' })
  expect(ran.slice(0, 2)).toEqual([first.body.id, second.body.id])
  expect(await house.event(wrong.body.id ?? '')).toMatchObject({ state: 'dead', reason: 'APPLICATION_TOKEN_MISMATCH', attempts: 0 })
})

test('an install that cannot be proven now is held over a restart, and proven later though its access token is long expired', async () => {
  const clock = new VirtualClock(Date.now())
  house = await openHouse({ app: defineApp({ name: 'late' }), ui: false, portal: { clock, queue: { minDelayMs: 0, maxDelayMs: 0 } }, side: { clock, network: unreachable() } })
  await house.portal.control.install(house.clientId)
  await house.portal.control.drain()
  const held = await until(async () => (await house.events())[0], 'the event')
  expect(held).toMatchObject({ event: 'ONAPPINSTALL', state: 'held' })
  await clock.advance(TWO_HOURS_MS)
  reachable = true
  await house.restart()
  expect(await house.settled('ONAPPINSTALL')).toMatchObject({ state: 'done', proof: 'access_token' })
  expect(await house.installation()).toMatchObject({ status: 'active', accounts: [{ state: 'live', master: true }] })
})

test('what follows an update with a new application_token is held until the update is proven, not refused', async () => {
  let letThrough: () => void = () => {}
  const proofMayGo = new Promise<void>((resolve) => (letThrough = resolve))
  let slow = false
  const network: Network = {
    async postForm(...args) {
      if (slow && args[0].endsWith('app.info')) await proofMayGo
      return systemNetwork.postForm(...args)
    },
  }
  house = await openHouse({ app: defineApp({ name: 'rotated' }).on('ONAPPTEST', () => {}), side: { network } })
  await installApp(house)
  slow = true
  house.portal.control.update(house.clientId, { version: '2', rotate_application_token: true })
  await until(async () => (await house.events({ event: 'ONAPPUPDATE' }))[0], 'the update')
  const { application_token } = house.portal.control.app(house.clientId)
  const next = await house.post({ event: 'ONAPPTEST', auth: { member_id: house.portal.memberId, application_token } })
  expect(next).toMatchObject({ status: 200, body: { state: 'held' } })
  const forged = await house.post({ event: 'ONAPPTEST', auth: { member_id: house.portal.memberId, application_token: 'forged' } })
  expect(forged.status).toBe(403)
  letThrough()
  await until(async () => ((await house.event(next.body.id ?? '')).state === 'done' ? true : undefined), 'the event after the update')
})

test('what follows an update whose proof cannot be had now waits for it, however long', async () => {
  const clock = new VirtualClock(Date.now())
  let cut = false
  const network: Network = {
    postForm: (...args) => (cut ? Promise.reject(new Error('no route to host')) : systemNetwork.postForm(...args)),
  }
  house = await openHouse({ app: defineApp({ name: 'outage' }).on('ONAPPTEST', () => {}), side: { network, clock } })
  await installApp(house)
  cut = true
  house.portal.control.update(house.clientId, { version: '2', rotate_application_token: true })
  await house.portal.control.drain()
  const { application_token } = house.portal.control.app(house.clientId)
  const next = await house.post({ event: 'ONAPPTEST', auth: { member_id: house.portal.memberId, application_token } })
  expect(next).toMatchObject({ status: 200, body: { state: 'held' } })
  cut = false
  await clock.advance(REVIEW_AGAIN_MS)
  await until(async () => ((await house.event(next.body.id ?? '')).state === 'done' ? true : undefined), 'the event after the update')
})

test('the same ONAPPINSTALL twice changes nothing the second time', async () => {
  house = await openHouse({ app: defineApp({ name: 'twice' }) })
  await house.portal.control.install(house.clientId)
  const body = await keptBackInstall()
  await house.settled('ONAPPINSTALL')
  const before = await house.installation()
  expect(await house.post(body)).toMatchObject({ status: 200, body: { state: 'pending' } })
  await until(async () => ((await house.events({ event: 'ONAPPINSTALL' })).filter(({ state }) => state === 'done').length === 2 ? true : undefined), 'both')
  const after = await house.installation()
  expect({ ...after, updatedAt: '' }).toEqual({ ...before, updatedAt: '' })
})

test('a late copy of an update that brought an account its tokens does not spend them', async () => {
  const clock = new VirtualClock(Date.now())
  house = await openHouse({ app: defineApp({ name: 'copied' }), ui: false, portal: { clock, queue: { minDelayMs: 0, maxDelayMs: 0 } }, side: { clock } })
  await house.portal.control.install(house.clientId)
  await house.portal.control.drain()
  await house.settled('ONAPPINSTALL')
  const [before] = (await house.installation()).accounts
  const { application_token: token } = house.portal.control.app(house.clientId)
  const [sent] = house.portal.control.deliveries().deliveries.filter(({ event }) => event === 'ONAPPINSTALL')
  const copy = (sent?.body ?? '').replace('event=ONAPPINSTALL', 'event=ONAPPUPDATE').replaceAll(token, 'r'.repeat(token.length))
  await clock.advance(TWO_HOURS_MS)
  expect((await house.post(copy)).status).toBe(200)
  expect(await house.settled('ONAPPUPDATE')).toMatchObject({ state: 'done', proof: 'access_token' })
  const [after] = (await house.installation()).accounts
  expect(after).toMatchObject({ state: 'live', master: true })
  // Where the pair that the portal gave for theirs has gone.
  expect(Date.parse(after?.obtainedAt ?? '') - Date.parse(before?.obtainedAt ?? '')).toBeGreaterThanOrEqual(TWO_HOURS_MS)
})

test('an install that nobody proved in time claims its application_token no longer', async () => {
  const clock = new VirtualClock(Date.now())
  let cut = false
  const network: Network = {
    postForm: (...args) => (cut ? Promise.reject(new Error('no route to host')) : systemNetwork.postForm(...args)),
  }
  house = await openHouse({ app: defineApp({ name: 'given-up' }), side: { network, clock } })
  await installApp(house)
  cut = true
  const auth = { member_id: house.portal.memberId, application_token: 'chosen' }
  const server_endpoint = `${house.portal.oauthUrl}/rest/`
  const install = await house.post(forgedEvent('ONAPPINSTALL', { ...auth, access_token: '0'.repeat(70), refresh_token: 'r', expires: '9999999999', server_endpoint }))
  expect(await house.post(forgedEvent('ONAPPTEST', auth))).toMatchObject({ status: 200, body: { state: 'held' } })
  await clock.advance(HELD_EVENT_AGE_MS)
  await until(async () => {
    await clock.advance(EXPIRY_SWEEP_MS)
    return (await house.event(install.body.id ?? '')).state === 'dead' ? true : undefined
  }, 'the install to be given up')
  await until(async () => {
    await clock.advance(EXPIRY_SWEEP_MS)
    return (await house.post(forgedEvent('ONAPPTEST', auth))).body.error === 'APPLICATION_TOKEN_MISMATCH' ? true : undefined
  }, 'its application_token to be refused', 10_000)
})
