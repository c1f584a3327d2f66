import { mayUse, visibleTo } from '../../../records/access.ts'
import { addRecord, deleteRecord, updateRecord } from '../../../records/change.ts'
import type { Entity } from '../../../records/entity.ts'
import { fieldOf } from '../../../records/entity.ts'
import { company } from '../../../records/entities/company.ts'
import { contact } from '../../../records/entities/contact.ts'
import { deal } from '../../../records/entities/deal.ts'
import { lead } from '../../../records/entities/lead.ts'
import { compile, idRange, readCondition } from '../../../records/filter.ts'
import type { Predicate } from '../../../records/filter.ts'
import type { Order } from '../../../records/find.ts'
import { find } from '../../../records/find.ts'
import { asText } from '../../../records/values.ts'
import type { RecordRow } from '../../../world/records.ts'
import { RestError } from '../../errors.ts'
import type { RestCall, RestMethod } from '../../method.ts'
import { Page, readStart } from '../../page.ts'
import { checkGiven, withinLimits } from './checks.ts'
import { idParam, mapParam, requiredMap } from './params.ts'
import { describeFields, selectNames, viewFields, viewRecord } from './view.ts'

/** How a kind of record says that there is none of that id: each of its own (api-reference/crm). */
interface Absent {
  readonly get: () => RestError
  readonly update: () => RestError
  readonly delete: () => RestError
}

const plainAbsent = (): RestError => new RestError('', 'Not found')
const named = (text: string) => (): RestError => new RestError('', text)

const ABSENT: Readonly<Record<string, Absent>> = {
  contact: {
    get: plainAbsent, update: named('Contact is not found'), delete: () => new RestError('ERROR_CORE', 'Element not found'),
  },
  company: { get: plainAbsent, update: named('Company is not found'), delete: named('Company is not found') },
}

/** crm.lead.*, crm.deal.*, crm.contact.*, crm.company.*: add, get, list, update, delete, fields. */
function methodsOf(entity: Entity): RestMethod[] {
  const absent = ABSENT[entity.table] ?? { get: plainAbsent, update: plainAbsent, delete: plainAbsent }
  const method = (name: string, run: RestMethod['run']): RestMethod =>
    ({ name: `crm.${entity.table}.${name}`, scopes: ['crm'], run })
  return [
    method('add', (call) => add(call, entity)),
    method('get', (call) => viewRecord(entity, requireRecord(call, entity, absent.get))),
    method('list', (call) => list(call, entity)),
    method('update', (call) => update(call, entity, absent.update)),
    method('delete', (call) => remove(call, entity, absent.delete)),
    method('fields', () => describeFields(entity)),
  ]
}

export const crmRecordMethods: readonly RestMethod[] = [lead, deal, contact, company].flatMap(methodsOf)

function add(call: RestCall, entity: Entity): number {
  const given = requiredMap(call.params, 'fields')
  mapParam(call.params, 'params')
  checkGiven(entity, given)
  return withinLimits(() => addRecord(call, entity, given)).id
}

function update(call: RestCall, entity: Entity, absent: () => RestError): true {
  idParam(call.params)
  const given = requiredMap(call.params, 'fields')
  mapParam(call.params, 'params')
  const row = requireRecord(call, entity, absent)
  checkGiven(entity, given)
  withinLimits(() => updateRecord(call, entity, row, given))
  return true
}

function remove(call: RestCall, entity: Entity, absent: () => RestError): true {
  deleteRecord(call, entity, requireRecord(call, entity, absent))
  return true
}

/** The record of `id`, if there is one and the caller may have to do with it. */
function requireRecord(call: RestCall, entity: Entity, absent: () => RestError): RecordRow {
  const row = call.context.world.records.get(entity.table, idParam(call.params))
  if (row === undefined) throw absent()
  if (!mayUse(call.caller.user, entity, row)) throw new RestError('')
  return row
}

function list(call: RestCall, entity: Entity): Page {
  const order = readOrder(entity, mapParam(call.params, 'order'))
  const filter = mapParam(call.params, 'filter')
  const matches = [...readFilter(entity, filter), ...visibleTo(call.caller.user, entity)]
  const select = Object.values(mapParam(call.params, 'select'))
  const search = { matches, range: idRange(filter, 'ID'), order, start: readStart(call.params) }
  const found = find(call.context.world.records, entity, search)
  const result = found.rows.map((row) => viewFields(entity, row, selectNames(entity, select, row)))
  return new Page(result, found.total, found.next)
}

/** What names no field is passed over, as on a portal. */
function readFilter(entity: Entity, filter: Readonly<Record<string, unknown>>): Predicate[] {
  return Object.entries(filter).flatMap(([key, value]) => {
    const condition = readCondition(key)
    const field = fieldOf(entity, condition.name)
    return field === undefined ? [] : [compile(condition, field, value)]
  })
}

function readOrder(entity: Entity, order: Readonly<Record<string, unknown>>): Order[] {
  return Object.entries(order).flatMap(([name, direction]) => {
    const field = fieldOf(entity, name)
    return field === undefined ? [] : [{ name, field, descending: asText(direction)?.toUpperCase() === 'DESC' }]
  })
}
