import { expect, test } from 'vitest'
import type { QueueOptions } from './options.ts'
import type { TestWorld } from '../test-support/world.ts'
import { CLIENT_ID, events, field, installUiApp, startWorld } from '../test-support/world.ts'

async function worldWith(queue: Partial<QueueOptions>, codes = ['ONAPPTEST']): Promise<TestWorld> {
  const world = await startWorld({ queue: { maxDelayMs: 0, ...queue } })
  await installUiApp(world, codes)
  return world
}

function fire(world: TestWorld, count: number): void {
  for (let n = 0; n < count; n++) world.portal.control.fireEvent({ event: 'ONAPPTEST', client_id: CLIENT_ID, data: { n } })
}

function order(world: TestWorld): number[] {
  return events(world.receiver).map(({ form }) => Number(field(form, 'data', 'n')))
}

const IN_ORDER = Array.from({ length: 60 }, (_, index) => index)

test('one at a time, a category keeps its order, whatever its delays', async () => {
  const world = await worldWith({ concurrency: 1, minDelayMs: 0, maxDelayMs: 500 })
  fire(world, IN_ORDER.length)
  await world.settle()
  expect(order(world)).toEqual(IN_ORDER)
})

test('reorderRate lets some be overtaken, and loses none', async () => {
  const world = await worldWith({ concurrency: 1, reorderRate: 0.3, reorderMs: 400 })
  fire(world, IN_ORDER.length)
  for (let step = 0; step < 40; step++) {
    await world.portal.control.clock.advance(10)
    fire(world, 0)
  }
  await world.settle()
  expect(order(world)).not.toEqual(IN_ORDER)
  expect(order(world).sort((one, other) => one - other)).toEqual(IN_ORDER)
})

test('duplicateRate repeats some, byte for byte', async () => {
  const world = await worldWith({ concurrency: 1, duplicateRate: 0.3 })
  fire(world, IN_ORDER.length)
  await world.settle()
  const bodies = events(world.receiver).map(({ body }) => body)
  expect(new Set(bodies).size).toBe(IN_ORDER.length)
  expect(bodies.length).toBeGreaterThan(IN_ORDER.length + 5)
  const repeats = world.portal.control.deliveries().deliveries.filter(({ duplicate_of }) => duplicate_of !== null)
  expect(repeats).toHaveLength(bodies.length - IN_ORDER.length)
})

test('a slow app is called less and less often, and as before once it is quick again', async () => {
  const world = await worldWith({ throttle: { slowMs: 2_000, firstGapMs: 1_000, maxGapMs: 4_000 } })
  const calledAt: number[] = []
  let takesMs = 3_000
  world.receiver.onPost = async () => {
    calledAt.push(world.clock.now())
    await world.clock.advance(takesMs)
    if (calledAt.length === 8) takesMs = 0
  }
  fire(world, 16)
  await world.portal.control.clock.advance(3_600_000)
  expect(calledAt).toHaveLength(16)
  const gaps = calledAt.slice(4, 9).map((at, index) => at - (calledAt[index + 3] ?? 0))
  // What the answer takes, and a gap that grows to its limit.
  for (const [index, gap] of gaps.entries()) expect(gap).toBeGreaterThanOrEqual(index === 0 ? 1_000 : 4_000)
  expect(Math.max(...gaps)).toBeLessThanOrEqual(7_000)
  expect((calledAt[15] ?? 0) - (calledAt[14] ?? 0)).toBe(0)
})

test('without throttle a slow app is called as often as any', async () => {
  const world = await worldWith({ throttle: false, concurrency: 1 })
  const calledAt: number[] = []
  world.receiver.onPost = async () => {
    calledAt.push(world.clock.now())
    await world.clock.advance(6_000)
  }
  fire(world, 3)
  await world.portal.control.clock.advance(60_000)
  const [first = 0, second = 0, third = 0] = calledAt
  expect([second - first, third - second]).toEqual([6_000, 6_000])
})

test('when all sockets are taken the app that answers soonest is served before the slow one', async () => {
  const world = await worldWith({ maxConcurrent: 1, concurrency: 1, throttle: false })
  const slow = 'local.slow.1'
  await installUiApp(world, ['ONAPPTEST'], slow)
  const served: string[] = []
  world.receiver.onPost = async ({ form }) => {
    served.push(field(form, 'data', 'app'))
    if (served.at(-1) === 'slow') await world.clock.advance(1_000)
  }
  const fireFor = (clientId: string, app: string): void => {
    for (let n = 0; n < 4; n++) world.portal.control.fireEvent({ event: 'ONAPPTEST', client_id: clientId, data: { app, n } })
  }
  fireFor(slow, 'slow')
  fireFor(CLIENT_ID, 'quick')
  await world.settle()
  await world.portal.control.drain()
  // The slow one is found out by its first answer.
  expect(served.join(' ')).toBe('slow quick quick quick quick slow slow slow')
})

test('a burst travels over few connections, and every single event arrives', async () => {
  const world = await worldWith({})
  const ports = new Set<string>()
  world.receiver.onPost = ({ headers }) => {
    ports.add(String(headers.connection))
  }
  fire(world, 500)
  await world.portal.control.clock.advance(1_000)
  expect(order(world).sort((one, other) => one - other)).toEqual(Array.from({ length: 500 }, (_, index) => index))
  expect(ports).toEqual(new Set(['keep-alive', 'close']))
  expect(world.portal.control.deliveries({ limit: 1_000 }).deliveries.filter(({ outcome }) => outcome !== 200)).toEqual([])
})
