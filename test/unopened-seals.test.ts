import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { silentLog } from '@portline/runtime/log.ts'
import { defineApp } from 'portline'
import { openSqliteStore } from 'portline/store/sqlite/sqlite-store.ts'
import { giveUpKeys } from 'portline/tokens/sealed-samples.ts'
import { keyIdOf } from 'portline/tokens/sealer.ts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Weather } from './support/attacker.ts'
import { installApp, openHouse, until } from './support/house.ts'
import type { House } from './support/house.ts'

/** One sealed value that does not open, among others that do, stops nothing but itself. A key that opens nothing stops the start. */
const KEY = Buffer.alloc(32, 1)
const OTHER_KEY = Buffer.alloc(32, 2)
let house: House
let weather: Weather
/** What the app side is started with; a restart reads it again. */
let side: { sealingKey: string; network: Weather; log: typeof silentLog }
let warned: object[]

beforeEach(() => {
  weather = new Weather()
  warned = []
  side = { sealingKey: KEY.toString('base64'), network: weather, log: { ...silentLog, warn: (fields) => void warned.push(fields) } }
})
afterEach(() => house.close())

async function open(options: { ui?: boolean } = {}): Promise<void> {
  house = await openHouse({ app: defineApp({ name: 'sealed' }).on('ONAPPTEST', () => {}), side, ...options })
}

/** Changes one bit of each value, while nothing runs. */
async function flip(table: string, column: string, where = 'true'): Promise<void> {
  await house.side.stop()
  const db = new DatabaseSync(join(house.dataDir, 'portline.sqlite'))
  const rows = db.prepare(`SELECT ${column} AS sealed FROM ${table} WHERE ${where}`).all()
  for (const { sealed } of rows) {
    const former = sealed as Uint8Array
    const changed = Buffer.from(former)
    changed.writeUInt8(changed.readUInt8(changed.length - 1) ^ 1, changed.length - 1)
    db.prepare(`UPDATE ${table} SET ${column} = ? WHERE ${column} = ?`).run(changed, former)
  }
  db.close()
  expect(rows.length).toBeGreaterThan(0)
}

function auth(): Record<string, string> {
  return { member_id: house.portal.memberId, application_token: house.portal.control.app(house.clientId).application_token }
}

/** An administrator opens the install page again. */
async function openInstaller(): Promise<void> {
  const { page } = await house.portal.control.install(house.clientId)
  expect(page?.status).toBe(200)
}

test('an application_token that does not open holds its portal\'s events, and no start; the next install proves them', async () => {
  await open()
  await installApp(house)
  await flip('installations', 'application_token')
  await house.restart()
  expect(warned).toContainEqual({ app: 'sealed', portal: house.portal.memberId, code: 'KEY_INVALID' })
  const held = await house.post({ event: 'ONAPPTEST', ts: '1', auth: auth() })
  expect(held).toMatchObject({ status: 200, body: { state: 'held' } })
  await openInstaller()
  house.portal.control.finish(house.clientId)
  await house.portal.control.drain()
  await until(async () => ((await house.event(held.body.id ?? '')).state === 'done' ? true : undefined), 'the event that was held')
})

test('a held install that does not open stays held by itself: the start goes on, and another install is proven beside it', async () => {
  await open({ ui: false })
  weather.isCut = true
  await house.portal.control.install(house.clientId)
  await house.portal.control.drain()
  const lost = await until(async () => (await house.events({ state: 'held' }))[0], 'the install')
  await flip('events', 'auth')
  weather.isCut = false
  await house.restart()
  await house.portal.control.install(house.clientId)
  await house.portal.control.drain()
  expect(await house.settled('ONAPPINSTALL')).toMatchObject({ state: 'done', proof: 'access_token' })
  expect(await house.event(lost.id)).toMatchObject({ state: 'held' })
  expect(warned.filter((fields) => 'id' in fields && fields.id === lost.id)).toHaveLength(1)
  // Of an installed portal it is looked for before the start as well.
  await house.restart()
  expect(await house.event(lost.id)).toMatchObject({ state: 'held' })
})

test('an uninstall with CLEAN=1 erases though a seal of the portal\'s events does not open', async () => {
  await open()
  await installApp(house)
  for (let n = 0; n < 3; n++) await house.post({ event: 'ONAPPTEST', ts: '1', auth: auth() })
  await until(async () => ((await house.events({ event: 'ONAPPTEST', state: 'done' })).length === 3 ? true : undefined), 'the events')
  await flip('auth_batches', 'sealed')
  await house.restart()
  house.portal.control.uninstall(house.clientId, { clean: true })
  await house.settled('ONAPPUNINSTALL')
  const found = await until(async () => {
    const response = await fetch(`${house.side.url}/api/audit?limit=200`)
    return ((await response.json()) as { records: { verb: string; facts?: object }[] }).records.find(({ verb }) => verb === 'eraseData')
  }, 'the certificate')
  expect(found.facts).not.toHaveProperty('auth_blocks_left')
  expect((await house.events()).map(({ event }) => event)).toEqual(['ONAPPUNINSTALL'])
})

test('a key that opens nothing of the store is refused before anything is taken in, and with the right one all is as before', async () => {
  await open()
  await installApp(house)
  await house.side.stop()
  side.sealingKey = OTHER_KEY.toString('base64')
  await expect(house.restart()).rejects.toMatchObject({
    code: 'KEY_INVALID', message: `the store is sealed with the key ${keyIdOf(KEY)}; at hand is ${keyIdOf(OTHER_KEY)}`,
  })
  side.sealingKey = KEY.toString('base64')
  await house.restart()
  expect((await house.post({ event: 'ONAPPTEST', ts: '1', auth: auth() })).body).toMatchObject({ state: 'pending' })
  expect(await (await fetch(`${house.side.url}/api/audit/verify`)).json()).toMatchObject({ ok: true })
})

test('a store whose key is given up starts with another, and its portals come back as administrators open the app; a mistyped key is refused again', async () => {
  await open()
  await installApp(house)
  await house.side.stop()
  const store = await openSqliteStore(join(house.dataDir, 'portline.sqlite'))
  expect(await giveUpKeys(store, [])).toEqual([keyIdOf(KEY)])
  await store.close()
  side.sealingKey = OTHER_KEY.toString('base64')
  await house.restart()
  expect((await house.post({ event: 'ONAPPTEST', ts: '1', auth: auth() })).body).toMatchObject({ state: 'held' })
  await openInstaller()
  house.portal.control.finish(house.clientId)
  await house.portal.control.drain()
  await until(async () => ((await house.events({ event: 'ONAPPTEST', state: 'done' })).length === 1 ? true : undefined), 'the event that was held')
  await house.side.stop()
  side.sealingKey = Buffer.alloc(32, 3).toString('base64')
  await expect(house.restart()).rejects.toMatchObject({ code: 'KEY_INVALID' })
  side.sealingKey = OTHER_KEY.toString('base64')
  await house.restart()
})

test.each([
  ['those before and behind it are handled', 0],
  ['what the handler says of itself when it fails is about those that it was given', 1],
])('of a batch the event whose seal does not open is dead by itself; %s', async (_name, failures) => {
  let [isDown, failuresLeft] = [true, failures]
  const handled: string[] = []
  const app = defineApp({ name: 'sealed' }).onBatch('ONAPPTEST', ({ events }) => {
    if (isDown) throw new Error('not now')
    if (failuresLeft-- > 0) throw Object.assign(new Error('not yet'), { delivered: 2 })
    for (const { data } of events) handled.push(String(Object(data).token))
  }, { retryDelaysMs: [500, 500] })
  house = await openHouse({ app, side })
  await installApp(house)
  const ids: string[] = []
  for (const token of ['a', 'b', 'c']) ids.push((await house.post({ event: 'ONAPPTEST', ts: '1', data: { token }, auth: auth() })).body.id ?? '')
  await until(async () => ((await house.event(ids[0] ?? '')).attempts === 1 ? true : undefined), 'the first attempt')
  await flip('events', 'auth', `id = '${ids[1]}'`)
  isDown = false
  await house.restart()
  const ended = await until(async () => {
    const events = await Promise.all(ids.map((id) => house.event(id)))
    return events.every(({ state }) => state !== 'pending') ? events : undefined
  }, 'all three to end')
  expect(ended.map(({ state, reason }) => [state, reason])).toEqual([['done', null], ['dead', 'KEY_INVALID'], ['done', null]])
  expect(handled).toEqual(['a', 'c'])
})
