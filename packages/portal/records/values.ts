import type { FieldValue, MultiValue, RecordRow } from '../world/records.ts'
import { isoDate, isoDateTime, parseDate } from './dates.ts'
import type { Field } from './entity.ts'
import { isNumeric } from './entity.ts'

/**
 * What an app sent for a field, as it is stored; undefined: empty. As lenient as a portal: what can't be read as the
 * field's type counts as empty.
 */
export function readValue(field: Field, given: unknown): FieldValue | undefined {
  if (field.multiple === true) return readList(field, given)
  if (Array.isArray(given)) return field.custom === true ? readList(field, given) : undefined
  return readScalar(field, given)
}

function readList(field: Field, given: unknown): readonly string[] | undefined {
  const items = typeof given === 'object' && given !== null ? Object.values(given) : [given]
  const list = items.map((item) => readScalar(field, item)).filter((item) => item !== undefined)
  return list.length === 0 ? undefined : list
}

function readScalar(field: Field, given: unknown): string | undefined {
  const text = asText(given)
  if (text === undefined) return undefined
  if (field.type === 'char') return /^(y|1|true)$/i.test(text) ? 'Y' : 'N'
  if (field.type === 'double') return Number.isFinite(Number(text)) ? Number(text).toFixed(2) : undefined
  if (field.type === 'date' || field.type === 'datetime') return readDate(field, text)
  if (isNumeric(field)) return /^\s*-?\d/.test(text) ? String(Number.parseInt(text, 10)) : undefined
  return text
}

function readDate(field: Field, text: string): string | undefined {
  const ms = parseDate(text)
  if (ms === undefined) return undefined
  return field.type === 'date' ? isoDate(ms) : isoDateTime(ms)
}

/** Text, numbers and booleans as PHP turns them into text; undefined: empty, or no plain value. */
export function asText(given: unknown): string | undefined {
  if (typeof given === 'boolean') return given ? '1' : undefined
  if (typeof given === 'number') return Number.isFinite(given) ? String(given) : undefined
  return typeof given === 'string' && given !== '' ? given : undefined
}

/** What get and list show: an empty date as '', an empty anything else as null (CRestUtil::ConvertDate). */
export function shownValue(field: Field, name: string, row: RecordRow): unknown {
  const value = row.values[name]
  if (field.type === 'crm_multifield') return shownMulti(name, value)
  return value ?? (field.type === 'date' || field.type === 'datetime' ? '' : null)
}

function shownMulti(name: string, value: FieldValue | undefined): unknown[] {
  return multiValues(value).map((item) => ({ ...item, TYPE_ID: name }))
}

export function multiValues(value: FieldValue | undefined): MultiValue[] {
  return Array.isArray(value) ? value.filter((item): item is MultiValue => typeof item === 'object') : []
}

/**
 * Phones, e-mails and their like: an item with the ID of a known one changes it, or deletes it with DELETE or an empty
 * VALUE; any other is added.
 */
export function mergeMulti(before: FieldValue | undefined, given: unknown, nextId: () => string): FieldValue | undefined {
  const items = new Map(multiValues(before).map((item) => [item.ID, item]))
  for (const item of typeof given === 'object' && given !== null ? Object.values(given) : [given]) {
    mergeOne(items, readItem(item), nextId)
  }
  return items.size === 0 ? undefined : [...items.values()]
}

interface GivenItem {
  readonly id: string | undefined
  readonly value: string | undefined
  readonly type: string | undefined
  readonly deleted: boolean
  readonly hasValue: boolean
}

function readItem(item: unknown): GivenItem {
  if (typeof item !== 'object' || item === null) {
    return { id: undefined, value: asText(item), type: undefined, deleted: false, hasValue: true }
  }
  const at = (name: string): unknown => (Object.hasOwn(item, name) ? Reflect.get(item, name) : undefined)
  return {
    id: asText(at('ID')), value: asText(at('VALUE')), type: asText(at('VALUE_TYPE')), deleted: asText(at('DELETE')) === 'Y',
    hasValue: at('VALUE') !== undefined,
  }
}

function mergeOne(items: Map<string, MultiValue>, given: GivenItem, nextId: () => string): void {
  const known = given.id === undefined ? undefined : items.get(given.id)
  if (known === undefined) {
    if (given.value === undefined || given.deleted) return
    const id = nextId()
    items.set(id, { ID: id, VALUE_TYPE: given.type ?? 'WORK', VALUE: given.value })
  } else if (given.deleted || (given.hasValue && given.value === undefined)) {
    items.delete(known.ID)
  } else {
    items.set(known.ID, { ID: known.ID, VALUE_TYPE: given.type ?? known.VALUE_TYPE, VALUE: given.value ?? known.VALUE })
  }
}
