import { RetryLater, defineApp } from 'portline'
import type { App } from 'portline'
import { afterEach, expect, test } from 'vitest'
import { installApp, openHouse, until } from './support/house.ts'
import type { House } from './support/house.ts'

/** How an app has its events handed on: retries, what is final, parking, concurrency, batches. */
let house: House
let opened = false
afterEach(async () => {
  if (opened) await house.close()
  opened = false
})

async function houseOf(app: App): Promise<House> {
  house = await openHouse({ app })
  opened = true
  await installApp(house)
  return house
}

/** Posts events as the queue server does, one after another, and gives their ids. */
async function send(...numbers: number[]): Promise<string[]> {
  const { application_token } = house.portal.control.app(house.clientId)
  const ids: string[] = []
  for (const n of numbers) {
    const { status, body } = await house.post({ event: 'ONAPPTEST', data: { QUERY: { n: String(n) } }, ts: '1', auth: { member_id: house.portal.memberId, application_token } })
    expect(status).toBe(200)
    ids.push(body.id ?? '')
  }
  return ids
}

function numberIn(data: unknown): number {
  return Number((data as { QUERY: { n: string } }).QUERY.n)
}

const ended = (id: string) =>
  until(async () => {
    const event = await house.event(id)
    return event.state === 'done' || event.state === 'dead' ? event : undefined
  }, `${id} to end`)

test('a schedule of its own decides how often and when a handler is tried again', async () => {
  await houseOf(defineApp({ name: 'policies' }).on('ONAPPTEST', () => {
    throw new Error('never')
  }, { retryDelaysMs: [10, 20] }))
  const [id = ''] = await send(1)
  const event = await ended(id)
  expect(event).toMatchObject({ state: 'dead', reason: 'ATTEMPTS_EXHAUSTED', attempts: 3 })
  expect(event.attemptLog.map(({ error }) => error?.code)).toEqual(['HANDLER_FAILED', 'HANDLER_FAILED', 'HANDLER_FAILED'])
})

test('what the handler\'s own rule calls final is dead at once, and the lane goes on', async () => {
  class Unwanted extends Error {}
  await houseOf(defineApp({ name: 'policies' }).on('ONAPPTEST', ({ event }) => {
    if (numberIn(event.data) === 1) throw new Unwanted('not this one')
  }, { isFinal: (error) => error instanceof Unwanted }))
  const [first = '', second = ''] = await send(1, 2)
  expect(await ended(first)).toMatchObject({ state: 'dead', reason: 'HANDLER_FAILED', attempts: 1 })
  expect(await ended(second)).toMatchObject({ state: 'done' })
})

test('a rule that fails itself makes nothing final', async () => {
  await houseOf(defineApp({ name: 'policies' }).on('ONAPPTEST', () => {
    throw new Error('x')
  }, { retryDelaysMs: [1], isFinal: () => { throw new Error('the rule') } }))
  const [id = ''] = await send(1)
  expect(await ended(id)).toMatchObject({ reason: 'ATTEMPTS_EXHAUSTED', attempts: 2 })
})

test('a handler that asks for a later try is not tried before', async () => {
  const startedAtMs: number[] = []
  await houseOf(defineApp({ name: 'policies' }).on('ONAPPTEST', () => {
    startedAtMs.push(Date.now())
    if (startedAtMs.length === 1) throw new RetryLater(300, 'rate limit')
  }, { retryDelaysMs: [1] }))
  const [id = ''] = await send(1)
  expect(await ended(id)).toMatchObject({ state: 'done', attempts: 2 })
  expect((startedAtMs[1] ?? 0) - (startedAtMs[0] ?? 0)).toBeGreaterThanOrEqual(290)
})

test.each(['block', 'park'] as const)('a failing event of a handler that says %s does so to its lane', async (onFailure) => {
  const ran: string[] = []
  let failing = true
  const app = defineApp({ name: 'policies' }).on('ONAPPTEST', ({ event }) => {
    const n = numberIn(event.data)
    ran.push(`${n}`)
    if (n === 1 && failing) throw new Error('for a while')
  }, { onFailure, retryDelaysMs: Array.from({ length: 50 }, () => 40) })
  await houseOf(app)
  const [first = '', , third = ''] = await send(1, 2, 3)
  if (onFailure === 'park') {
    await ended(third)
    expect(ran.filter((n) => n !== '1')).toEqual(['2', '3'])
    expect(await house.event(first)).toMatchObject({ state: 'pending' })
  } else {
    await until(() => (ran.length >= 3 ? true : undefined), 'three tries')
    expect(new Set(ran)).toEqual(new Set(['1']))
  }
  failing = false
  expect(await ended(first)).toMatchObject({ state: 'done' })
  expect(await ended(third)).toMatchObject({ state: 'done' })
})

test('a batch handler is given what has gathered, in order; it is done together or fails together', async () => {
  const batches: number[][] = []
  let open: () => void = () => {}
  const gate = new Promise<void>((resolve) => (open = resolve))
  const app = defineApp({ name: 'policies' }).onBatch('ONAPPTEST', async ({ events }) => {
    batches.push(events.map(({ data }) => numberIn(data)))
    if (batches.length === 1) await gate
    if (batches.length === 2) throw new Error('once')
  }, { maxEvents: 4, retryDelaysMs: [1] })
  await houseOf(app)
  const ids = await send(1, 2, 3, 4, 5, 6)
  open()
  for (const id of ids) expect(await ended(id)).toMatchObject({ state: 'done' })
  expect(batches).toEqual([[1], [2, 3, 4, 5], [2, 3, 4, 5], [6]])
  expect(await house.event(ids[1] ?? '')).toMatchObject({ attempts: 2 })
})

test('options that make no sense are refused when the app is defined', () => {
  const wrong: object[] = [
    { timeoutMs: 0 }, { concurrency: 1.5 }, { retryDelaysMs: [-1] }, { retryDelaysMs: Array.from({ length: 101 }, () => 1) },
    { onFailure: 'explode' }, { maxEvents: 0 }, { unknown: true },
  ]
  for (const options of wrong) {
    expect(() => defineApp({ name: 'x' }).onBatch('ONAPPTEST', () => {}, options), JSON.stringify(options)).toThrow(/ONAPPTEST/)
  }
})
