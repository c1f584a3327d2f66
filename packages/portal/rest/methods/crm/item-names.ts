import type { Entity } from '../../../records/entity.ts'
import { isCustom } from '../../../records/entity.ts'

/** Names of crm.item.* that are not the camelCase of the field's own (api-reference/crm/universal/object-fields.md). */
const ITEM_NAMES: Readonly<Record<string, string>> = {
  DATE_CREATE: 'createdTime', DATE_MODIFY: 'updatedTime', CREATED_BY_ID: 'createdBy', MODIFY_BY_ID: 'updatedBy',
  MOVED_BY_ID: 'movedBy', STATUS_ID: 'stageId', STATUS_SEMANTIC_ID: 'stageSemanticId', COMPANY_TYPE: 'typeId',
}

/** `ASSIGNED_BY_ID` → `assignedById`, `UF_CRM_1_2` → `ufCrm1_2`. */
export function itemName(name: string): string {
  const known = Object.hasOwn(ITEM_NAMES, name) ? ITEM_NAMES[name] : undefined
  if (known !== undefined) return known
  if (isCustom(name)) return name.toLowerCase().replace(/^uf_crm_?/, 'ufCrm_')
  return name.toLowerCase().replaceAll(/_([a-z0-9])/g, (_match, char: string) => char.toUpperCase())
}

/** The field an item's name stands for; custom ones also under their original name. Whatever is unknown comes back as it is. */
export function fieldName(entity: Entity, given: string): string {
  const names = reverseNames(entity)
  if (names.has(given)) return names.get(given) ?? given
  const custom = /^ufCrm_?(.+)$/.exec(given)?.[1]
  return custom === undefined ? given : `UF_CRM_${custom.toUpperCase()}`
}

const REVERSE = new WeakMap<Entity, ReadonlyMap<string, string>>()

function reverseNames(entity: Entity): ReadonlyMap<string, string> {
  const names = REVERSE.get(entity) ?? new Map(Object.keys(entity.fields).map((name) => [itemName(name), name]))
  REVERSE.set(entity, names)
  return names
}
