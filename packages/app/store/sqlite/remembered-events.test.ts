import { DatabaseSync } from 'node:sqlite'
import { expect, test } from 'vitest'
import { Queries } from './queries.ts'
import { REMEMBERED_LOOKS, readOperations } from './read-operations.ts'
import { createTables } from './schema.ts'

test('what a start remembers is looked for among so many events of all apps, not among the millions of another one', { timeout: 60_000 }, () => {
  const db = new DatabaseSync(':memory:')
  createTables(db)
  const insert = `INSERT INTO events (seq, id, app, member_id, code, auth, state, received_at, generation, fingerprint)`
  const add = (seq: number): void => void db.prepare(`${insert} VALUES (?, printf('%010d', ?), 'quiet', 'm', 'X', x'', 'done', 1, 1, x'01')`).run(seq, seq)
  add(1)
  add(2)
  // With the last one there are as many behind the first event as are looked at.
  db.exec(`${insert} WITH RECURSIVE n(seq) AS (SELECT 3 UNION ALL SELECT seq + 1 FROM n WHERE seq < ${REMEMBERED_LOOKS})
    SELECT seq, printf('%010d', seq), 'busy', 'm', 'X', x'', 'done', 1, 1, NULL FROM n`)
  add(REMEMBERED_LOOKS + 1)
  const remembered = readOperations.rememberedEvents(new Queries(db), 'quiet', '0', 100).map(({ id }) => Number(id))
  expect(remembered).toEqual([REMEMBERED_LOOKS + 1, 2])
  db.close()
})
