import type { Entity, Field } from '../../../records/entity.ts'
import { isCustom } from '../../../records/entity.ts'
import { shownValue } from '../../../records/values.ts'
import type { RecordRow } from '../../../world/records.ts'

/** A record as crm.*.get shows it: all its fields, multiple ones (PHONE …) only when they have a value. */
export function viewRecord(entity: Entity, row: RecordRow): Record<string, unknown> {
  const isShown = (name: string): boolean => entity.fields[name]?.type !== 'crm_multifield' || row.values[name] !== undefined
  const names = Object.keys(entity.fields).filter(isShown)
  return viewFields(entity, row, [...names, ...Object.keys(row.values).filter(isCustom)])
}

export function viewFields(entity: Entity, row: RecordRow, names: readonly string[]): Record<string, unknown> {
  const view: Record<string, unknown> = {}
  for (const name of names) {
    const field = entity.fields[name]
    if (name === 'ID') view['ID'] = String(row.id)
    else if (field !== undefined && field.hidden !== true) view[name] = shownValue(field, name, row)
    else if (isCustom(name)) view[name] = row.values[name] ?? null
  }
  return view
}

/** What a list is asked to show of each record; the id always, so that pages can go on from it. */
export function selectNames(entity: Entity, select: readonly unknown[], row: RecordRow): string[] {
  const asked = select.filter((name): name is string => typeof name === 'string')
  const all = asked.length === 0 || asked.includes('*')
  const names = all ? Object.keys(entity.fields).filter((name) => entity.fields[name]?.type !== 'crm_multifield') : ['ID']
  if (asked.length === 0 || asked.includes('UF_*')) names.push(...Object.keys(row.values).filter(isCustom))
  for (const name of asked) {
    if (entity.fields[name]?.type !== 'crm_multifield' || row.values[name] !== undefined) names.push(name)
  }
  return names
}

/** crm.*.fields: crm_rest_field_description of api-reference/crm/data-types.md. */
export function describeFields(entity: Entity): Record<string, unknown> {
  return Object.fromEntries(Object.entries(entity.fields).map(([name, field]) => [name, describeField(field)]))
}

export function describeField(field: Field): Record<string, unknown> {
  return {
    type: field.type,
    isRequired: field.required === true,
    isReadOnly: field.readOnly === true,
    isImmutable: field.immutable === true,
    isMultiple: field.multiple === true,
    isDynamic: false,
    ...(field.deprecated === true ? { isDeprecated: true } : {}),
    ...(field.statusType === undefined ? {} : { statusType: field.statusType }),
    title: field.title,
    ...(field.parentEntityTypeId === undefined ? {} : { settings: { parentEntityTypeId: field.parentEntityTypeId } }),
  }
}
