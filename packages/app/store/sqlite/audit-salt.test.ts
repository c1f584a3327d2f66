import { DatabaseSync } from 'node:sqlite'
import { seededRandom } from '@portline/runtime/random.ts'
import { expect, test } from 'vitest'
import { installation } from '../battery-parts.ts'
import { Engine } from './engine.ts'
import { runBatch } from './run-batch.ts'
import { createTables } from './schema.ts'

test('the salt of an audit record is drawn from the Random that the store is given', () => {
  const saltOf = (seed: string): unknown => {
    const db = new DatabaseSync(':memory:')
    createTables(db)
    runBatch(db, new Engine(db, seededRandom(seed)), [{ name: 'saveInstallation', args: [installation(), undefined, { by: 'installer', userId: '7' }] }])
    const salt = db.prepare('SELECT salt FROM audit_details').get()?.['salt']
    db.close()
    return salt
  }
  expect(saltOf('one')).toMatch(/^[0-9a-f]{32}$/)
  expect(saltOf('one')).toBe(saltOf('one'))
  expect(saltOf('one')).not.toBe(saltOf('two'))
})
