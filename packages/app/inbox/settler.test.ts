import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { VirtualClock } from '@portline/runtime/clock.ts'
import { silentLog } from '@portline/runtime/log.ts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { LANE_LEASE_MS } from '../limits.ts'
import type { Settlement } from '../store/lanes.ts'
import type { PortalKey, Store, StoredEvent } from '../store/port.ts'
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts'
import type { QueuedEvent } from './lane.ts'
import { Lanes } from './lanes.ts'
import { APART_LANES, REFUSED_REST_MS } from './settle-apart.ts'
import type { SettleParts } from './settle-apart.ts'
import { STORE_RETRY_MS, Settler } from './settler.ts'

/** A settler over a real store. What the store refuses, it refuses by its own tables and by triggers in its file. */
const A = { app: 'hello', memberId: 'a' }
const B = { app: 'hello', memberId: 'b' }
/** The column takes whole numbers only. */
const REFUSED_DUE_MS = 1.5

let folder: string
let store: Store
let file: string
let clock: VirtualClock
let settler: Settler
/** What the settler tells its lanes, and what it logs as an error. */
let told: string[]
let errors: object[]

function settlerOn(over: Partial<SettleParts> = {}): Settler {
  return new Settler({
    store, clock, owner: 'me', log: { ...silentLog, error: (fields) => void errors.push(fields) },
    onSettled: (_portal, { id, state }) => void told.push(`${id} ${state}`),
    onLost: ({ memberId }) => void told.push(`${memberId} lost`),
    onRefused: ({ memberId }, untilMs) => void told.push(`${memberId} refused for ${untilMs - clock.now()}`),
    ...over,
  })
}

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portline-settler-'))
  file = join(folder, 'store.sqlite')
  store = await openSqliteStore(file)
  clock = new VirtualClock()
  told = []
  errors = []
  settler = settlerOn()
})
afterEach(async () => {
  await store.close()
  await rm(folder, { recursive: true })
})

/** Events of a portal, leased to the settler's owner. */
async function leased(portal: PortalKey, ...ids: string[]): Promise<StoredEvent[]> {
  const auth = new Uint8Array()
  await store.appendEvents({
    events: ids.map((id) => ({ ...portal, id, code: 'X', auth, generation: 1, state: 'pending', proof: 'application_token', receivedAtMs: 1 })),
  })
  return lease(portal, 'me')
}

async function lease(portal: PortalKey, owner: string): Promise<StoredEvent[]> {
  const nowMs = clock.now()
  const answer = await store.leaseLane(portal, { owner, nowMs, untilMs: nowMs + LANE_LEASE_MS, maxEvents: 1_000, maxBytes: 1_000_000 })
  return answer.kind === 'leased' ? [...answer.events] : []
}

function settled({ id, seq }: StoredEvent, state: Settlement['state'] = 'done', fields: Partial<Settlement> = {}): Settlement {
  const attempt = { n: 1, startedAtMs: clock.now(), durationMs: 0, outcome: state === 'done' ? 'done' as const : 'failed' as const, calls: [], notes: ['own'] }
  return { id, seq, state, attempt, atMs: clock.now(), ...fields }
}

function settle(events: readonly StoredEvent[]): void {
  for (const event of events) settler.add(event, [settled(event)], false)
}

async function statesOf(...ids: string[]): Promise<(string | undefined)[]> {
  return Promise.all(ids.map(async (id) => (await store.event(id))?.state))
}

/** By another connection to the store's file. */
function exec(sql: string): void {
  const db = new DatabaseSync(file, { timeout: 5_000 })
  db.exec(sql)
  db.close()
}

/** The store refuses every change of these events, as it would with a damaged row. */
function refuseChangesOf(...ids: string[]): void {
  const listed = ids.map((id) => `'${id}'`).join()
  exec(`CREATE TRIGGER refusing BEFORE UPDATE ON events WHEN old.id IN (${listed}) BEGIN SELECT RAISE(ABORT, 'no such change'); END`)
}

async function soon(holds: () => boolean): Promise<void> {
  for (let round = 0; round < 5_000; round++) {
    if (holds()) return
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
  throw new Error(`never: ${holds.toString()}`)
}

test('an outcome that the store refuses is written without its record, to be tried again a minute later, and the other lanes are written', async () => {
  const [a1] = await leased(A, 'a1')
  const b = await leased(B, 'b1', 'b2')
  if (a1 === undefined) throw new Error('not leased')
  settler.add(A, [settled(a1, 'pending', { reason: 'HANDLER_FAILED', dueAtMs: REFUSED_DUE_MS })], true)
  settle(b)
  await settler.flushed()
  expect(await statesOf('b1', 'b2')).toEqual(['done', 'done'])
  expect(await store.event('a1')).toMatchObject({ state: 'pending', reason: 'HANDLER_FAILED', attempts: 1, dueAtMs: clock.now() + REFUSED_REST_MS })
  expect(await store.attempts('a1')).toMatchObject([{ n: 1, outcome: 'failed', notes: ['the record of this attempt could not be written'] }])
  expect(told.toSorted()).toEqual(['a1 pending', 'b1 done', 'b2 done'])
  expect(errors).toEqual([{ app: 'hello', portal: 'a', events: ['a1'], error: expect.stringContaining('due_at') }])
  expect(settler.full).toBe(false)
  expect(await lease(A, 'other')).toEqual([])
})

test('a lane that is written by itself is told from a store that fails: what has run ends, and does not run again', async () => {
  const [a1] = await leased(A, 'a1')
  if (a1 === undefined) throw new Error('not leased')
  const broken = settled(a1)
  settler.add(A, [{ ...broken, attempt: { n: 1, startedAtMs: Number.NaN, durationMs: 0, outcome: 'done', calls: [], notes: ['own'] } }], false)
  await settler.flushed()
  expect(await store.event('a1')).toMatchObject({ state: 'done', attempts: 1, finishedAtMs: clock.now() })
  expect(told).toEqual(['a1 done'])
})

test('where the store takes nothing of an event, what came before it is written, and it and those behind it are given back', async () => {
  const ids = Array.from({ length: 20 }, (_, n) => `a${String(n).padStart(2, '0')}`)
  const a = await leased(A, ...ids)
  const b = await leased(B, 'b1')
  refuseChangesOf('a13')
  settle([...a, ...b])
  await settler.flushed()
  expect(await statesOf(...ids)).toEqual([...ids.slice(0, 13).map(() => 'done'), ...ids.slice(13).map(() => 'pending')])
  expect(told.filter((line) => line !== 'b1 done')).toEqual([...ids.slice(0, 13).map((id) => `${id} done`), `a refused for ${REFUSED_REST_MS}`])
  expect(await statesOf('b1')).toEqual(['done'])
  expect(errors).toEqual([{ app: 'hello', portal: 'a', events: ids.slice(13), error: expect.stringContaining('no such change') }])
  expect((await lease(A, 'other')).map(({ id }) => id)).toEqual(ids.slice(13))
})

test('among more lanes than are written apart at once those that are refused hold up no other', async () => {
  const events: StoredEvent[] = []
  for (let n = 0; n < APART_LANES + 20; n++) events.push(...(await leased({ app: 'hello', memberId: `p${n}` }, `p${n}`)))
  const refused = ['p0', 'p100', `p${APART_LANES + 10}`]
  refuseChangesOf(...refused)
  settle(events)
  await settler.flushed()
  expect(told.filter((line) => line.includes('refused')).toSorted()).toEqual(refused.map((id) => `${id} refused for ${REFUSED_REST_MS}`).toSorted())
  const states = await statesOf(...events.map(({ id }) => id))
  expect(events.filter((_event, n) => states[n] !== 'done').map(({ id }) => id)).toEqual(refused)
})

test('while the store fails nothing is refused: all is kept, in its order, and written when it takes it again', async () => {
  const [a1, a2] = await leased(A, 'a1', 'a2')
  const b = await leased(B, 'b1')
  if (a1 === undefined || a2 === undefined) throw new Error('not leased')
  // As SQLite does it on a full disk: nothing is left of the transaction, whatever else was in it.
  exec(`CREATE TRIGGER failing BEFORE UPDATE ON events BEGIN SELECT RAISE(ROLLBACK, 'database or disk is full'); END`)
  settle([a1, ...b])
  let flushed = false
  const flushing = settler.flushed().then(() => (flushed = true))
  await soon(() => clock.nextTimerAt !== undefined)
  settle([a2])
  await clock.advance(STORE_RETRY_MS)
  await soon(() => clock.nextTimerAt !== undefined)
  expect([told, settler.full, flushed]).toEqual([[], true, false])
  exec('DROP TRIGGER failing')
  await clock.advance(STORE_RETRY_MS)
  await flushing
  await settler.flushed()
  expect(told.toSorted()).toEqual(['a1 done', 'a2 done', 'b1 done'])
  expect(told.indexOf('a1 done')).toBeLessThan(told.indexOf('a2 done'))
  expect(settler.full).toBe(false)
})

test('a store that takes notes and no settlement at all is failing too', async () => {
  let failing = true
  settler = settlerOn({ store: { ...store, settle: (...args) => (failing ? Promise.reject(new Error('not now')) : store.settle(...args)) } })
  settle(await leased(A, 'a1'))
  await soon(() => clock.nextTimerAt !== undefined)
  expect(told).toEqual([])
  failing = false
  await clock.advance(STORE_RETRY_MS)
  await settler.flushed()
  expect(told).toEqual(['a1 done'])
})

test('a lane that was lost meanwhile is told so, whatever else is refused with it', async () => {
  const a = await leased(A, 'a1')
  const b = await leased(B, 'b1')
  refuseChangesOf('b1')
  await clock.advance(LANE_LEASE_MS)
  await lease(A, 'other')
  settle([...a, ...b])
  await settler.flushed()
  expect(told.toSorted()).toEqual(['a lost', `b refused for ${REFUSED_REST_MS}`])
})

test('what is written stays written when those who are told of it fail', async () => {
  settler = settlerOn({
    onSettled: (_portal, { id }) => {
      if (id === 'a1') throw new Error('nobody listens')
      told.push(id)
    },
  })
  settle([...(await leased(A, 'a1')), ...(await leased(B, 'b1'))])
  await settler.flushed()
  expect(told).toEqual(['b1'])
  expect(await statesOf('a1', 'b1')).toEqual(['done', 'done'])
})

test('a start that cannot be noted holds up nobody', async () => {
  const [a1] = await leased(A, 'a1')
  const b = await leased(B, 'b1')
  if (a1 === undefined) throw new Error('not leased')
  exec(`CREATE TRIGGER refusing BEFORE INSERT ON cautions BEGIN SELECT RAISE(ABORT, 'no such change'); END`)
  settler.start(A, { seqs: [a1.seq], atMs: clock.now() })
  settle(b)
  await settler.flushed()
  expect(told).toEqual(['b1 done'])
  expect(errors).toEqual([{ app: 'hello', portal: 'a', error: expect.stringContaining('no such change') }])
  expect(await lease(A, 'other')).toEqual([])
})

test('a lane whose outcome the store refuses runs again after a minute and not before, whatever wakes it; the others go on', async () => {
  await leased(A, 'a1')
  await store.settle('me', [{ portal: A, settlements: [], release: true }])
  refuseChangesOf('a1')
  const ran: string[] = []
  const run = async (queue: readonly QueuedEvent[]): Promise<Settlement[]> =>
    queue.map(({ event }) => {
      ran.push(event.id)
      return settled(event)
    })
  const log = { ...silentLog, error: (fields: object) => void errors.push(fields) }
  const lanes = new Lanes({ store, clock, log, owner: 'me', run, together: () => 1, standBy: () => undefined, onSettled: (_portal, { id }) => void told.push(id) })
  const append = async (portal: PortalKey, id: string): Promise<void> => {
    await store.appendEvents({ events: [{ ...portal, id, code: 'X', auth: new Uint8Array(), generation: 1, state: 'pending', proof: 'application_token', receivedAtMs: 1 }] })
    lanes.wake(portal)
  }
  lanes.wake(A)
  await soon(() => errors.length === 1)
  await append(A, 'a2')
  await append(B, 'b1')
  await soon(() => told.includes('b1'))
  await clock.advance(REFUSED_REST_MS - 1)
  await append(A, 'a3')
  await append(B, 'b2')
  await soon(() => told.includes('b2'))
  expect(ran.filter((id) => id.startsWith('a'))).toEqual(['a1'])
  exec('DROP TRIGGER refusing')
  await clock.advance(1)
  await soon(() => told.includes('a3'))
  expect(ran.filter((id) => id.startsWith('a'))).toEqual(['a1', 'a1', 'a2', 'a3'])
  expect(errors).toHaveLength(1)
  await lanes.stop()
})
