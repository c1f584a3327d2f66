import { expect, test } from 'vitest'
import { eventsAfter, startRecordsWorld } from '../../../test-support/records.ts'

test('an item is the same record under other names, with numbers as numbers', async () => {
  const { result } = await startRecordsWorld()
  const fields = { title: 'New', opportunity: 999.99, contactIds: [4, 5], currencyId: 'EUR', ufCrm_5: 'own', nobody: 1 }
  const shown = {
    id: 1, title: 'New', opportunity: 999.99, contactId: 4, contactIds: [4, 5], companyId: 0, assignedById: 1, stageId: 'NEW',
    stageSemanticId: 'P', createdTime: '2026-01-01T00:00:01+00:00', createdBy: 1, utmTerm: null, ufCrm_5: 'own', entityTypeId: 2,
  }
  expect(await result('crm.item.add', { entityTypeId: 2, fields })).toMatchObject({ item: shown })
  expect(await result('crm.deal.get', { id: 1 })).toMatchObject({ TITLE: 'New', OPPORTUNITY: '999.99', UF_CRM_5: 'own' })
  await result('crm.item.update', { entityTypeId: 2, id: 1, fields: { stageId: 'WON' } })
  const won = { ...shown, stageId: 'WON', stageSemanticId: 'S', closed: 'Y' }
  expect(await result('crm.item.get', { entityTypeId: 2, id: 1 })).toMatchObject({ item: won })
  expect(await result('crm.item.delete', { entityTypeId: 2, id: 1 })).toEqual([])
})

test('`fm` has the phones and addresses of an item', async () => {
  const { result } = await startRecordsWorld()
  const fm = [{ typeId: 'PHONE', valueType: 'WORK', value: '+1' }, { typeId: 'EMAIL', value: 'a@b.example' }]
  const shown = [{ id: 1, valueType: 'WORK', value: '+1', typeId: 'PHONE' }, { id: 2, typeId: 'EMAIL' }]
  const added = await result('crm.item.add', { entityTypeId: 3, fields: { name: 'Ada', fm } })
  expect(added).toMatchObject({ item: { name: 'Ada', fm: shown } })
  const update = { entityTypeId: 3, id: 1, fields: { fm: [{ id: 1, typeId: 'PHONE', value: '' }] } }
  expect(await result('crm.item.update', update)).toMatchObject({ item: { hasPhone: 'N', fm: [{ id: 2 }] } })
})

test('items raise the events of their kind', async () => {
  const world = await startRecordsWorld(['ONCRMLEADADD', 'ONCRMLEADDELETE'])
  const events = await eventsAfter(world, async () => {
    await world.result('crm.item.add', { entityTypeId: 1, fields: {} })
    await world.result('crm.item.delete', { entityTypeId: 1, id: 1 })
  })
  const data = { FIELDS: { ID: '1' } }
  expect(events).toEqual([{ event: 'ONCRMLEADADD', data }, { event: 'ONCRMLEADDELETE', data }])
})

test('items are filtered, also by groups of conditions, sorted, selected and paged', async () => {
  const { rest, result } = await startRecordsWorld()
  for (const title of ['b', 'a', 'c']) await result('crm.item.add', { entityTypeId: 4, fields: { title } })
  const titles = (params: object): Promise<unknown> => result('crm.item.list', { entityTypeId: 4, select: ['title'], ...params })
  const backwards = [{ id: 3, title: 'c' }, { id: 1, title: 'b' }, { id: 2, title: 'a' }]
  expect(await titles({ order: { title: 'desc' } })).toEqual({ items: backwards })
  expect(await titles({ filter: { '>id': 1, '!title': 'c' } })).toEqual({ items: [{ id: 2, title: 'a' }] })
  const either = { filter: { 0: { logic: 'OR', 0: { title: 'a' }, 1: { '=%title': 'C%' } }, '<id': 9 } }
  expect(await titles(either)).toEqual({ items: [{ id: 2, title: 'a' }, { id: 3, title: 'c' }] })
  expect((await rest('crm.item.list', { entityTypeId: 4, start: -1 })).body).toMatchObject({ total: 0 })
  expect(await result('crm.item.fields', { entityTypeId: 4 })).toMatchObject({
    fields: {
      createdTime: { type: 'datetime', isReadOnly: true, upperName: 'DATE_CREATE' }, typeId: { upperName: 'COMPANY_TYPE' },
    },
  })
})

const ABSENT = [
  ['add', { fields: {} }], ['get', { id: 1 }], ['list', {}], ['update', { id: 1 }], ['delete', { id: 1 }], ['fields', {}],
] as const

test.each(ABSENT)('crm.item.%s knows no smart process', async (method, params) => {
  const { rest } = await startRecordsWorld()
  const refused = { status: 400, body: { error: 'NOT_FOUND', error_description: 'Smart process not found' } }
  expect(await rest(`crm.item.${method}`, params)).toMatchObject(refused)
  expect(await rest(`crm.item.${method}`, { ...params, entityTypeId: 177 })).toMatchObject(refused)
  expect(await rest(`crm.item.${method}`, { ...params, entityTypeId: 'toString' })).toMatchObject(refused)
})

test.each<[string, object, string, string]>([
  ['get', { id: 9 }, 'NOT_FOUND', 'Element not found'],
  ['update', { id: 'x', fields: {} }, 'NOT_FOUND', 'Element not found'],
  ['delete', {}, 'NOT_FOUND', 'Element not found'],
  ['list', { filter: { FIELD: 1 } }, 'INVALID_ARG_VALUE', "Invalid filter: field 'FIELD' is not allowed in filter"],
  ['list', { order: { FIELD: 'ASC' } }, 'INVALID_ARG_VALUE', "Invalid order: field 'FIELD' is not allowed in order"],
  [
    'list', { order: { id: 'up' } },
    'INVALID_ARG_VALUE', "Invalid order: allowed sort directions are `ASC, DESC`. But got 'up' for field 'id'",
  ],
  ['add', { fields: { contactIds: 5 } }, '100', 'Expected iterable value for multiple field, but got number instead'],
  ['add', { fields: { currencyId: 'euro' } }, 'CRM_FIELD_ERROR_VALUE_NOT_VALID', 'Invalid value for field "CURRENCY_ID"'],
])('crm.item.%s with %j is answered %s, %s', async (method, params, error, text) => {
  const { rest } = await startRecordsWorld()
  expect(await rest(`crm.item.${method}`, { entityTypeId: 2, ...params })).toMatchObject({
    status: 400, body: { error, error_description: text },
  })
})

test('an employee is refused another’s item', async () => {
  const { result, asEmployee } = await startRecordsWorld()
  await result('crm.item.add', { entityTypeId: 2, fields: {} })
  const denied = { status: 400, body: { error: 'ACCESS_DENIED' } }
  expect(await asEmployee('crm.item.get', { entityTypeId: 2, id: 1 })).toMatchObject(denied)
})
