import { expect, test } from 'vitest'
import { PORTAL_LIMITS } from '../limits.ts'
import { RecordStore } from './records.ts'

const LIMIT = expect.objectContaining({ code: 'BAD_REQUEST' })
const unchanged = (): void => {}

function rows(count: number): { id: number; values: Record<string, string> }[] {
  return Array.from({ length: count }, (_, index) => ({ id: index + 1, values: {} }))
}

test('ids count up and are never given twice, also after a restart', () => {
  const store = new RecordStore(undefined, unchanged)
  for (let count = 0; count < 3; count++) store.add('deal', (id) => ({ TITLE: String(id) }))
  store.remove('deal', 3)
  store.remove('deal', 1)
  store.remove('deal', 99)
  const restored = new RecordStore(structuredClone(store.snapshot()), unchanged)
  expect(restored.add('deal', () => ({})).id).toBe(4)
  expect(restored.ids('deal')).toEqual([2, 4])
  expect(restored.get('deal', 2)?.values).toEqual({ TITLE: '2' })
  expect(restored.ids('lead')).toEqual([])
})

test('a row once read stays what it was', () => {
  const store = new RecordStore(undefined, unchanged)
  const before = store.add('deal', () => ({ TITLE: 'a' }))
  store.replace('deal', 1, { TITLE: 'b' })
  expect([before.values['TITLE'], store.get('deal', 1)?.values['TITLE']]).toEqual(['a', 'b'])
})

test('records end at their number, also over several tables', () => {
  const half = PORTAL_LIMITS.maxRecords / 2
  const table = { lastId: half, rows: rows(half) }
  const store = new RecordStore({ lastMultiId: 0, tables: { deal: table, lead: table } }, unchanged)
  expect(() => store.add('task', () => ({}))).toThrow(LIMIT)
  store.replace('deal', 1, { TITLE: 'still' })
  store.remove('deal', 1)
  expect(store.add('task', () => ({})).id).toBe(1)
  expect(() => store.add('task', () => ({}))).toThrow(LIMIT)
})

test('one record and all of them together end at their characters, and room that is freed is room again', () => {
  const store = new RecordStore(undefined, unchanged)
  expect(() => store.add('deal', () => ({ A: 'x'.repeat(PORTAL_LIMITS.maxRecordChars) }))).toThrow(LIMIT)
  for (const id of [1, 2]) expect(store.add('deal', () => ({ A: '' })).id).toBe(id)
  const big = { A: 'x'.repeat(PORTAL_LIMITS.maxRecordChars - 8) }
  const more = PORTAL_LIMITS.maxRecordsChars / PORTAL_LIMITS.maxRecordChars - 1
  for (let count = 0; count < more; count++) store.add('deal', () => big)
  expect(() => store.add('deal', () => big)).toThrow(LIMIT)
  expect(() => store.replace('deal', 1, big)).toThrow(LIMIT)
  store.remove('deal', 3)
  store.replace('deal', 1, big)
})

test('a state with rows out of order, twice, or beyond its counter is put right', () => {
  const deal = { lastId: 0, rows: [{ id: 5, values: {} }, { id: 2, values: {} }, { id: 5, values: { A: 'last' } }] }
  const store = new RecordStore({ lastMultiId: 0, tables: { deal } }, unchanged)
  expect(store.ids('deal')).toEqual([2, 5])
  expect(store.add('deal', () => ({})).id).toBe(6)
})
