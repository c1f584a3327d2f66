import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { systemRandom } from '@portline/runtime/random.ts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { PORTAL, event } from '../battery-parts.ts'
import { Engine } from './engine.ts'
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
