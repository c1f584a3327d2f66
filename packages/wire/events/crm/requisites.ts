import type { IdData } from '../fields.ts'
import type { TraitsOf } from '../traits.ts'
import { crm } from './traits.ts'

/** An address has no id of its own (api-reference/crm/requisites/events/on-crm-address-register.md). */
export interface OnCrmAddressData {
  FIELDS: {
    /** Kind of address: 1 actual, 4 registered, 6 legal, 9 beneficiary … */
    TYPE_ID: string
    /** 8: of a requisite; 1: of a lead. */
    ENTITY_TYPE_ID: string
    ENTITY_ID: string
    /** The record the requisite belongs to: 3 contact, 4 company. */
    ANCHOR_TYPE_ID: string
    ANCHOR_ID: string
  }
}

/** Requisites, bank details and addresses (api-reference/crm/requisites/events). */
export interface CrmRequisiteEvents {
  ONCRMREQUISITEADD: IdData
  ONCRMREQUISITEUPDATE: IdData
  ONCRMREQUISITEDELETE: IdData
  ONCRMBANKDETAILADD: IdData
  ONCRMBANKDETAILUPDATE: IdData
  ONCRMBANKDETAILDELETE: IdData
  ONCRMADDRESSREGISTER: OnCrmAddressData
  ONCRMADDRESSUNREGISTER: OnCrmAddressData
}

export const CRM_REQUISITE_TRAITS: TraitsOf<CrmRequisiteEvents> = {
  ONCRMREQUISITEADD: crm,
  ONCRMREQUISITEUPDATE: crm,
  ONCRMREQUISITEDELETE: crm,
  ONCRMBANKDETAILADD: crm,
  ONCRMBANKDETAILUPDATE: crm,
  ONCRMBANKDETAILDELETE: crm,
  ONCRMADDRESSREGISTER: crm,
  ONCRMADDRESSUNREGISTER: crm,
}
