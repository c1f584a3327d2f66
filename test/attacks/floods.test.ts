import { stat } from 'node:fs/promises'
import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { join } from 'node:path'
import { FORM_LIMITS } from '@portline/wire/form/limits.ts'
import { defineApp } from 'portline'
import { BODIES_BYTES, HELD_BYTES_PER_PORTAL, HELD_EVENTS_PER_APP, HELD_PROVABLE_PER_APP, HELD_PROVABLE_PER_PORTAL } from 'portline/limits.ts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { Weather, forged, from } from '../support/attacker.ts'
import { installApp, openHouse, until } from '../support/house.ts'
import type { House } from '../support/house.ts'

/** Many who belong to nobody must not keep out those who belong. */
let house: House
let weather: Weather

beforeEach(async () => {
  weather = new Weather()
  const app = defineApp({ name: 'shop' }).on('ONAPPTEST', () => {}).on('ONAPPINSTALL', () => {})
  house = await openHouse({ app, ui: false, side: { network: weather, senders: { trustedProxies: ['127.0.0.1'] } } })
})
afterEach(async () => {
  weather.clear()
  await house.close()
})

const ATTACKER = from('198.51.100.7')
const ANOTHER = from('198.51.100.8')
let invented = 0

/** An install with tokens that nobody gave out, which looks as if it could be proven. */
function inventedInstall(member_id: string) {
  invented += 1
  const access_token = String(invented).padStart(70, '0')
  const server_endpoint = `${house.portal.oauthUrl}/rest/`
  return forged('ONAPPINSTALL', { member_id, application_token: `chosen ${invented}`, access_token, refresh_token: 'r', expires: '9999999999', server_endpoint })
}

async function inParallel<Result>(times: number, width: number, task: (index: number) => Promise<Result>): Promise<Result[]> {
  const results: Result[] = []
  let next = 0
  const worker = async (): Promise<void> => {
    for (let index = next++; index < times; index = next++) results.push(await task(index))
  }
  await Promise.all(Array.from({ length: width }, worker))
  return results
}

function count(answers: readonly { status: number }[], status: number): number {
  return answers.filter((answer) => answer.status === status).length
}

/** Which of the questions to the authorization server was about the true install. */
function placeOfTrueQuestion(): number {
  const questions = weather.sent.filter(({ url }) => url.endsWith('app.info'))
  return questions.findIndex(({ form }) => !form['auth']?.startsWith('0000'))
}

test('installs with invented tokens in a portal\'s name do not keep its true install out, nor make it wait for all of them', async () => {
  weather.jam()
  const { memberId } = house.portal
  const one = await inParallel(HELD_PROVABLE_PER_PORTAL, HELD_PROVABLE_PER_PORTAL, () => house.post(inventedInstall(memberId), ATTACKER))
  expect([count(one, 200), count(one, 403)]).toEqual([HELD_PROVABLE_PER_PORTAL / 2, HELD_PROVABLE_PER_PORTAL / 2])
  const other = await inParallel(HELD_PROVABLE_PER_PORTAL, HELD_PROVABLE_PER_PORTAL, () => house.post(inventedInstall(memberId), ANOTHER))
  expect(count(other, 200)).toBe(HELD_PROVABLE_PER_PORTAL / 5)
  await house.portal.control.install(house.clientId)
  await house.portal.control.drain()
  expect(await house.events({ portal: memberId, state: 'held' })).toHaveLength(HELD_PROVABLE_PER_PORTAL / 2 + HELD_PROVABLE_PER_PORTAL / 5 + 1)
  weather.clear()
  await until(async () => ((await house.events({ state: 'done', event: 'ONAPPINSTALL' })).length === 1 ? true : undefined), 'the true install')
  // One of each attacker comes before it, once or twice; 28 are held.
  expect(placeOfTrueQuestion()).toBeLessThan(6)
  expect(await house.installation()).toMatchObject({ status: 'active', accounts: [{ state: 'live' }] })
  await until(async () => ((await house.events({ state: 'held' })).length === 0 ? true : undefined), 'the forged ones to be refused')
})

test('installs in the names of invented portals do not keep a true one out, nor make it wait for all of them', async () => {
  weather.jam()
  const half = HELD_PROVABLE_PER_APP / 2
  const answers = await inParallel(half + 50, 600, (index) => house.post(inventedInstall(`invented-${index}`), ATTACKER))
  expect([count(answers, 200), count(answers, 403)]).toEqual([half, 50])
  await house.portal.control.install(house.clientId)
  await house.portal.control.drain()
  weather.clear()
  await until(async () => ((await house.events({ state: 'done', event: 'ONAPPINSTALL' })).length === 1 ? true : undefined), 'the true install')
  // Eight are on their way when it comes, and eight at most get a turn before it.
  expect(placeOfTrueQuestion()).toBeLessThan(20)
})

test('a token that was refused is not asked about again, and leaves nothing on the disk', async () => {
  const install = inventedInstall(house.portal.memberId)
  expect(await house.post(install, ATTACKER)).toMatchObject({ status: 403, body: { error: 'PROOF_REFUSED' } })
  const [asked, kept] = [weather.sent.length, (await house.events()).length]
  const repeats = await inParallel(100, 10, () => house.post({ ...install, auth: { ...install.auth, application_token: `chosen ${++invented}` } }, ATTACKER))
  expect(repeats.every(({ status, body }) => status === 403 && body.error === 'PROOF_REFUSED')).toBe(true)
  expect([weather.sent.length, (await house.events()).length]).toEqual([asked, kept])
})

test('a flood of unknown portals is bounded in memory and on disk, and known portals keep being answered', async () => {
  await installApp(house)
  const { application_token } = house.portal.control.app(house.clientId)
  const known = { event: 'ONAPPTEST', auth: { member_id: house.portal.memberId, application_token } }
  const flood = inParallel(HELD_EVENTS_PER_APP / 2 + 500, 50, (index) =>
    house.post(forged('ONAPPTEST', { member_id: `unknown-${index}`, application_token: 'x' }), ATTACKER),
  )
  const own: number[] = []
  for (let n = 0; n < 50; n++) own.push((await house.post(known)).status)
  const answers = await flood
  expect([count(answers, 200), count(answers, 403)]).toEqual([HELD_EVENTS_PER_APP / 2, 500])
  expect(own.every((status) => status === 200)).toBe(true)
  await until(async () => ((await house.events({ event: 'ONAPPTEST', state: 'done', portal: house.portal.memberId })).length === 50 ? true : undefined), 'its events')
  const before = await storeBytes()
  await inParallel(2_000, 50, (index) => house.post(forged('ONAPPTEST', { member_id: `more-${index}`, application_token: 'x' }), ATTACKER))
  // Of what is refused there are samples, a few a minute.
  expect((await storeBytes()) - before).toBeLessThan(1_000_000)
  expect((await house.post(forged('ONAPPTEST', { member_id: 'somebody-new', application_token: 'x' }))).body).toMatchObject({ state: 'held' })
})

async function storeBytes(): Promise<number> {
  const sizes = await Promise.all(['portline.sqlite', 'portline.sqlite-wal'].map((file) => stat(join(house.dataDir, file))))
  return sizes.reduce((sum, { size }) => sum + size, 0)
}

test('held events are limited by their bytes too', async () => {
  const big = (member_id: string) => ({ ...forged('ONAPPTEST', { member_id, application_token: 'x' }), data: { TEXT: 'x'.repeat(900_000) } })
  const answers: number[] = []
  for (let n = 0; n < 6; n++) answers.push((await house.post(big('heavy'), ATTACKER)).status)
  const taken = count(answers.map((status) => ({ status })), 200)
  expect(taken).toBe(Math.floor(HELD_BYTES_PER_PORTAL / 900_000 / 2))
  expect(answers.slice(taken).every((status) => status === 403)).toBe(true)
  expect((await house.post(forged('ONAPPTEST', { member_id: 'heavy', application_token: 'x' }), ANOTHER)).status).toBe(200)
  // What could be proven has a room of its own, and a small one: a true install has a few hundred bytes.
  const install = inventedInstall('heavy')
  expect(await house.post({ ...install, data: { TEXT: 'x'.repeat(300_000) } }, ATTACKER)).toMatchObject({ status: 403, body: { error: 'PORTAL_UNKNOWN' } })
})

test('what held events take is counted anew after a restart', async () => {
  const big = { ...forged('ONAPPTEST', { member_id: 'heavy', application_token: 'x' }), data: { TEXT: 'x'.repeat(900_000) } }
  for (let n = 0; n < 2; n++) expect((await house.post(big, ATTACKER)).status).toBe(200)
  await house.restart()
  expect((await house.post(big, ATTACKER)).status).toBe(200)
  expect((await house.post(big, ATTACKER)).status).toBe(403)
})

/** A body of the largest size with nothing missing but its last byte, and what is answered to it meanwhile. */
function sendAlmost(address: string, to: 'events' | 'install'): { readonly socket: Socket; answer: string } {
  const { hostname, port } = new URL(house.side.url)
  const line = { socket: connect(Number(port), hostname), answer: '' }
  line.socket.on('error', () => {}).on('data', (chunk: Buffer) => (line.answer += chunk.toString()))
  const head = `host: x\r\nx-forwarded-for: ${address}\r\ncontent-type: application/x-www-form-urlencoded\r\ncontent-length: ${FORM_LIMITS.maxBodyBytes}`
  line.socket.write(`POST /apps/shop/${to} HTTP/1.1\r\n${head}\r\n\r\n${'x'.repeat(FORM_LIMITS.maxBodyBytes - 1)}`)
  return line
}

test('bodies that never end take so much memory and no more, and one sender leaves room for the bodies of others', async () => {
  const half = BODIES_BYTES / FORM_LIMITS.maxBodyBytes / 2
  const lines = Array.from({ length: half + 10 }, (_each, n) => sendAlmost('198.51.100.7', n % 2 === 0 ? 'events' : 'install'))
  await until(() => (lines.filter(({ answer }) => answer !== '').length >= 10 ? true : undefined), 'what is beyond its part to be refused')
  const refused = lines.filter(({ answer }) => answer !== '')
  expect(refused.every(({ answer }) => answer.startsWith('HTTP/1.1 503 ') && answer.includes('TOO_MANY_BODIES'))).toBe(true)
  const big = (member_id: string) => ({ ...forged('ONAPPTEST', { member_id, application_token: 'x' }), data: { TEXT: 'x'.repeat(900_000) } })
  expect(await house.post(big('one'), ATTACKER)).toMatchObject({ status: 503, body: { error: 'TOO_MANY_BODIES' } })
  expect(await house.post(big('two'), ANOTHER)).toMatchObject({ status: 200, body: { state: 'held' } })
  // The usual event comes whole in one piece, and takes no room.
  expect((await house.post(forged('ONAPPTEST', { member_id: 'three', application_token: 'x' }), ATTACKER)).status).toBe(200)
  for (const { socket } of lines) socket.destroy()
  await until(async () => ((await house.post(big('four'), ATTACKER)).status === 200 ? true : undefined), 'the room to be free again')
})
