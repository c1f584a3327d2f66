import { VirtualClock } from '@portline/runtime/clock.ts'
import { defineApp } from 'portline'
import { SENDER_NODES_MIN_MS, SENDER_NODES_POLL_MS, SENDER_NODES_STALE_MS } from 'portline/limits.ts'
import { startTinyServer } from 'portline/test-support/tiny-auth-server.ts'
import type { TinyServer } from 'portline/test-support/tiny-auth-server.ts'
import type { Log } from '@portline/runtime/log.ts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { forged, from } from '../support/attacker.ts'
import { installApp, openHouse, until } from '../support/house.ts'
import type { House } from '../support/house.ts'

/** Senders' addresses against the list that the platform publishes. */
const LISTED = '203.0.113.10'
const IN_NETWORK = '198.51.100.77'
const STRANGER = '192.0.2.66'
let house: House
let list: TinyServer
let clock: VirtualClock
let nodes: unknown
let warned: object[]

beforeEach(async () => {
  nodes = ['127.0.0.1', LISTED, '198.51.100.0/24', 'nonsense', 7]
  warned = []
  clock = new VirtualClock(Date.now())
  list = await startTinyServer(() => (nodes === undefined ? 'reset' : { json: { nodes } }))
})
afterEach(async () => {
  await house.close()
  await list.close()
})

async function open(mode: 'warn' | 'enforce'): Promise<void> {
  const write = (fields: object): void => void warned.push(fields)
  const log: Log = { debug: () => {}, info: () => {}, warn: write, error: write }
  house = await openHouse({
    app: defineApp({ name: 'shop' }).on('ONAPPTEST', () => {}), portal: { clock, queue: { minDelayMs: 0, maxDelayMs: 0 } },
    side: { clock, log, senders: { trustedProxies: ['127.0.0.1'], nodes: { mode, url: `${list.origin}/webhook/app-world.json` } } },
  })
}

async function asked(times: number): Promise<void> {
  await until(() => (list.asked.length >= times ? true : undefined), `the list to be asked for ${times} times`)
  // Its answer is read a moment later.
  await house.post(forged('ONAPPTEST', { member_id: 'm', application_token: 'x' }), from(LISTED))
}

const event = () => forged('ONAPPTEST', { member_id: house.portal.memberId, application_token: house.portal.control.app(house.clientId).application_token })
const code = async (address: string) => (await house.post(event(), from(address))).body.error

/** Nobody who is refused waits for a list that was asked for a moment ago. */
async function refused(address: string): Promise<void> {
  await until(async () => ((await code(address)) === 'SENDER_UNKNOWN' ? true : undefined), `${address} to be refused`)
}

test('enforced, an address that is not listed is refused with a code, and counted; listed ones and networks are heard', async () => {
  await open('enforce')
  await asked(1)
  await installApp(house)
  await refused(STRANGER)
  expect([await code(LISTED), await code(IN_NETWORK)]).toEqual([undefined, undefined])
  const { counts } = (await (await fetch(`${house.side.url}/api/refusals`)).json()) as { counts: Record<string, number> }
  expect(counts['SENDER_UNKNOWN']).toBeGreaterThan(0)
})

test('to be heard as a listed address by writing it into X-Forwarded-For takes a trusted proxy', async () => {
  await open('enforce')
  await asked(1)
  await refused(`${LISTED}, ${STRANGER}`)
  await refused(STRANGER)
})

test('with warn everybody is heard, and the log names the stranger, once a minute at most', async () => {
  await open('warn')
  await asked(1)
  await installApp(house)
  for (let n = 0; n < 5; n++) expect(await code(STRANGER)).toBeUndefined()
  const about = warned.filter((fields) => 'address' in fields && fields.address === STRANGER)
  expect(about).toMatchObject([{ code: 'SENDER_UNKNOWN' }])
})

test('a new address is heard at once: the list is fetched again before it is refused, and never more than once a minute', async () => {
  await open('enforce')
  await asked(1)
  await refused(STRANGER)
  nodes = ['127.0.0.1', STRANGER]
  const before = list.asked.length
  await refused(STRANGER)
  expect(list.asked.length).toBe(before)
  await clock.advance(SENDER_NODES_MIN_MS)
  expect((await house.post(event(), from(STRANGER))).body.error).not.toBe('SENDER_UNKNOWN')
  expect(list.asked.length).toBe(before + 1)
  for (let n = 0; n < 20; n++) await house.post(event(), from('192.0.2.99'))
  expect(list.asked.length).toBe(before + 1)
})

test.each([['nothing', undefined], ['an empty list', []], ['something else', { a: 1 }]])('%s instead of a list locks nobody out', async (_name, answer) => {
  nodes = answer
  await open('enforce')
  await until(() => (warned.some((fields) => 'code' in fields && fields.code === 'SENDER_LIST_UNAVAILABLE') ? true : undefined), 'the warning')
  expect(await code(STRANGER)).not.toBe('SENDER_UNKNOWN')
})

test('the last list is kept over a restart and enforced for an hour; then nobody is refused by it', async () => {
  await open('enforce')
  await asked(1)
  await refused(STRANGER)
  nodes = undefined
  await house.restart()
  await refused(STRANGER)
  expect((await house.post(event(), from(LISTED))).body.error).not.toBe('SENDER_UNKNOWN')
  await clock.advance(SENDER_NODES_STALE_MS)
  expect(await code(STRANGER)).not.toBe('SENDER_UNKNOWN')
  nodes = ['127.0.0.1']
  await clock.advance(SENDER_NODES_POLL_MS)
  await refused(STRANGER)
})
