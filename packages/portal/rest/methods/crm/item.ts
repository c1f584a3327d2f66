import { mayUse, visibleTo } from '../../../records/access.ts'
import type { Given } from '../../../records/change.ts'
import { addRecord, deleteRecord, updateRecord } from '../../../records/change.ts'
import type { Entity } from '../../../records/entity.ts'
import { fieldOf } from '../../../records/entity.ts'
import { company } from '../../../records/entities/company.ts'
import { contact } from '../../../records/entities/contact.ts'
import { deal } from '../../../records/entities/deal.ts'
import { lead } from '../../../records/entities/lead.ts'
import type { Predicate } from '../../../records/filter.ts'
import { compile, idRange, readCondition } from '../../../records/filter.ts'
import type { Order } from '../../../records/find.ts'
import { find } from '../../../records/find.ts'
import { asText } from '../../../records/values.ts'
import type { RecordRow } from '../../../world/records.ts'
import { RestError } from '../../errors.ts'
import type { RestCall, RestMethod } from '../../method.ts'
import { Page, readStart } from '../../page.ts'
import { withinLimits } from './checks.ts'
import { fieldName, itemName } from './item-names.ts'
import { viewItem } from './item-view.ts'
import { mapParam } from './params.ts'
import { describeField } from './view.ts'

/** Smart processes, quotes and invoices are not built. */
const ENTITY_TYPES: Readonly<Record<string, Entity>> = { 1: lead, 2: deal, 3: contact, 4: company }

function method(name: string, run: RestMethod['run']): RestMethod {
  return { name: `crm.item.${name}`, scopes: ['crm'], run }
}

/** api-reference/crm/universal: the same records as crm.deal.* and its like, under other names and as typed values. */
export const crmItemMethods: readonly RestMethod[] = [
  method('add', add),
  method('get', (call) => ({ item: viewItem(entityOf(call), typeId(call), requireItem(call), []) })),
  method('list', list),
  method('update', update),
  method('delete', remove),
  method('fields', fields),
]

function typeId({ params }: RestCall): number {
  return Number(params.text('entityTypeId') ?? 0)
}

function entityOf(call: RestCall): Entity {
  const entity = ENTITY_TYPES[typeId(call)]
  if (entity === undefined) throw new RestError('NOT_FOUND')
  return entity
}

function requireItem(call: RestCall): RecordRow {
  const entity = entityOf(call)
  const row = call.context.world.records.get(entity.table, Number(call.params.text('id') ?? 0))
  if (row === undefined) throw new RestError('NOT_FOUND', 'Element not found')
  if (!mayUse(call.caller.user, entity, row)) throw new RestError('ACCESS_DENIED', 'Access denied', { status: 400 })
  return row
}

function add(call: RestCall): object {
  const entity = entityOf(call)
  const row = withinLimits(() => addRecord(call, entity, readFields(call, entity)))
  return { item: viewItem(entity, typeId(call), row, []) }
}

function update(call: RestCall): object {
  const entity = entityOf(call)
  const row = requireItem(call)
  const changed = withinLimits(() => updateRecord(call, entity, row, readFields(call, entity)))
  return { item: viewItem(entity, typeId(call), changed, []) }
}

function remove(call: RestCall): unknown[] {
  deleteRecord(call, entityOf(call), requireItem(call))
  return []
}

/** `fm` stands for all phones, addresses and sites at once. */
function readFields(call: RestCall, entity: Entity): Given {
  const given: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(mapParam(call.params, 'fields'))) {
    const own = fieldName(entity, name)
    const isList = entity.fields[own]?.multiple === true
    if (isList && typeof value !== 'object') {
      throw new RestError('100', `Expected iterable value for multiple field, but got ${typeof value} instead`)
    }
    if (name === 'fm') Object.assign(given, readMultiple(value))
    else given[own] = value
  }
  if (entity.fields['CURRENCY_ID'] !== undefined) checkCurrency(given['CURRENCY_ID'])
  return given
}

function readMultiple(fm: unknown): Given {
  const byType: Record<string, unknown[]> = {}
  for (const item of typeof fm === 'object' && fm !== null ? Object.values(fm) : []) {
    if (typeof item !== 'object' || item === null) continue
    const at = (name: string): unknown => Reflect.get(item, name)
    const type = asText(at('typeId')) ?? ''
    if (!/^[A-Z]+$/.test(type)) continue
    const one = { ID: at('id'), VALUE: at('value'), VALUE_TYPE: at('valueType'), DELETE: at('delete') }
    byType[type] = [...(byType[type] ?? []), one]
  }
  return byType
}

function checkCurrency(currency: unknown): void {
  if (asText(currency) === undefined || /^[A-Z]{3}$/.test(asText(currency) ?? '')) return
  throw new RestError('CRM_FIELD_ERROR_VALUE_NOT_VALID', 'Invalid value for field "CURRENCY_ID"')
}

function list(call: RestCall): Page {
  const entity = entityOf(call)
  const filter = mapParam(call.params, 'filter')
  const matches = [...readFilter(entity, filter), ...visibleTo(call.caller.user, entity)]
  const range = idRange(filter['logic'] === undefined ? filter : {}, 'id')
  const order = readOrder(entity, mapParam(call.params, 'order'))
  const select = Object.values(mapParam(call.params, 'select')).filter((name): name is string => typeof name === 'string')
  const found = find(call.context.world.records, entity, { matches, range, order, start: readStart(call.params) })
  const items = found.rows.map((row) => viewItem(entity, typeId(call), row, select))
  return new Page({ items }, found.total, found.next)
}

/** All conditions, or with `logic: OR` any of them; a condition without a name of its own is a group. */
function readFilter(entity: Entity, filter: Given, depth = 0): Predicate[] {
  const { logic, ...conditions } = filter
  if (depth > MAX_FILTER_DEPTH) throw new RestError('INVALID_ARG_VALUE', 'Invalid filter: nested too deeply')
  const tests = Object.entries(conditions).map(([key, value]) => {
    if (/^\d+$/.test(key)) return all(readFilter(entity, isGroup(value) ? { ...value } : {}, depth + 1))
    const { operation, name: given } = readCondition(key)
    const name = fieldName(entity, given)
    const field = fieldOf(entity, name)
    if (field === undefined) throw new RestError('INVALID_ARG_VALUE', `Invalid filter: field '${given}' is not allowed in filter`)
    return compile({ operation, name }, field, value)
  })
  return asText(logic)?.toUpperCase() === 'OR' ? [(row) => tests.some((test) => test(row))] : tests
}

const MAX_FILTER_DEPTH = 16

function isGroup(value: unknown): value is object {
  return typeof value === 'object' && value !== null
}

function all(tests: readonly Predicate[]): Predicate {
  return (row) => tests.every((test) => test(row))
}

function readOrder(entity: Entity, order: Given): Order[] {
  return Object.entries(order).map(([given, direction]) => {
    const name = fieldName(entity, given)
    const field = fieldOf(entity, name)
    if (field === undefined) throw new RestError('INVALID_ARG_VALUE', `Invalid order: field '${given}' is not allowed in order`)
    const wanted = asText(direction) ?? ''
    if (!/^(asc|desc)$/i.test(wanted)) {
      const allowed = 'Invalid order: allowed sort directions are `ASC, DESC`.'
      throw new RestError('INVALID_ARG_VALUE', `${allowed} But got '${wanted}' for field '${given}'`)
    }
    return { name, field, descending: wanted.toUpperCase() === 'DESC' }
  })
}

function fields(call: RestCall): object {
  const entity = entityOf(call)
  const described = Object.entries(entity.fields).filter(([, field]) => field.type !== 'crm_multifield')
  const view = described.map(([name, field]) => [itemName(name), { ...describeField(field), upperName: name }] as const)
  return { fields: Object.fromEntries(view) }
}
