import { defineApp } from 'portline'
import type { AppEvent, DuplicateMode } from 'portline'
import { afterEach, expect, test } from 'vitest'
import { installApp, openHouse, until } from './support/house.ts'
import type { House } from './support/house.ts'

/** A delivery that comes twice: off, marked or dropped, and never lost. */
let house: House
let seen: AppEvent<string>[] = []
afterEach(() => house.close())

async function openWith(duplicates?: DuplicateMode): Promise<void> {
  seen = []
  const app = defineApp({ name: 'twice', ...(duplicates === undefined ? {} : { duplicates }) }).on('ONCRMDEALADD', ({ event }) => void seen.push(event))
  house = await openHouse({ app })
  await installApp(house)
}

function delivery(fields: { data?: object; ts?: string; handler?: string; access_token?: string } = {}): Parameters<House['post']>[0] {
  const { application_token } = house.portal.control.app(house.clientId)
  const { ts = '1700000000', handler = '7', data = { FIELDS: { ID: '1' } }, access_token = 'one' } = fields
  return { event: 'ONCRMDEALADD', event_handler_id: handler, data: data as Record<string, never>, ts, auth: { member_id: house.portal.memberId, application_token, access_token, user_id: '1' } }
}

async function post(fields?: Parameters<typeof delivery>[0]): Promise<{ id?: string; duplicateOf?: string; state?: string; reason?: string }> {
  const { status, body } = await house.post(delivery(fields))
  expect(status).toBe(200)
  return body
}

const handled = (count: number) => until(() => (seen.length === count ? true : undefined), `${count} events to be handled`)

test('an app that says nothing is handed every copy', async () => {
  await openWith()
  const [first, second] = [await post(), await post()]
  expect(second).not.toHaveProperty('duplicateOf')
  await handled(2)
  expect(seen.map(({ id }) => id)).toEqual([first.id, second.id])
  expect(seen[1]).not.toHaveProperty('duplicateOf')
})

test('mark: a repeat is handed on and says of what', async () => {
  await openWith('mark')
  const first = await post()
  const second = await post({ access_token: 'renewed' })
  expect(second).toMatchObject({ state: 'pending', duplicateOf: first.id })
  await handled(2)
  expect(seen.map(({ id, duplicateOf }) => [id, duplicateOf])).toEqual([[first.id, undefined], [second.id, first.id]])
  const record = await house.event(second.id ?? '')
  expect(record).toMatchObject({ duplicateOf: first.id, history: expect.arrayContaining([expect.objectContaining({ kind: 'duplicate', of: first.id })]) as unknown })
})

test('drop: a repeat is kept, answered 200 and not handed on; it can be replayed', async () => {
  await openWith('drop')
  const first = await post()
  const second = await post()
  expect(second).toMatchObject({ state: 'done', reason: 'DUPLICATE', duplicateOf: first.id })
  await post({ ts: '1700000001' })
  await handled(2)
  expect(seen.some(({ id }) => id === second.id)).toBe(false)
  expect(await house.event(second.id ?? '')).toMatchObject({ state: 'done', reason: 'DUPLICATE', attempts: 0, data: { FIELDS: { ID: '1' } } })
  await fetch(`${house.side.url}/api/events/${second.id}/replay`, { method: 'POST' })
  await handled(3)
  expect(seen.at(-1)?.id).toBe(second.id)
})

test('what differs in anything but its tokens is no repeat', async () => {
  await openWith('drop')
  for (const fields of [{}, { ts: '1700000001' }, { handler: '8' }, { data: { FIELDS: { ID: '2' } } }]) await post(fields)
  await handled(4)
})

test('of many copies at once exactly one is handed on', async () => {
  await openWith('drop')
  const answers = await Promise.all(Array.from({ length: 40 }, () => post()))
  const firsts = answers.filter(({ duplicateOf }) => duplicateOf === undefined)
  expect(firsts).toHaveLength(1)
  expect(new Set(answers.map(({ id }) => id)).size).toBe(40)
  expect(answers.filter(({ duplicateOf }) => duplicateOf === firsts[0]?.id)).toHaveLength(39)
  await handled(1)
  expect(await house.events({ event: 'ONCRMDEALADD' })).toHaveLength(40)
})

test('a restart does not forget what was received before it', async () => {
  await openWith('drop')
  const first = await post()
  await handled(1)
  await house.restart()
  expect(await post()).toMatchObject({ reason: 'DUPLICATE', duplicateOf: first.id })
})

test('a forgery cannot claim a fingerprint: what is not proven is remembered by nobody', async () => {
  await openWith('drop')
  const forged = { ...(delivery() as object), auth: { member_id: house.portal.memberId, application_token: 'guessed' } }
  expect((await house.post(forged as Parameters<House['post']>[0])).status).toBe(403)
  expect(await post()).toMatchObject({ state: 'pending' })
  await handled(1)
})
