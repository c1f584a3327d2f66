import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { VirtualClock } from '@portline/runtime/clock.ts'
import { silentLog } from '@portline/runtime/log.ts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { LANE_BATCH_BYTES, LANE_BATCH_EVENTS, LANE_TURN_EVENTS, QUEUED_BYTES } from '../limits.ts'
import type { Settlement } from '../store/lanes.ts'
import type { PortalKey, Store } from '../store/port.ts'
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts'
import type { QueuedEvent } from './lane.ts'
import { Lanes } from './lanes.ts'

/** What lanes keep in memory of events that they have leased from a real store. */
const NEWCOMER = { app: 'hello', memberId: 'newcomer' }
const EVENT_BYTES = 65_536
const EVENTS_PER_BATCH = LANE_BATCH_BYTES / EVENT_BYTES
/** The head runs and no longer waits: of this many lanes, each with one batch, the others just fit. */
const LANES_THAT_FIT = Math.floor(QUEUED_BYTES / (LANE_BATCH_BYTES - EVENT_BYTES))

let folder: string
let store: Store
let lanes: Lanes
let ran: string[]
/** How many events each lease asked for. */
let asked: number[]
/** What an event comes to; a promise keeps it running. */
let outcomeOf: (id: string) => Settlement['state'] | Promise<Settlement['state']>
/** Ends all that is kept running. */
let endings: ((state: Settlement['state']) => void)[]

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portline-lanes-memory-'))
  store = await openSqliteStore(join(folder, 'store.sqlite'))
  const clock = new VirtualClock()
  ran = []
  asked = []
  outcomeOf = () => 'done'
  endings = []
  const run = async ([queued]: readonly QueuedEvent[]): Promise<Settlement[]> => {
    if (queued === undefined) return []
    const { id, seq, attempts } = queued.event
    ran.push(id)
    const state = await outcomeOf(id)
    const atMs = clock.now()
    const attempt = { n: attempts + 1, startedAtMs: atMs, durationMs: 0, outcome: state === 'done' ? 'done' as const : 'failed' as const, calls: [], notes: [] }
    return [{ id, seq, attempt, state, atMs, ...(state === 'pending' ? { dueAtMs: atMs + 1_000 } : {}) }]
  }
  const leaseLane: Store['leaseLane'] = (portal, request) => {
    asked.push(request.maxEvents)
    return store.leaseLane(portal, request)
  }
  lanes = new Lanes({
    store: { ...store, leaseLane }, clock, log: silentLog, owner: 'me', run, together: () => 1, standBy: () => undefined, onSettled: () => {},
  })
})
afterEach(async () => {
  endAll('done')
  await lanes.stop()
  await store.close()
  await rm(folder, { recursive: true })
})

async function append(portal: PortalKey, ids: readonly string[], bytes: number): Promise<void> {
  await store.appendEvents({
    events: ids.map((id) => ({
      ...portal, id, code: 'X', auth: new Uint8Array(bytes), generation: 1, state: 'pending', proof: 'application_token', receivedAtMs: 1,
    })),
  })
}

/** Lets the store's thread and the lanes work until the condition holds; virtual time stands still. */
async function soon(holds: () => boolean | Promise<boolean>): Promise<void> {
  for (let round = 0; round < 20_000; round++) {
    if (await holds()) return
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  throw new Error(`never: ${holds.toString()}; ${ran.length} ran`)
}

/** Starts a lane with a full batch; its head is running, and the others wait in memory. */
async function fillLane(round: string, lane: number): Promise<string[]> {
  const portal = { app: 'hello', memberId: `${round}-${lane}` }
  const ids = Array.from({ length: EVENTS_PER_BATCH }, (_, index) => `${portal.memberId}-${String(index).padStart(2, '0')}`)
  await append(portal, ids, EVENT_BYTES)
  const before = ran.length
  lanes.wake(portal)
  await soon(() => ran.length === before + 1)
  return ids
}

/** What is running until its ending, the newest of `endings`, is called. */
function kept(): Promise<Settlement['state']> {
  return new Promise((resolve) => endings.push(resolve))
}

function endAll(state: Settlement['state']): void {
  for (const end of endings) end(state)
}

/** Lanes behind heads that run until `endAll` says what they come to, one lane more than fit; the ids of all their events. */
async function fillMemory(round: string): Promise<string[]> {
  const ended = kept()
  outcomeOf = () => ended
  const ids: string[] = []
  for (let lane = 0; lane < LANES_THAT_FIT; lane++) ids.push(...(await fillLane(round, lane)))
  expect(lanes.wants(NEWCOMER)).toBe(true)
  ids.push(...(await fillLane(round, LANES_THAT_FIT)))
  expect(lanes.wants(NEWCOMER)).toBe(false)
  return ids
}

test('leased events count as memory until they run and no longer, the second time as the first', async () => {
  for (const round of ['first', 'second']) {
    const before = ran.length
    const ids = await fillMemory(round)
    endAll('done')
    await soon(() => ran.length === before + ids.length)
    expect(lanes.wants(NEWCOMER)).toBe(true)
  }
})

test('what lanes give back when their heads fail is no longer counted', async () => {
  await fillMemory('failing')
  endAll('pending')
  await soon(() => lanes.wants(NEWCOMER))
  expect(ran).toHaveLength(LANES_THAT_FIT + 1)
})

test('while memory is short a lane leases no more than it runs in one turn', async () => {
  const ids = Array.from({ length: LANE_TURN_EVENTS + LANE_BATCH_EVENTS }, (_, index) => `small-${String(index).padStart(4, '0')}`)
  await append(NEWCOMER, ids, 1)
  const turn = kept()
  outcomeOf = (id) => (id === ids[LANE_TURN_EVENTS - 1] ? turn : 'done')
  lanes.wake(NEWCOMER)
  await soon(() => ran.length === LANE_TURN_EVENTS)
  await fillMemory('large')
  const before = asked.length
  endings[0]?.('done')
  await soon(() => asked.length > before)
  expect(asked[before]).toBe(LANE_TURN_EVENTS)
})
