import type { IdData } from '../fields.ts'
import type { TraitsOf } from '../traits.ts'
import { crm } from './traits.ts'

/** An item of a smart process (api-reference/crm/universal/events). */
export interface OnCrmDynamicItemData {
  FIELDS: {
    ID: string
    /** Which smart process. */
    ENTITY_TYPE_ID: string
  }
}

export interface CrmSmartProcessEvents {
  ONCRMDYNAMICITEMADD: OnCrmDynamicItemData
  ONCRMDYNAMICITEMUPDATE: OnCrmDynamicItemData
  ONCRMDYNAMICITEMDELETE: OnCrmDynamicItemData
  /** The smart processes themselves. */
  ONCRMTYPEADD: IdData
  ONCRMTYPEUPDATE: IdData
  ONCRMTYPEDELETE: IdData
}

/** One code more for each smart process of a portal, `ONCRMDYNAMICITEMADD_147` (api-reference/events/events.md). */
export interface CrmItemOfTypeEvents {
  [code: `ONCRMDYNAMICITEMADD_${number}`]: OnCrmDynamicItemData
  [code: `ONCRMDYNAMICITEMUPDATE_${number}`]: OnCrmDynamicItemData
  [code: `ONCRMDYNAMICITEMDELETE_${number}`]: OnCrmDynamicItemData
}

export const CRM_SMART_PROCESS_TRAITS: TraitsOf<CrmSmartProcessEvents> = {
  ONCRMDYNAMICITEMADD: crm,
  ONCRMDYNAMICITEMUPDATE: crm,
  ONCRMDYNAMICITEMDELETE: crm,
  ONCRMTYPEADD: crm,
  ONCRMTYPEUPDATE: crm,
  ONCRMTYPEDELETE: crm,
}

const ITEM_OF_TYPE = /^ONCRMDYNAMICITEM(?:ADD|UPDATE|DELETE)_(?<entityTypeId>[1-9]\d{0,8})$/

/** @returns the entityTypeId of a code of one smart process, undefined for any other code */
export function entityTypeIdOf(code: string): number | undefined {
  const digits = ITEM_OF_TYPE.exec(code)?.groups?.['entityTypeId']
  return digits === undefined ? undefined : Number(digits)
}

export const ITEM_OF_TYPE_TRAITS = crm
