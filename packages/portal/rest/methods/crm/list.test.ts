import { beforeAll, expect, test } from 'vitest'
import type { RecordsWorld } from '../../../test-support/records.ts'
import { startRecordsWorld } from '../../../test-support/records.ts'
import type { WorldState } from '../../../world/state.ts'

/** Each test's own portal starts from the records that were made once. */
async function dealsWorld(): Promise<RecordsWorld> {
  return startRecordsWorld([], { state })
}

let state: WorldState

beforeAll(async () => {
  const world = await startRecordsWorld()
  const deal = (fields: object): Promise<unknown> => world.result('crm.deal.add', { fields })
  await deal({ TITLE: 'Alpha', OPPORTUNITY: 100, STAGE_ID: 'NEW', COMMENTS: 'first' })
  await deal({ TITLE: 'beta', OPPORTUNITY: 20, STAGE_ID: 'WON', COMPANY_ID: 5, BEGINDATE: '2026-03-01' })
  await deal({ TITLE: 'Gamma alpha', OPPORTUNITY: 3, STAGE_ID: 'LOSE', ASSIGNED_BY_ID: 2, UF_CRM_A: ['x', 'y'] })
  await deal({ TITLE: 'delta', OPPORTUNITY: 100, STAGE_ID: 'NEW', COMPANY_ID: 6, BEGINDATE: '2026-04-01' })
  await world.result('crm.contact.add', { fields: { NAME: 'Ada', PHONE: [{ VALUE: '+1' }, { VALUE: '+2' }] } })
  await world.result('crm.contact.add', { fields: { NAME: 'Bob' } })
  state = world.portal.control.snapshot()
})

test.each<[object, number[]]>([
  [{}, [1, 2, 3, 4]],
  [{ ID: 2 }, [2]],
  [{ ID: [1, '3'] }, [1, 3]],
  [{ '=TITLE': 'BETA' }, [2]],
  [{ '>ID': 2 }, [3, 4]],
  [{ '>=OPPORTUNITY': 20, '<OPPORTUNITY': 100 }, [2]],
  [{ '<=OPPORTUNITY': '20' }, [2, 3]],
  [{ '>ID': 1, '<=ID': '3' }, [2, 3]],
  [{ '>=ID': 4, '<ID': 2 }, []],
  [{ '>ID': -5, '<ID': 99.5 }, [1, 2, 3, 4]],
  [{ '>ID': [2] }, [3, 4]],
  [{ '!ID': 1 }, [2, 3, 4]],
  [{ '!=STAGE_ID': 'NEW' }, [2, 3]],
  [{ '@STAGE_ID': ['WON', 'LOSE'] }, [2, 3]],
  [{ '!@ID': [1, 2] }, [3, 4]],
  [{ '%TITLE': 'ALPHA' }, [1, 3]],
  [{ '=%TITLE': 'al%' }, [1]],
  [{ '%=TITLE': '%a' }, [1, 2, 3, 4]],
  [{ '=%TITLE': 'g%m%alpha' }, [3]],
  [{ '!%TITLE': 'alpha' }, [2, 4]],
  [{ '!=%TITLE': '%alpha' }, [2, 4]],
  [{ '%STAGE_ID': 'WO' }, []],
  [{ '%STAGE_ID': 'WON' }, [2]],
  [{ COMPANY_ID: 0 }, [1, 3]],
  [{ '!COMPANY_ID': '' }, [2, 4]],
  [{ COMMENTS: '' }, [2, 3, 4]],
  [{ '>BEGINDATE': '2026-03-01T01:00:00+01:00' }, [4]],
  [{ '>=BEGINDATE': '01.03.2026', '<BEGINDATE': '2026-04-01' }, [2]],
  [{ UF_CRM_A: 'y' }, [3]],
  [{ NO_SUCH: 1, '>no': 2 }, [1, 2, 3, 4]],
  [{ ASSIGNED_BY_ID: 2, '%TITLE': 'zzz' }, []],
])('the filter %j finds %j', async (filter, ids) => {
  const { rest } = await dealsWorld()
  const { body } = await rest('crm.deal.list', { filter, select: ['ID'] })
  expect(body).toMatchObject({ result: ids.map((id) => ({ ID: String(id) })), total: ids.length })
  expect(body['result']).toHaveLength(ids.length)
})

test.each<[object, number[]]>([
  [{ ID: 'DESC' }, [4, 3, 2, 1]],
  [{ TITLE: 'asc' }, [1, 2, 4, 3]],
  [{ OPPORTUNITY: 'DESC', TITLE: 'DESC' }, [4, 1, 2, 3]],
  [{ BEGINDATE: 'DESC', ID: 'ASC' }, [4, 2, 1, 3]],
  [{ NO_SUCH: 'DESC' }, [1, 2, 3, 4]],
])('the order %j gives %j', async (order, ids) => {
  const { rest } = await dealsWorld()
  expect((await rest('crm.deal.list', { order, select: ['ID'] })).body['result']).toEqual(ids.map((id) => ({ ID: String(id) })))
})

test('select names fields, all of them, or the custom ones; the id is always there', async () => {
  const { result } = await dealsWorld()
  const one = async (select: unknown): Promise<object> => Object(await result('crm.deal.list', { filter: { ID: 3 }, select }))[0]
  expect(await one(['TITLE', 'NO_SUCH'])).toEqual({ ID: '3', TITLE: 'Gamma alpha' })
  expect(await one(['UF_*'])).toEqual({ ID: '3', UF_CRM_A: ['x', 'y'] })
  expect(await one(['*'])).not.toHaveProperty('UF_CRM_A')
  expect(await one([])).toMatchObject({ UF_CRM_A: ['x', 'y'], TITLE: 'Gamma alpha', STAGE_SEMANTIC_ID: 'F' })
  expect(Object(await result('crm.contact.list'))[0]).not.toHaveProperty('PHONE')
  expect(await result('crm.contact.list', { select: ['PHONE', 'NAME'], filter: { PHONE: '+2' } })).toEqual([
    { ID: '1', NAME: 'Ada', PHONE: [expect.objectContaining({ VALUE: '+1' }), expect.objectContaining({ VALUE: '+2' })] },
  ])
})

test('pages have 50, next while there are more, and no count with start -1', async () => {
  const { rest, result } = await startRecordsWorld()
  for (let batch = 0; batch < 3; batch++) {
    const cmd = Object.fromEntries(Array.from({ length: 40 }, (_, index) => [`c${index}`, 'crm.deal.add?fields[TITLE]=x']))
    await result('batch', { cmd })
  }
  const page = async (params: object): Promise<unknown[]> => {
    const { body } = await rest('crm.deal.list', { select: ['ID'], ...params })
    const rows: unknown[] = Object(body['result'])
    return [rows.length, Object(rows[0]).ID, body['next'], body['total']]
  }
  expect(await page({})).toEqual([50, '1', 50, 120])
  expect(await page({ start: 50 })).toEqual([50, '51', 100, 120])
  expect(await page({ START: '100' })).toEqual([20, '101', undefined, 120])
  expect(await page({ start: 120 })).toEqual([0, undefined, undefined, 120])
  expect(await page({ start: -1, order: { ID: 'ASC' }, filter: { '>ID': 60 } })).toEqual([50, '61', undefined, 0])
  expect(await page({ start: -1, order: { TITLE: 'ASC' } })).toEqual([50, '1', undefined, 0])
  expect(await page({ start: 100, order: { ID: 'DESC' } })).toEqual([20, '20', undefined, 120])
  expect(await page({ start: 50, filter: { '>ID': 10 } })).toEqual([50, '61', 100, 110])
})

test('a batch has totals and nexts beside its results, and later commands refer into lists', async () => {
  const { result } = await dealsWorld()
  expect(await result('batch', {
    cmd: { list: 'crm.deal.list?order[ID]=DESC&filter[>ID]=1', first: 'crm.deal.get?id=$result[list][0][ID]' },
  })).toMatchObject({
    result: { list: [{ ID: '4' }, { ID: '3' }, { ID: '2' }], first: { TITLE: 'delta' } },
    result_total: { list: 3 }, result_next: [], result_error: [],
  })
})
