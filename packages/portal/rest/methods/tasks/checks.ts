import type { Given } from '../../../records/change.ts'
import { previewValues } from '../../../records/change.ts'
import { parseDate } from '../../../records/dates.ts'
import { task } from '../../../records/entities/task.ts'
import { TASK_FIELDS } from '../../../records/entities/task-fields.ts'
import type { FieldValues, RecordRow } from '../../../world/records.ts'
import { RestError } from '../../errors.ts'
import type { RestCall } from '../../method.ts'

/** Errors of a task's fields end in `<br>`: they were made for a page. */
function wrong(reason: string): RestError {
  return new RestError('ERROR_CORE', `${reason}<br>`)
}

/** What tasks.task.add and .update refuse, in the order of their pages. `before` is undefined for a new task. */
export function checkTask(call: RestCall, given: Given, before?: RecordRow): void {
  const values = previewValues(task, before?.values ?? {}, given)
  if (text(values, 'TITLE') === '') throw wrong('Task title is not specified')
  checkResponsible(call, values)
  const status = values['STATUS']
  if (status !== undefined && !Object.hasOwn(TASK_FIELDS['STATUS']?.values ?? {}, String(status))) throw wrong('Invalid status')
  checkParent(call, Number(text(values, 'PARENT_ID')), before?.id)
  const start = parseDate(text(values, 'START_DATE_PLAN'))
  const end = parseDate(text(values, 'END_DATE_PLAN'))
  if (start !== undefined && end !== undefined && end < start) {
    throw wrong('The end date specified in the scheduling is earlier than the start date')
  }
}

function checkResponsible(call: RestCall, values: FieldValues): void {
  const responsible = Number(text(values, 'RESPONSIBLE_ID'))
  if (responsible === 0) throw wrong('Responsible person not specified')
  if (call.context.world.user(responsible) !== undefined) return
  throw wrong('The user specified in the "Responsible" field was not found')
}

function checkParent(call: RestCall, parentId: number, id: number | undefined): void {
  if (parentId === 0) return
  if (parentId === id) throw wrong('Cannot bind the node to itself')
  const { records } = call.context.world
  if (records.get('task', parentId) === undefined) throw wrong('The task specified in the "Parent Task" field was not found')
  for (const ancestor of ancestors(call, parentId)) {
    if (ancestor === id) throw wrong('Creating cyclic links in tasks is prohibited')
  }
}

/** No loop can be among the tasks there are: this check is what keeps them out. */
function* ancestors(call: RestCall, id: number): Generator<number> {
  let parent = Number(text(call.context.world.records.get('task', id)?.values ?? {}, 'PARENT_ID'))
  while (parent > 0) {
    yield parent
    parent = Number(text(call.context.world.records.get('task', parent)?.values ?? {}, 'PARENT_ID'))
  }
}

function text(values: FieldValues, name: string): string {
  const value = values[name]
  return typeof value === 'string' ? value : ''
}
