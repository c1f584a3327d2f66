import { expect, test } from 'vitest'
import { startRecordsWorld } from '../test-support/records.ts'
import type { RecordRow } from '../world/records.ts'

const COUNT = 100_000

function deals(): RecordRow[] {
  return Array.from({ length: COUNT }, (_, index) => ({
    id: index + 1,
    values: { TITLE: `Deal ${index}`, STAGE_ID: 'NEW', OPPORTUNITY: `${index % 1_000}.00`, ASSIGNED_BY_ID: '1' },
  }))
}

test('100,000 deals are listed page by page, from either end and by keyset', async () => {
  const empty = await startRecordsWorld()
  const records = { lastMultiId: 0, tables: { deal: { lastId: COUNT, rows: deals() } } }
  const state = { ...empty.portal.control.snapshot(), records }
  const { rest } = await startRecordsWorld([], { state })
  const pages: [object, number][] = [
    [{}, COUNT], [{ start: 99_950 }, COUNT], [{ order: { ID: 'DESC' }, start: 50_000 }, COUNT],
    [{ start: -1, order: { ID: 'ASC' }, filter: { '>ID': 90_000 } }, 0],
  ]
  for (const [params, total] of pages) {
    const { body } = await rest('crm.deal.list', params)
    expect(body['result'], JSON.stringify(params)).toHaveLength(50)
    expect(body['total']).toBe(total)
  }
}, 30_000)
