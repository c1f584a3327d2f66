import type { Entity, Field } from '../../../records/entity.ts'
import { isCustom, isNumeric } from '../../../records/entity.ts'
import { multiValues } from '../../../records/values.ts'
import type { RecordRow } from '../../../world/records.ts'
import { fieldName, itemName } from './item-names.ts'

/** A record as crm.item.* shows it: numbers as numbers, what is empty as null, links as 0. */
export function viewItem(
  entity: Entity, entityTypeId: number, row: RecordRow, select: readonly string[],
): Record<string, unknown> {
  const all = select.length === 0 || select.includes('*')
  const names = all
    ? [...plainNames(entity), ...Object.keys(row.values).filter(isCustom)]
    : ['ID', ...select.map((name) => fieldName(entity, name))]
  const item: Record<string, unknown> = {}
  for (const name of names) {
    const field = entity.fields[name]
    if (field !== undefined ? field.type !== 'crm_multifield' : isCustom(name)) item[itemName(name)] = shown(field, name, row)
  }
  if (all && entity.fields['PHONE'] !== undefined) item['fm'] = multiple(entity, row)
  return all ? { ...item, entityTypeId } : item
}

function plainNames(entity: Entity): string[] {
  return Object.keys(entity.fields).filter((name) => entity.fields[name]?.type !== 'crm_multifield')
}

function shown(field: Field | undefined, name: string, row: RecordRow): unknown {
  if (name === 'ID') return row.id
  const value = row.values[name]
  const isNumber = field !== undefined && isNumeric(field)
  if (Array.isArray(value)) return isNumber ? value.map(Number) : value
  if (value !== undefined) return isNumber ? Number(value) : value
  if (field?.multiple === true) return []
  return field?.type === 'crm_company' || field?.type === 'crm_contact' ? 0 : null
}

function multiple(entity: Entity, row: RecordRow): object[] {
  const types = Object.keys(entity.fields).filter((name) => entity.fields[name]?.type === 'crm_multifield')
  return types.flatMap((typeId) => multiValues(row.values[typeId]).map(({ ID, VALUE_TYPE, VALUE }) => ({
    id: Number(ID), valueType: VALUE_TYPE, value: VALUE, typeId,
  })))
}
