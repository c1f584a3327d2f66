import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { systemRandom } from '@portline/runtime/random.ts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { LEASE, PORTAL, attempt, event, settled } from '../battery-parts.ts'
import type { Settlement } from '../lanes.ts'
import { Engine } from './engine.ts'
import type { Waiting } from './lane-operations.ts'
import type { OperationCall } from './operations.ts'
import { packEvents } from './rows.ts'
import { runBatch } from './run-batch.ts'
import { prepareDatabase } from './schema.ts'

let folder: string
let db: DatabaseSync

beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portline-batch-'))
  db = new DatabaseSync(join(folder, 'store.sqlite'))
  prepareDatabase(db)
})
afterEach(async () => {
  db.close()
  await rm(folder, { recursive: true })
})

test('a log that cannot be emptied is no failure of what was committed with that', () => {
  const engine = new Engine(db, systemRandom)
  const append = { name: 'appendEvents', args: [packEvents([event('01')]), {}] } as const
  // A statement under way: SQLite refuses the checkpoint with an error, as it does when the disk is full.
  const reading = db.prepare('SELECT name FROM sqlite_schema').iterate()
  reading.next()
  const answers = runBatch(db, engine, [append, { name: 'scrub', args: [] }])
  reading.return?.()
  expect(answers).toMatchObject([{ value: [{ seq: 1 }] }, { value: false }])
  expect([...(engine.lanes.get(PORTAL)?.open ?? [])]).toEqual([1])
  expect(runBatch(db, engine, [{ name: 'scrub', args: [] }])).toEqual([{ value: true }])
})

test('an event that fails while its lane is hastened, slice by slice, waits for its new time', () => {
  const DUE_MS = 3_000
  const LATER_MS = 9_000
  const COUNT = 2_500
  const engine = new Engine(db, systemRandom)
  const answer = (call: OperationCall): unknown => {
    const [answered] = runBatch(db, engine, [call])
    if (answered === undefined || !('value' in answered)) throw new Error(JSON.stringify(answered))
    return answered.value
  }
  const park = (seqs: readonly number[], dueAtMs: number): void => {
    const failed: Partial<Settlement> = { attempt: attempt(1, { outcome: 'failed' }), state: 'pending', parked: true, dueAtMs }
    const settlements = seqs.map((seq) => settled({ id: String(seq), seq }, failed))
    answer({ name: 'settle', args: ['me', JSON.stringify([{ portal: PORTAL, settlements, release: true }])] })
  }
  const lease = { ...LEASE, maxEvents: COUNT, maxBytes: 1e9 }
  const seqs = Array.from({ length: COUNT }, (_, n) => n + 1)
  answer({ name: 'appendEvents', args: [packEvents(seqs.map((seq) => event(String(seq)))), {}] })
  answer({ name: 'leaseLane', args: [PORTAL, lease] })
  park(seqs, DUE_MS)

  const slices = answer({ name: 'hastenLane', args: [PORTAL] }) as Waiting[][]
  expect(slices).toHaveLength(2)
  answer({ name: 'leaseLane', args: [PORTAL, { ...lease, nowMs: DUE_MS }] })
  park([COUNT], LATER_MS)
  for (const slice of slices) answer({ name: 'hastenSlice', args: [PORTAL, slice] })

  const dueAtMs = (): unknown[] => db.prepare('SELECT due_at FROM events WHERE due_at IS NOT NULL').all().map((row) => row['due_at'])
  expect(dueAtMs()).toEqual([LATER_MS])
  expect(engine.lanes.get(PORTAL)?.parked?.dueAtMs(COUNT)).toBe(LATER_MS)
  expect(answer({ name: 'leaseLane', args: [PORTAL, lease] })).toMatchObject({ events: { length: COUNT - 1 }, parkedUntilMs: LATER_MS })
})
