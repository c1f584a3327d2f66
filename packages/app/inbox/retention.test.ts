import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { VirtualClock } from '@portline/runtime/clock.ts'
import { silentLog } from '@portline/runtime/log.ts'
import { CodedError } from '@portline/wire/errors.ts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { RETENTION_REST_MS, RETENTION_SWEEP_MS } from '../limits.ts'
import { PORTAL, event, settled } from '../store/battery-parts.ts'
import type { Store } from '../store/port.ts'
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts'
import { Retention } from './retention.ts'
import type { RetentionRules } from './retention.ts'

/** Retention over a real store, under a clock that moves only when told. */
let folder: string
let store: Store
let clock: VirtualClock
let retention: Retention

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portline-retention-'))
  store = await openSqliteStore(join(folder, 'store.sqlite'))
  clock = new VirtualClock()
})
afterEach(async () => {
  const stopped = retention.stop()
  await clock.advance(RETENTION_REST_MS)
  await stopped
  await store.close()
  await rm(folder, { recursive: true })
})

function start(rules: RetentionRules, over: Partial<Store> = {}): void {
  retention = new Retention({ store: { ...store, ...over }, clock, log: silentLog, rules })
  retention.start()
}

const BIG = 'x'.repeat(1_000)

/** `count` events, those of the given numbers settled now. */
async function fill(count: number, state: 'done' | 'dead', isSettled: (n: number) => boolean, from = 0): Promise<void> {
  await store.appendEvents({ events: Array.from({ length: count }, (_, n) => event(String(from + n).padStart(6, '0'), { data: BIG, receivedAtMs: clock.now() })) })
  for (;;) {
    const answer = await store.leaseLane(PORTAL, { owner: 'me', nowMs: 1, untilMs: 2, maxEvents: 500, maxBytes: 1e9 })
    if (answer.kind !== 'leased') return
    const settlements = answer.events.filter(({ id }) => isSettled(Number(id))).map((each) => settled(each, { state, atMs: clock.now() }))
    await store.settle('me', [{ portal: PORTAL, settlements, release: true }])
    if (settlements.length === 0) return
  }
}

async function kept(): Promise<number> {
  let count = 0
  for (let after: string | undefined; ; ) {
    const { events, next } = await store.listEvents({ limit: 1_000, ...(after === undefined ? {} : { after }) })
    count += events.length
    if (next === undefined) return count
    after = next
  }
}

/** Lets the deletion go on until it holds; virtual time passes in rests only. */
async function soon(holds: () => boolean | Promise<boolean>, stepMs = RETENTION_REST_MS): Promise<void> {
  for (let round = 0; round < 3_000; round++) {
    if (await holds()) return
    await new Promise((resolve) => setTimeout(resolve, 1))
    await clock.advance(stepMs)
  }
  throw new Error(`never: ${holds.toString()}`)
}

test('done and dead events go when their time is over, each after its own', async () => {
  const HOUR = 3_600_000
  await fill(600, 'done', () => true)
  await fill(5, 'dead', () => true, 600)
  await clock.advance(HOUR)
  await fill(3, 'done', () => true, 700)
  await clock.advance(HOUR / 2)
  start({ doneAfterMs: HOUR, deadAfterMs: 10 * HOUR })
  await soon(async () => (await kept()) === 8)
  expect(retention.status).toMatchObject({ full: false })
  await soon(async () => (await kept()) === 0, RETENTION_SWEEP_MS)
  await soon(() => retention.status.deletedByAge === 608)
})

test('over its size the store gives up the oldest that ended, whatever its age, until it is below', async () => {
  await fill(3_000, 'done', () => true)
  const { usedBytes } = await store.size()
  start({ maxBytes: usedBytes / 2 })
  await soon(() => retention.status.deletedBySize > 0)
  const left = await kept()
  expect(left).toBeGreaterThan(500)
  expect(left).toBeLessThan(1_700)
  expect((await store.size()).usedBytes).toBeLessThanOrEqual(usedBytes / 2)
  expect(await store.event('000000')).toBeUndefined()
  expect(await store.event('002999')).toBeDefined()
})

/** As in a store of some age: what is there is far from where the order of events began, and most of what was between is gone. */
function spread(): void {
  const db = new DatabaseSync(join(folder, 'store.sqlite'))
  db.exec('UPDATE events SET seq = 9000000 + 1000 * seq')
  db.close()
}

function countDone(afterSeq: number, toSeq: number): number {
  const db = new DatabaseSync(join(folder, 'store.sqlite'), { readOnly: true })
  const row = db.prepare(`SELECT count(*) AS n FROM events WHERE seq > ? AND seq <= ? AND state = 'done'`).get(afterSeq, toSeq)
  db.close()
  return Number(row?.['n'])
}

/** A store whose log has room for the deletion of so many events and no more, until it is emptied; `counts` says what each slice had. */
function narrow(room: number): { room: number; readonly counts: number[]; readonly over: Partial<Store> } {
  let taken = 0
  const counts: number[] = []
  const over: Partial<Store> = {
    async deleteSettled(before, afterSeq, toSeq) {
      const count = countDone(afterSeq, toSeq)
      counts.push(count)
      if (taken + count > disk.room) throw new CodedError('STORE_UNAVAILABLE', 'database or disk is full')
      taken += count
      return store.deleteSettled(before, afterSeq, toSeq)
    },
    async scrub() {
      taken = 0
      return store.scrub()
    },
  }
  const disk = { room, counts, over }
  return disk
}

test('what the store has no room to delete at once it deletes in smaller slices, at the next look too; what it cannot delete at all keeps none from being tried again', async () => {
  await fill(600, 'done', () => true)
  spread()
  await clock.advance(10)
  const disk = narrow(70)
  const { counts } = disk
  start({ doneAfterMs: 1 }, disk.over)
  await soon(() => retention.status.deletedByAge === 600)
  expect(counts.slice(0, 9)).toEqual([500, 500, 250, 250, 125, 125, 62, 62, 62])
  expect(counts.filter((count) => count > 62)).toHaveLength(6)
  expect(counts).not.toContain(0)

  disk.room = 0
  counts.length = 0
  await fill(200, 'done', () => true, 700)
  await soon(() => counts.filter((count) => count === 1).length === 2, RETENTION_SWEEP_MS / 10)
  expect(counts).toEqual([124, 124, 62, 62, 31, 31, 15, 15, 7, 7, 3, 3, 1, 1])
  expect(await kept()).toBe(200)
  disk.room = 2
  await soon(() => retention.status.deletedByAge === 800, RETENTION_SWEEP_MS / 10)
})

test('once the disk has room again the slices of the same look grow again', async () => {
  await fill(600, 'done', () => true)
  spread()
  await clock.advance(10)
  const disk = narrow(2)
  start({ doneAfterMs: 1 }, disk.over)
  await soon(() => disk.counts.includes(1))
  disk.room = 1_000
  await soon(() => retention.status.deletedByAge === 600)
  expect(disk.counts.filter((count) => count > 0 && count <= 2).length).toBeLessThan(200)
  expect(disk.counts).toContain(8)
})

test('a store that open events fill is full until some of them end', async () => {
  await fill(1_000, 'done', () => false)
  const { usedBytes } = await store.size()
  start({ maxBytes: usedBytes / 2 })
  await soon(() => retention.full)
  expect(await kept()).toBe(1_000)
  await fill(0, 'done', () => true)
  await soon(() => !retention.full)
  expect(await kept()).toBeLessThan(700)
})

test('without rules nothing is deleted and nothing is looked at', async () => {
  await fill(10, 'done', () => true)
  start({})
  await clock.advance(10 * RETENTION_SWEEP_MS)
  expect(await kept()).toBe(10)
  expect(retention.status).toEqual({ full: false, deletedByAge: 0, deletedBySize: 0 })
})
