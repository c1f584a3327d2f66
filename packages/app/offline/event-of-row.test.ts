import { systemRandom } from '@portline/runtime/random.ts'
import type { PhpMap } from '@portline/wire/form/value.ts'
import { expect, test } from 'vitest'
import { installation } from '../store/battery-parts.ts'
import { createSealer } from '../tokens/sealer.ts'
import { takenRow } from './event-of-row.ts'

const parts = { sealer: createSealer(new Uint8Array(32), systemRandom), newId: () => 'id', nowMs: 1_000 }

function rowOf(levels: number) {
  let data: PhpMap = { LEAF: 'x' }
  for (let level = 1; level < levels; level++) data = { A: data }
  return takenRow(parts, installation(), 'process', { id: '1', messageId: 'm', event: 'ONCRMDEALADD', data, userId: '7', atMs: 5_000 })
}

test('a row as deep as an event may be is one like any other', () => {
  expect(rowOf(1_000)).toMatchObject({ key: 'process:1:m', event: { state: 'pending', proof: 'own_token', userId: '7', ts: '5' } })
})

test.each([1_001, 5_000, 100_000])('a row of %i levels is dead with the reason, under the same key, and cannot be replayed', (levels) => {
  const { key, event } = rowOf(levels)
  expect([key, event]).toMatchObject(['process:1:m', { id: 'id', code: 'ONCRMDEALADD', state: 'dead', reason: 'OFFLINE_ROW_UNREADABLE', userId: '7', ts: '5' }])
  expect(event).not.toHaveProperty('data')
  expect(event).not.toHaveProperty('proof')
})
