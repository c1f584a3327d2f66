import type { FieldValue } from '../world/records.ts'

/** Types as crm.*.fields names them; those of tasks are fewer. */
export type FieldType =
  | 'boolean' | 'char' | 'crm' | 'crm_category' | 'crm_company' | 'crm_contact' | 'crm_currency' | 'crm_lead' | 'crm_multifield'
  | 'crm_quote' | 'crm_status' | 'date' | 'datetime' | 'double' | 'file' | 'integer' | 'location' | 'string' | 'user'

/** Who makes or changes which record, and when. */
export interface Moment {
  readonly id: number
  readonly nowMs: number
  readonly userId: number
}

export interface Field {
  readonly type: FieldType
  readonly title: string
  readonly readOnly?: true
  /** Set when the record is made, never after. */
  readonly immutable?: true
  readonly required?: true
  readonly multiple?: true
  readonly deprecated?: true
  readonly statusType?: string
  readonly parentEntityTypeId?: number
  /** Taken and kept, but never shown by get and list. */
  readonly hidden?: true
  /** Defined by the portal's people: a value may be a list. */
  readonly custom?: true
  /** What a new record has when nothing is given. */
  readonly initial?: string | ((moment: Moment) => string)
}

export type Fields = Readonly<Record<string, Field>>
/** Values while a record is being made or changed. */
export type DraftValues = Record<string, FieldValue>

/** A kind of record: everything the engine has to know of it. */
export interface Entity {
  /** Table in the world's state; lower case. */
  readonly table: string
  readonly fields: Fields
  /** Fields that hold users: those people may see, change and delete the record (records/access.ts). */
  readonly participants: readonly string[]
  /** Sets what follows from other fields, after each change. `before` is undefined for a new record. */
  readonly derive: (draft: DraftValues, before: Readonly<Record<string, FieldValue>> | undefined, moment: Moment) => void
  /** Code and data of the event that tells of a change. */
  readonly event: (change: Change, id: number) => { readonly event: string; readonly data: EventData }
}

export type Change = 'ADD' | 'UPDATE' | 'DELETE'
interface EventData {
  readonly [key: string]: string | number | EventData
}

/** Custom fields. There is no method to define one here, so that each name of the right form counts as defined. */
const CUSTOM_FIELD = /^UF_[A-Z0-9_]{1,60}$/
const CUSTOM: Field = { type: 'string', title: '', custom: true }

/** undefined: the entity has no such field, and whatever is said of it is ignored, as a portal does. */
export function fieldOf(entity: Entity, name: string): Field | undefined {
  if (Object.hasOwn(entity.fields, name)) return entity.fields[name]
  return isCustom(name) ? CUSTOM : undefined
}

export function isCustom(name: string): boolean {
  return CUSTOM_FIELD.test(name)
}

const NUMERIC = new Set<FieldType>([
  'integer', 'double', 'user', 'crm_category', 'crm_company', 'crm_contact', 'crm_lead', 'crm_quote', 'location',
])

export function isNumeric(field: Field): boolean {
  return NUMERIC.has(field.type)
}

export function isDate(field: Field): boolean {
  return field.type === 'date' || field.type === 'datetime'
}
