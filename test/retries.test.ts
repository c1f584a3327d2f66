import { defineApp } from 'portline'
import type { EventDetail } from '@portline/cli/operator-api.ts'
import { afterEach, expect, test } from 'vitest'
import { installApp, openHouse, until } from './support/house.ts'
import type { House } from './support/house.ts'

/** An event that waits for its next try, and a person who has mended the cause. */
let house: House
let failing: boolean
let handled: string[]
afterEach(() => house.close())

const DAY_MS = 86_400_000

async function open(onFailure: 'block' | 'park' = 'block'): Promise<void> {
  failing = true
  handled = []
  const app = defineApp({ name: 'patient' })
    .on('ONCRMDEALADD', ({ event }) => {
      if (failing) throw new Error('not yet')
      handled.push(event.id)
    }, { retryDelaysMs: [DAY_MS, DAY_MS], ...(onFailure === 'park' ? { onFailure } : {}) })
    .on('ONCRMDEALUPDATE', ({ event }) => void handled.push(event.id))
  house = await openHouse({ app })
  await installApp(house)
}

async function post(event: string): Promise<string> {
  const { application_token } = house.portal.control.app(house.clientId)
  const { status, body } = await house.post({ event, data: { FIELDS: { ID: '1' } }, ts: '1700000000', auth: { member_id: house.portal.memberId, application_token } })
  expect(status).toBe(200)
  return body.id ?? ''
}

const detail = async (id: string) => (await (await fetch(`${house.side.url}/api/events/${id}`)).json()) as EventDetail
const tried = (id: string, attempts: number) =>
  until(async () => ((await detail(id)).attempts === attempts ? true : undefined), `attempt ${attempts} of ${id}`)

async function retry(id: string): Promise<{ status: number; body: unknown }> {
  const response = await fetch(`${house.side.url}/api/events/${id}/retry`, { method: 'POST' })
  return { status: response.status, body: await response.json() }
}

test('an event that holds up its portal is tried now, and those behind it follow', async () => {
  await open()
  const first = await post('ONCRMDEALADD')
  const second = await post('ONCRMDEALUPDATE')
  await tried(first, 1)
  expect((await detail(second)).waitsFor).toBe(first)
  expect((await detail(first)).waitsFor).toBeNull()
  failing = false
  expect(await retry(first)).toEqual({ status: 200, body: { id: first, state: 'pending' } })
  await until(() => (handled.length === 2 ? true : undefined), 'both events')
  expect(handled).toEqual([first, second])
  await until(async () => ((await detail(second)).state === 'done' ? true : undefined), 'the second to be recorded')
  expect([await detail(first), await detail(second)]).toMatchObject([
    { state: 'done', attempts: 2, replayedAt: null }, { waitsFor: null },
  ])
})

test('its attempts and its place in the retry schedule stay as they are', async () => {
  await open()
  const id = await post('ONCRMDEALADD')
  for (const attempt of [1, 2]) {
    await tried(id, attempt)
    expect((await detail(id)).dueAt).not.toBeNull()
    expect((await retry(id)).status).toBe(200)
  }
  await until(async () => ((await detail(id)).state === 'dead' ? true : undefined), 'the schedule to end')
  expect(await detail(id)).toMatchObject({ attempts: 3, reason: 'ATTEMPTS_EXHAUSTED' })
})

test('a parked event is tried now, too', async () => {
  await open('park')
  const id = await post('ONCRMDEALADD')
  await tried(id, 1)
  failing = false
  expect((await retry(id)).status).toBe(200)
  await until(() => (handled.includes(id) ? true : undefined), 'the parked event')
})

test('what does not wait for its next try is refused, and the answer says why', async () => {
  await open()
  const first = await post('ONCRMDEALADD')
  const second = await post('ONCRMDEALUPDATE')
  await tried(first, 1)
  const held = await house.post({ event: 'ONAPPTEST', auth: { member_id: 'stranger', application_token: 'x' } })
  const install = await house.settled('ONAPPINSTALL')
  const refused = (why: string) => ({ status: 409, body: { error: 'EVENT_NOT_WAITING', error_description: why } })
  expect(await retry(second)).toEqual(refused(`it waits for ${first}`))
  expect(await retry(held.body.id ?? '')).toEqual(refused('it is held'))
  expect(await retry(install.id)).toEqual(refused('it is done'))
  expect(await retry('nothing')).toMatchObject({ status: 404, body: { error: 'NOT_FOUND' } })
})
