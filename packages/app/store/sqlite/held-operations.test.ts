import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { heldOfInstalledSql } from './held-operations.ts'
import { createTables } from './schema.ts'

test('held events are found by their index, however many others there are', () => {
  const db = new DatabaseSync(':memory:')
  createTables(db)
  const plan = db.prepare(`EXPLAIN QUERY PLAN ${heldOfInstalledSql(2)}`).all('A', 'B', 10).map(({ detail }) => String(detail))
  db.close()
  expect(plan).toContain('SCAN e USING INDEX events_held')
  expect(plan).not.toContain('SCAN e')
})
