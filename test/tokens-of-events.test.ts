import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { VirtualClock } from '@portline/runtime/clock.ts'
import { systemNetwork } from '@portline/runtime/network.ts'
import type { Network } from '@portline/runtime/network.ts'
import { decodeForm } from '@portline/wire/form/decode.ts'
import type { AuthBlock } from '@portline/wire/envelope.ts'
import { readEnvelope } from '@portline/wire/read-envelope.ts'
import { defineApp } from 'portline'
import { STORE_FILE } from 'portline/store/sqlite/store-file.ts'
import { afterEach, expect, test } from 'vitest'
import { installApp, openHouse, until } from './support/house.ts'
import type { House } from './support/house.ts'

/**
 * What a token is worth that comes with an event: good for its event, nothing to keep. And what a portal without usable tokens can
 * still do: uninstall, erase, and be healed by an administrator's visit.
 */
let house: House
afterEach(() => house.close())

const ADMIN = 1
const EMIL = 2
const LONGER_THAN_A_REFRESH_TOKEN_LIVES_MS = 181 * 24 * 3_600_000

const app = defineApp({ name: 'worth' })
  .on('ONAPPTEST', async ({ b24 }) => {
    await b24.actions.v2.call.make({ method: 'profile' })
  }, { isFinal: () => true })
  .on('ONTASKADD', () => Promise.reject(new Error('fails whatever happens')), { retryDelaysMs: [3_600_000] })

async function open(portalClock?: VirtualClock): Promise<void> {
  house = await openHouse({ app, ...(portalClock === undefined ? {} : { portal: { clock: portalClock } }) })
}

/** The rows of all accounts, as they are on disk. */
function accounts(): Record<string, unknown>[] {
  const db = new DatabaseSync(join(house.dataDir, STORE_FILE), { readOnly: true })
  const rows = db.prepare('SELECT user_id, master, state, tokens, pair_id, former_tokens, expires_at, obtained_at FROM accounts ORDER BY user_id').all()
  db.close()
  return rows
}

/** The auth block of the newest delivery, as the portal sent it. */
function lastAuth(): AuthBlock {
  const { deliveries } = house.portal.control.deliveries({ limit: 200 })
  return readEnvelope(decodeForm(Buffer.from(deliveries.at(-1)?.body ?? ''))).auth
}

async function raiseBy(accessToken: string): Promise<void> {
  const query = new URLSearchParams({ auth: accessToken, any: 'thing' })
  const answer = await fetch(`${house.portal.url}/rest/event.test.json?${query}`)
  expect(answer.status).toBe(200)
  await house.portal.control.drain()
}

test('events of chained sessions and of ordinary users bring tokens that are never kept, however they come', async () => {
  await open()
  await installApp(house)
  const before = accounts()
  expect(before).toMatchObject([{ user_id: '1', master: 1, state: 'live' }])

  // Each hop's token was raised by the one before it: its refresh token would raise ever fewer events.
  house.portal.control.fireEvent({ event: 'ONAPPTEST', client_id: house.clientId })
  await house.portal.control.drain()
  for (let hop = 0; hop < 4; hop++) {
    const auth = lastAuth()
    expect(auth.refresh_token).toBeDefined()
    await raiseBy(auth.access_token ?? '')
  }
  const chained = lastAuth()
  house.portal.control.fireEvent({ event: 'ONAPPTEST', client_id: house.clientId, user_id: EMIL })
  await house.portal.control.drain()
  const ordinary = lastAuth()
  expect(ordinary.user_id).toBe(String(EMIL))

  // An ordinary user's and a chained token in the clothes of an install, with the portal's own application_token.
  for (const event of ['ONAPPUPDATE', 'ONAPPINSTALL'] as const) {
    for (const auth of [ordinary, ...(event === 'ONAPPUPDATE' ? [chained] : [])]) {
      const { body } = await house.post({ event, data: { VERSION: '1', ACTIVE: 'Y', INSTALLED: 'Y' }, ts: '1', auth: { ...auth, expires: String(Math.floor(Date.now() / 1_000) + 3_599) } })
      expect(await until(async () => (['done', 'dead'].includes((await house.event(body.id ?? '')).state) ? true : undefined), event)).toBe(true)
    }
  }
  await until(async () => ((await house.events({ state: 'pending' })).length === 0 ? true : undefined), 'all events to end')
  expect(accounts()).toEqual(before)
})

test('a renewed pair has proved itself with the first call that succeeds, and the one before it is forgotten', async () => {
  const clock = new VirtualClock(Date.now())
  await open(clock)
  await installWith(clock)
  const [before] = accounts()
  await clock.advance(2 * 3_600_000)
  expect((await callPortal(clock)).state).toBe('done')
  const renewed = await until(() => accounts().find(({ former_tokens: former, pair_id: pair }) => former === null && pair !== before?.['pair_id']), 'the former pair to go')
  expect(renewed).toMatchObject({ state: 'live', master: 1 })
})

test('a portal whose tokens are dead is uninstalled and erased all the same', async () => {
  const clock = new VirtualClock(Date.now())
  await open(clock)
  await installWith(clock)
  await die(clock)
  expect(await house.installation()).toMatchObject({ status: 'active', reason: 'NEED_REINSTALL', accounts: [{ state: 'dead' }] })
  house.portal.control.uninstall(house.clientId, { clean: true })
  await clock.advance(10_000)
  expect((await house.settled('ONAPPUNINSTALL')).state).toBe('done')
  await until(async () => ((await house.events({ event: 'ONAPPTEST' })).length === 0 ? true : undefined), 'its events to be erased')
  expect(accounts()).toEqual([])
  expect(await house.installation()).toMatchObject({ status: 'deleted', domain: '' })
})

test('an update that finds the tokens of its portal dead is done with its own, which are kept', async () => {
  const clock = new VirtualClock(Date.now())
  await open(clock)
  await installWith(clock)
  const [spent] = accounts()
  await clock.advance(LONGER_THAN_A_REFRESH_TOKEN_LIVES_MS)
  // The account counts as live until the update itself calls the portal.
  house.portal.control.update(house.clientId, { version: '2' })
  await clock.advance(10_000)
  expect(await house.settled('ONAPPUPDATE')).toMatchObject({ state: 'done', proof: 'application_token' })
  expect(accounts()).toMatchObject([{ user_id: '1', master: 1, state: 'live' }])
  expect(accounts()[0]?.['pair_id']).not.toBe(spent?.['pair_id'])
  expect(await house.installation()).toMatchObject({ status: 'active', reason: null, version: '2' })
  expect((await callPortal(clock)).state).toBe('done')
})

test('an update heals a portal that was blocked as unpaid while its tokens died', async () => {
  const clock = new VirtualClock(Date.now())
  await open(clock)
  await installWith(clock)
  await clock.advance(LONGER_THAN_A_REFRESH_TOKEN_LIVES_MS)
  expect((await postEvent(clock, 'ONAPPPAYMENT', { PAYMENT_EXPIRED: 'Y' })).state).toBe('done')
  expect(await house.installation()).toMatchObject({ status: 'blocked', reason: 'PORTAL_UNPAID' })
  house.portal.control.update(house.clientId, { version: '2' })
  await clock.advance(10_000)
  expect(await house.settled('ONAPPUPDATE')).toMatchObject({ state: 'done' })
  expect(await house.installation()).toMatchObject({ status: 'active', reason: null })
})

test('an update that waits in its lane brings a portal whose tokens are dead its own all the same', async () => {
  const clock = new VirtualClock(Date.now())
  await open(clock)
  await installWith(clock)
  const [spent] = accounts()
  expect((await postEvent(clock, 'ONTASKADD', {}, 'failing')).attempts).toBe(1)
  await clock.advance(LONGER_THAN_A_REFRESH_TOKEN_LIVES_MS)
  house.portal.control.update(house.clientId, { version: '2' })
  await clock.advance(10_000)
  await until(() => (accounts()[0]?.['pair_id'] === spent?.['pair_id'] || accounts()[0]?.['state'] !== 'live' ? undefined : true), 'the tokens of the update')
  expect((await house.events({ event: 'ONAPPUPDATE' }))[0]).toMatchObject({ state: 'pending', attempts: 0 })
})

test('an update whose own tokens are overtaken by those of a visit goes on with these', async () => {
  const clock = new VirtualClock(Date.now())
  let visit: (() => Promise<unknown>) | undefined
  const network: Network = {
    async postForm(...args) {
      const visitNow = args[0].endsWith('app.info') ? visit : undefined
      if (visitNow !== undefined) visit = undefined
      await visitNow?.()
      return systemNetwork.postForm(...args)
    },
  }
  house = await openHouse({ app, portal: { clock }, side: { network } })
  await installWith(clock)
  await clock.advance(LONGER_THAN_A_REFRESH_TOKEN_LIVES_MS)
  visit = () => house.portal.control.open(house.clientId, { user_id: ADMIN })
  house.portal.control.update(house.clientId, { version: '2' })
  await clock.advance(10_000)
  expect(await house.settled('ONAPPUPDATE')).toMatchObject({ state: 'done' })
  expect(visit).toBeUndefined()
  expect(accounts()).toMatchObject([{ user_id: '1', master: 1, state: 'live' }])
})

test('an administrator who opens the app brings the portal tokens again; anybody else does not', async () => {
  const clock = new VirtualClock(Date.now())
  await open(clock)
  await installWith(clock)
  await die(clock)
  const dead = accounts()
  expect((await house.portal.control.open(house.clientId, { user_id: EMIL })).page?.status).toBe(200)
  expect(accounts()).toEqual(dead)
  expect((await house.portal.control.open(house.clientId, { user_id: ADMIN })).page?.status).toBe(200)
  expect(accounts()).toMatchObject([{ user_id: '1', master: 1, state: 'live' }])
  expect(await house.installation()).toMatchObject({ status: 'active', reason: null })
  expect((await callPortal(clock)).state).toBe('done')

  // While they are good a visit leaves them as they are.
  const good = accounts()
  await house.portal.control.open(house.clientId, { user_id: ADMIN })
  expect(accounts()).toEqual(good)
})

test('a dismissed administrator gives way to another one who had installed the app too', async () => {
  await open()
  await installApp(house)
  const { id } = house.portal.control.users.add({ email: 'vera@example.com', name: 'Vera', last_name: 'Lind', admin: true }).user
  house.portal.control.users.signIn(id)
  const { page } = await house.portal.control.install(house.clientId, { user_id: id })
  expect(page?.status).toBe(200)
  expect(accounts()).toMatchObject([{ user_id: '1', master: 0 }, { user_id: String(id), master: 1 }])
  await house.restart()
  house.portal.control.users.dismiss(id)
  const { application_token } = house.portal.control.app(house.clientId)
  const post = async (): Promise<string> => {
    const { body } = await house.post({ event: 'ONAPPTEST', auth: { member_id: house.portal.memberId, application_token } })
    return until(async () => {
      const { state } = await house.event(body.id ?? '')
      return state === 'pending' ? undefined : state
    }, 'the event to end')
  }
  expect(await post()).toBe('dead')
  await until(() => (accounts().some(({ user_id, state }) => user_id === String(id) && state === 'dead') ? true : undefined), 'the dismissed user to give way')
  expect(accounts()).toMatchObject([{ user_id: '1', master: 1, state: 'live' }, { user_id: String(id), master: 0, state: 'dead' }])
  expect(await post()).toBe('done')
})

/** Like installApp(), on a portal whose time is ours. */
async function installWith(clock: VirtualClock): Promise<void> {
  expect((await house.portal.control.install(house.clientId)).page?.status).toBe(200)
  house.portal.control.finish(house.clientId)
  await clock.advance(10_000)
  expect((await house.settled('ONAPPINSTALL')).state).toBe('done')
}

/** The portal's time goes on, ours does not: its refresh tokens die of age before we know it. */
async function die(clock: VirtualClock): Promise<void> {
  await clock.advance(LONGER_THAN_A_REFRESH_TOKEN_LIVES_MS)
  expect(await callPortal(clock)).toMatchObject({ state: 'dead', reason: 'TOKENS_DEAD' })
}

function callPortal(clock: VirtualClock) {
  return postEvent(clock, 'ONAPPTEST')
}

async function postEvent(clock: VirtualClock, event: string, data?: Record<string, string>, ends: 'ending' | 'failing' = 'ending') {
  const { application_token } = house.portal.control.app(house.clientId)
  const { body } = await house.post({ event, ...(data === undefined ? {} : { data }), auth: { member_id: house.portal.memberId, application_token } })
  await clock.advance(1_000)
  return until(async () => {
    const found = await house.event(body.id ?? '')
    return found.state !== 'pending' || (ends === 'failing' && found.attempts > 0) ? found : undefined
  }, 'the event to end')
}
