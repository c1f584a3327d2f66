import type { PhpValue } from '@portline/wire/form/value.ts'
import { raiseEvent } from '../portal/raise-event.ts'
import type { RestCall } from '../rest/method.ts'
import type { FieldValues, RecordRow } from '../world/records.ts'
import type { Change, DraftValues, Entity, Moment } from './entity.ts'
import { fieldOf } from './entity.ts'
import { mergeMulti, readValue } from './values.ts'

/** Fields as an app gave them. */
export type Given = Readonly<Record<string, unknown>>

/** Makes a record of what was given and the field's initial values, and tells of it. BAD_REQUEST at a limit. */
export function addRecord(call: RestCall, entity: Entity, given: Given): RecordRow {
  const { records } = call.context.world
  const row = records.add(entity.table, (id) => {
    const moment = momentOf(call, id)
    const draft = initialValues(entity, moment)
    applyGiven(call, entity, draft, given, true)
    entity.derive(draft, undefined, moment)
    return draft
  })
  tell(call, entity, 'ADD', row.id)
  return row
}

/** Changes the fields given and no other, and tells of it, also when they had these values before. */
export function updateRecord(call: RestCall, entity: Entity, before: RecordRow, given: Given): RecordRow {
  const draft: DraftValues = { ...before.values }
  applyGiven(call, entity, draft, given, false)
  entity.derive(draft, before.values, momentOf(call, before.id))
  const row = call.context.world.records.replace(entity.table, before.id, draft)
  tell(call, entity, 'UPDATE', row.id)
  return row
}

export function deleteRecord(call: RestCall, entity: Entity, row: RecordRow): void {
  call.context.world.records.remove(entity.table, row.id)
  tell(call, entity, 'DELETE', row.id)
}

/** What a record given like this would have, without making it: for checks before the change. */
export function previewValues(entity: Entity, before: FieldValues, given: Given): FieldValues {
  const draft: DraftValues = { ...before }
  for (const [name, value] of Object.entries(given)) {
    const field = fieldOf(entity, name)
    if (field !== undefined && field.type !== 'crm_multifield') set(draft, name, readValue(field, value))
  }
  return draft
}

function momentOf(call: RestCall, id: number): Moment {
  return { id, nowMs: call.context.clock.now(), userId: call.caller.user.id }
}

function initialValues(entity: Entity, moment: Moment): DraftValues {
  const draft: DraftValues = {}
  for (const [name, { initial }] of Object.entries(entity.fields)) {
    if (initial !== undefined) draft[name] = typeof initial === 'string' ? initial : initial(moment)
  }
  return draft
}

function applyGiven(call: RestCall, entity: Entity, draft: DraftValues, given: Given, isNew: boolean): void {
  const { records } = call.context.world
  for (const [name, value] of Object.entries(given)) {
    const field = fieldOf(entity, name)
    if (field === undefined || field.readOnly === true || (field.immutable === true && !isNew)) continue
    if (field.type === 'crm_multifield') set(draft, name, mergeMulti(draft[name], value, () => records.nextMultiId()))
    else setGiven(draft, name, readValue(field, value), isNew)
  }
}

/** An empty value leaves a new record's initial value, and empties the field of one that exists. */
function setGiven(draft: DraftValues, name: string, value: DraftValues[string] | undefined, isNew: boolean): void {
  if (value !== undefined || !isNew) set(draft, name, value)
}

function set(draft: DraftValues, name: string, value: DraftValues[string] | undefined): void {
  if (value === undefined) delete draft[name]
  else draft[name] = value
}

function tell(call: RestCall, entity: Entity, change: Change, id: number): void {
  const { event, data } = entity.event(change, id)
  const asPhp: PhpValue = data
  raiseEvent(call.context, call.hit, { event, data: asPhp })
}
