import { mayUse, visibleTo } from '../../../records/access.ts'
import type { Given } from '../../../records/change.ts'
import { addRecord, deleteRecord, updateRecord } from '../../../records/change.ts'
import { fieldOf } from '../../../records/entity.ts'
import { task } from '../../../records/entities/task.ts'
import { TASK_FIELDS } from '../../../records/entities/task-fields.ts'
import type { Predicate } from '../../../records/filter.ts'
import { compile, idRange, readCondition } from '../../../records/filter.ts'
import type { Order } from '../../../records/find.ts'
import { find } from '../../../records/find.ts'
import { asText } from '../../../records/values.ts'
import type { RecordRow } from '../../../world/records.ts'
import { RestError } from '../../errors.ts'
import type { RestCall, RestMethod } from '../../method.ts'
import { Page, readStart } from '../../page.ts'
import { checkTask } from './checks.ts'
import { fieldsParam, listParam, taskId } from './params.ts'
import { viewListed, viewTask } from './view.ts'

const GUID_BYTES = 16
/** Fields a list may be sorted by, under other names than the task has them. */
const ORDER_ALIASES: Readonly<Record<string, string>> = { REAL_STATUS: 'STATUS', STATUS_COMPLETE: 'STATUS' }
const ORDER_NAMES: ReadonlySet<string> = new Set([
  'ID', 'TITLE', 'TIME_SPENT_IN_LOGS', 'DATE_START', 'CREATED_DATE', 'CHANGED_DATE', 'CLOSED_DATE', 'ACTIVITY_DATE',
  'START_DATE_PLAN', 'END_DATE_PLAN', 'DEADLINE', 'REAL_STATUS', 'STATUS_COMPLETE', 'PRIORITY', 'MARK', 'CREATED_BY_LAST_NAME',
  'RESPONSIBLE_LAST_NAME', 'GROUP_ID', 'TIME_ESTIMATE', 'ALLOW_CHANGE_DEADLINE', 'ALLOW_TIME_TRACKING',
  'MATCH_WORK_TIME', 'FAVORITE', 'SORTING', 'IS_PINNED', 'IS_PINNED_IN_GROUP',
])
const FILTER_ALIASES: Readonly<Record<string, string>> = { REAL_STATUS: 'STATUS', ACCOMPLICE: 'ACCOMPLICES', AUDITOR: 'AUDITORS' }

function method(name: string, run: RestMethod['run']): RestMethod {
  return { name: `tasks.task.${name}`, scopes: ['task'], run }
}

/** api-reference/tasks: fields in capitals go in, camelCase comes out. */
export const taskMethods: readonly RestMethod[] = [
  method('add', add),
  method('get', get),
  method('list', list),
  method('update', update),
  method('delete', remove),
  method('getfields', () => ({ fields: TASK_FIELDS })),
]

function add(call: RestCall): object {
  const given = fieldsParam(call.params)
  checkTask(call, given)
  const hex = call.context.world.drawHex(GUID_BYTES)
  const GUID = `{${hex.replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, '$1-$2-$3-$4-$5')}}`
  return { task: viewTask(call, addRecord(call, task, { ...given, GUID })) }
}

/** Nothing at all, as an empty list, for a task that is not there or not the caller's business. */
function get(call: RestCall): object {
  const row = visibleTask(call)
  const select = selectOf(call)
  return row === undefined ? [] : { task: viewTask(call, row, select) }
}

function update(call: RestCall): object {
  const row = visibleTask(call)
  const given = fieldsParam(call.params)
  if (row === undefined) throw new RestError('0', 'Action on the task is not allowed (internal error)')
  checkTask(call, given, row)
  const { GUID: _fixed, ...changes } = given
  return { task: viewTask(call, updateRecord(call, task, row, changes)) }
}

function remove(call: RestCall): object {
  const row = visibleTask(call)
  if (row === undefined) throw new RestError('1048582')
  deleteRecord(call, task, row)
  return { task: true }
}

function visibleTask(call: RestCall): RecordRow | undefined {
  const row = call.context.world.records.get('task', taskId(call.params))
  return row !== undefined && mayUse(call.caller.user, task, row) ? row : undefined
}

function list(call: RestCall): Page {
  const order = readOrder(call)
  const filter = listParam(call.params, 'filter')
  const matches = [...readFilter(filter), ...visibleTo(call.caller.user, task)]
  const select = selectOf(call)
  const search = { matches, range: idRange(filter, 'ID'), order, start: readStart(call.params) }
  const found = find(call.context.world.records, task, search)
  return new Page({ tasks: found.rows.map((row) => viewListed(call, row, select)) }, found.total, found.next)
}

function selectOf(call: RestCall): string[] {
  return Object.values(listParam(call.params, 'select')).filter((name): name is string => typeof name === 'string')
}

/** Newest first unless told otherwise. */
function readOrder(call: RestCall): Order[] {
  const entries = Object.entries(listParam(call.params, 'order'))
  if (entries.length === 0) entries.push(['ID', 'DESC'])
  return entries.map(([given, direction]) => {
    if (!ORDER_NAMES.has(given)) throw new RestError('0', 'Invalid sorting key (internal error)')
    const name = ORDER_ALIASES[given] ?? given
    const field = fieldOf(task, name) ?? { type: 'string', title: name }
    return { name, field, descending: asText(direction)?.toLowerCase() === 'desc' }
  })
}

/** What names no field is passed over. */
function readFilter(filter: Given): Predicate[] {
  return Object.entries(filter).flatMap(([key, value]) => {
    const { operation, name: given } = readCondition(key)
    const name = FILTER_ALIASES[given] ?? given
    const field = fieldOf(task, name)
    if (field === undefined) return []
    // A title with % in it is a pattern even without the sign for one.
    const isPattern = name === 'TITLE' && operation === '=' && asText(value)?.includes('%') === true
    return [compile({ operation: isPattern ? '=%' : operation, name }, field, value)]
  })
}
