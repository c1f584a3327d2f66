import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { VirtualClock } from '@portline/runtime/clock.ts'
import { silentLog } from '@portline/runtime/log.ts'
import { CodedError } from '@portline/wire/errors.ts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { DRAIN_MS, LANE_BATCH_EVENTS, LANE_FAILED_EVENTS, LANE_LEASE_MS, LANE_SWEEP_MS, LANE_TURN_EVENTS } from '../limits.ts'
import type { Settlement } from '../store/lanes.ts'
import type { NewEvent, PortalKey, Store } from '../store/port.ts'
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts'
import type { QueuedEvent } from './lane.ts'
import { Lanes } from './lanes.ts'

/** Lanes over a real store, under a clock that moves only when told. */
const A = { app: 'hello', memberId: 'a' }
const B = { app: 'hello', memberId: 'b' }

let folder: string
let store: Store
let clock: VirtualClock
let lanes: Lanes
let ran: string[]
/** How an event ends; done when nothing is said. A promise keeps it running. */
let outcome: Map<string, () => Settlement['state'] | Promise<Settlement['state']>>
const DUE_AFTER_MS = 1_000
/** Whether there is room for a lane's head. */
let standBy: (queue: readonly QueuedEvent[]) => Promise<void> | undefined

async function run([queued]: readonly QueuedEvent[]): Promise<Settlement[]> {
  if (queued === undefined) return []
  const { event } = queued
  ran.push(event.id)
  const state = (await outcome.get(event.id)?.()) ?? 'done'
  const atMs = clock.now()
  const attempt = { n: event.attempts + 1, startedAtMs: atMs, durationMs: 0, outcome: state === 'done' ? 'done' as const : 'failed' as const, calls: [], notes: [] }
  return [{ id: event.id, seq: event.seq, attempt, state, atMs, ...(state === 'pending' ? { dueAtMs: atMs + DUE_AFTER_MS } : {}) }]
}

function makeLanes(owner = 'me', over: Partial<Store> = {}): Lanes {
  return new Lanes({ store: { ...store, ...over }, clock, log: silentLog, owner, run, together: () => 1, standBy, onSettled: () => {} })
}

function eventOf(portal: PortalKey, id: string): NewEvent {
  return { ...portal, id, code: 'X', auth: new Uint8Array(), generation: 1, state: 'pending', proof: 'application_token', receivedAtMs: 1 }
}

async function append(portal: PortalKey, ...ids: string[]): Promise<void> {
  await store.appendEvents({ events: ids.map((id) => eventOf(portal, id)) })
}

/** Lets the store's thread and the lanes work until the condition holds; virtual time stands still. */
async function soon(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let round = 0; round < 5_000; round++) {
    if (await holds()) return
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  throw new Error(`never: ${holds.toString()}; ran ${ran.join()}`)
}

async function isEnded(id: string): Promise<boolean> {
  const event = await store.event(id)
  return event?.state === 'done' || event?.state === 'dead'
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portline-lanes-'))
  store = await openSqliteStore(join(folder, 'store.sqlite'))
  clock = new VirtualClock()
  ran = []
  outcome = new Map()
  standBy = () => undefined
  lanes = makeLanes()
})
afterEach(async () => {
  await lanes.stop()
  await store.close()
  await rm(folder, { recursive: true })
})

test('a lane runs its events in order, one at a time', async () => {
  const ids = Array.from({ length: 200 }, (_, index) => `a${String(index).padStart(3, '0')}`)
  let running = 0
  for (const id of ids) {
    outcome.set(id, async () => {
      running += 1
      expect(running).toBe(1)
      await Promise.resolve()
      running -= 1
      return 'done' as const
    })
  }
  await append(A, ...ids)
  lanes.wake(A)
  await soon(() => isEnded('a199'))
  expect(ran).toEqual(ids)
})

test('a failed event holds back those behind it until it has had its next try', async () => {
  await append(A, 'a1', 'a2')
  outcome.set('a1', () => (ran.length > 1 ? 'done' : 'pending'))
  lanes.wake(A)
  await soon(async () => (await store.event('a1'))?.attempts === 1)
  await clock.advance(DUE_AFTER_MS - 1)
  expect(ran).toEqual(['a1'])
  await clock.advance(1)
  await soon(() => isEnded('a2'))
  expect(ran).toEqual(['a1', 'a1', 'a2'])
})

test('of a lane that has failed little is read until it goes on again', async () => {
  const asked: number[] = []
  lanes = makeLanes('me', {
    leaseLane: (portal, lease) => {
      asked.push(lease.maxEvents)
      return store.leaseLane(portal, lease)
    },
  })
  const ids = Array.from({ length: 300 }, (_, index) => `a${String(index).padStart(3, '0')}`)
  await append(A, ...ids)
  outcome.set('a000', () => (ran.length > 2 ? 'done' : 'pending'))
  lanes.wake(A)
  for (const tries of [1, 2]) {
    await soon(async () => (await store.event('a000'))?.attempts === tries)
    await clock.advance(DUE_AFTER_MS)
  }
  await soon(() => isEnded('a299'))
  expect(ran).toEqual(['a000', 'a000', ...ids])
  expect(asked).toEqual([LANE_TURN_EVENTS, LANE_FAILED_EVENTS, LANE_FAILED_EVENTS, 32, 128, LANE_BATCH_EVENTS])
})

test('another portal goes on meanwhile', async () => {
  await append(A, 'a1', 'a2')
  await append(B, 'b1', 'b2')
  outcome.set('a1', () => 'pending')
  lanes.wake(A)
  lanes.wake(B)
  await soon(() => isEnded('b2'))
  expect(ran.filter((id) => id !== 'a1')).toEqual(['b1', 'b2'])
})

test('a dead event lets its lane go on', async () => {
  await append(A, 'a1', 'a2')
  outcome.set('a1', () => 'dead')
  lanes.wake(A)
  await soon(() => isEnded('a2'))
  expect((await store.event('a1'))?.state).toBe('dead')
})

test('an event that comes while its lane is running is not forgotten', async () => {
  await append(A, 'a1')
  let finish: (state: Settlement['state']) => void = () => {}
  outcome.set('a1', () => new Promise((resolve) => (finish = resolve)))
  lanes.wake(A)
  await soon(() => ran.length === 1)
  await append(A, 'a2')
  lanes.wake(A)
  finish('done')
  await soon(() => isEnded('a2'))
  expect(ran).toEqual(['a1', 'a2'])
})

test('a hastened lane does not wait for its time', async () => {
  await append(A, 'a1', 'a2')
  outcome.set('a1', () => (ran.length > 1 ? 'dead' : 'pending'))
  lanes.wake(A)
  await soon(async () => (await store.event('a1'))?.attempts === 1)
  await store.hastenLane(A)
  lanes.wake(A)
  await soon(() => isEnded('a2'))
})

test('start takes up what a former process left, due or not', async () => {
  await append(A, 'a1')
  await append(B, 'b1')
  await lanes.start()
  await soon(async () => (await isEnded('a1')) && isEnded('b1'))
})

test('a lane leased by another process is left alone until the lease ends', async () => {
  await append(A, 'a1')
  await store.leaseLane(A, { owner: 'other', nowMs: clock.now(), untilMs: clock.now() + 5_000, maxEvents: 1, maxBytes: 1 })
  await lanes.start()
  await soon(async () => (await store.dueLanes(clock.now(), 1)).nextDueAtMs !== undefined)
  await new Promise((resolve) => setTimeout(resolve, 20))
  expect(ran).toEqual([])
  await clock.advance(5_000)
  await soon(() => isEnded('a1'))
})

test('a lane that nobody woke is found by the sweep', async () => {
  await lanes.start()
  await append(A, 'a1')
  await clock.advance(LANE_SWEEP_MS)
  await soon(() => isEnded('a1'))
})

test('a store that fails for a while stops nothing for good', async () => {
  await append(A, 'a1')
  let failing = true
  lanes = makeLanes('me', {
    settle: (...args) => (failing ? Promise.reject(new CodedError('STORE_UNAVAILABLE')) : store.settle(...args)),
  })
  lanes.wake(A)
  await soon(() => ran.length === 1)
  failing = false
  for (let second = 0; second < 5 && !(await isEnded('a1')); second++) {
    await new Promise((resolve) => setTimeout(resolve, 20))
    await clock.advance(1_000)
  }
  await soon(() => isEnded('a1'))
})

test('stop waits for the running event and starts no other', async () => {
  await append(A, 'a1', 'a2')
  let finish: (state: Settlement['state']) => void = () => {}
  outcome.set('a1', () => new Promise((resolve) => (finish = resolve)))
  lanes.wake(A)
  await soon(() => ran.length === 1)
  const stopped = lanes.stop()
  finish('done')
  await stopped
  expect(ran).toEqual(['a1'])
  expect((await store.event('a1'))?.state).toBe('done')
  expect((await store.event('a2'))?.state).toBe('pending')
})

test('a stop does not wait for ever for a handler that never ends; its event is run again after the next start', async () => {
  await append(A, 'a1')
  outcome.set('a1', () => (ran.length > 1 ? 'done' : new Promise(() => {})))
  lanes.wake(A)
  await soon(() => ran.length === 1)
  const stopped = lanes.stop()
  await clock.advance(DRAIN_MS)
  await stopped
  expect((await store.event('a1'))?.state).toBe('pending')
  await clock.advance(LANE_LEASE_MS)
  lanes = makeLanes('next')
  await lanes.start()
  await soon(() => isEnded('a1'))
})

test('a lane that another process has taken over runs nothing of it here', async () => {
  await append(A, 'a1', 'a2')
  let finish: (state: Settlement['state']) => void = () => {}
  outcome.set('a1', () => new Promise((resolve) => (finish = resolve)))
  lanes.wake(A)
  await soon(() => ran.length === 1)
  const late = { owner: 'other', nowMs: clock.now() + LANE_LEASE_MS, untilMs: clock.now() + 3 * LANE_LEASE_MS, maxEvents: 9, maxBytes: 9_000 }
  expect(await store.leaseLane(A, late)).toMatchObject({ kind: 'leased', events: [{ id: 'a1' }, { id: 'a2' }] })
  finish('done')
  await soon(async () => (await store.dueLanes(clock.now(), 1)).nextDueAtMs !== undefined)
  await lanes.stop()
  expect(await store.event('a1')).toMatchObject({ state: 'pending', attempts: 0 })
})

test('a lane that became due while the store was saying that it was not runs at once', async () => {
  await append(A, 'a1')
  let asked = 0
  lanes = makeLanes('me', {
    leaseLane: (...args) => (asked++ === 0 ? Promise.resolve({ kind: 'wait', untilMs: clock.now() }) : store.leaseLane(...args)),
  })
  lanes.wake(A)
  await soon(() => isEnded('a1'))
})

test('an event that comes while its lane waits for the disk before it looks into the store runs once', async () => {
  let write: () => void = () => {}
  const slow = new Promise<void>((resolve) => (write = resolve))
  lanes = makeLanes('me', { settle: (...args) => slow.then(() => store.settle(...args)) })
  await append(A, 'a1')
  lanes.wake(A)
  await soon(() => ran.length === 1)
  lanes.wake(A)
  await soon(() => new Promise((resolve) => setTimeout(() => resolve(true), 5)))
  const event = eventOf(A, 'a2')
  const [appended] = await store.appendEvents({ events: [event], lease: { ...lanes.lease(), wanted: [true] } })
  expect(appended?.leased).toBe(true)
  lanes.appended({ event: { ...event, seq: appended?.seq ?? 0, attempts: 0 }, parts: { auth: {} }, bytes: 1 }, true)
  write()
  await soon(() => isEnded('a2'))
  await append(A, 'a3')
  lanes.wake(A)
  await soon(() => isEnded('a3'))
  expect(ran).toEqual(['a1', 'a2', 'a3'])
})
