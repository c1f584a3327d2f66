import type { IdData } from '../fields.ts'
import type { TraitsOf } from '../traits.ts'
import { crm } from './traits.ts'

/** Old invoices, products, sections and units of measure (api-reference/crm/outdated). Their pages have no example of a post. */

/** outdated/invoice/events-invoice/on-crm-invoice-recurring-add.md; ID is the row of the settings. */
export interface OnCrmInvoiceRecurringData {
  FIELDS: {
    ID: string
    /** The template. */
    RECURRING_INVOICE_ID: string
  }
}

/** An invoice was made from its template. */
export interface OnCrmInvoiceRecurringExposeData {
  FIELDS: { ID: string; RECURRING_INVOICE_ID: string; INVOICE_ID: string }
}

/** outdated/invoice/events-invoice/on-crm-invoice-user-field-add.md: not within FIELDS and not in upper case, unlike others. */
export interface OnCrmInvoiceUserFieldData {
  id: string
  entityId: string
  fieldName: string
}

export interface CrmOutdatedEvents {
  ONCRMINVOICEADD: IdData
  ONCRMINVOICEUPDATE: IdData
  ONCRMINVOICEDELETE: IdData
  ONCRMINVOICESETSTATUS: IdData
  ONCRMINVOICERECURRINGADD: OnCrmInvoiceRecurringData
  ONCRMINVOICERECURRINGUPDATE: OnCrmInvoiceRecurringData
  ONCRMINVOICERECURRINGDELETE: IdData
  ONCRMINVOICERECURRINGEXPOSE: OnCrmInvoiceRecurringExposeData
  ONCRMINVOICEUSERFIELDADD: OnCrmInvoiceUserFieldData
  ONCRMINVOICEUSERFIELDUPDATE: OnCrmInvoiceUserFieldData
  ONCRMINVOICEUSERFIELDDELETE: OnCrmInvoiceUserFieldData
  ONCRMINVOICEUSERFIELDSETENUMVALUES: OnCrmInvoiceUserFieldData
  ONCRMPRODUCTADD: IdData
  ONCRMPRODUCTUPDATE: IdData
  ONCRMPRODUCTDELETE: IdData
  ONCRMPRODUCTPROPERTYADD: IdData
  ONCRMPRODUCTPROPERTYUPDATE: IdData
  ONCRMPRODUCTPROPERTYDELETE: IdData
  ONCRMPRODUCTSECTIONADD: IdData
  ONCRMPRODUCTSECTIONUPDATE: IdData
  ONCRMPRODUCTSECTIONDELETE: IdData
  ONCRMMEASUREADD: IdData
  ONCRMMEASUREUPDATE: IdData
  ONCRMMEASUREDELETE: IdData
}

export const CRM_OUTDATED_TRAITS: TraitsOf<CrmOutdatedEvents> = {
  ONCRMINVOICEADD: crm,
  ONCRMINVOICEUPDATE: crm,
  ONCRMINVOICEDELETE: crm,
  ONCRMINVOICESETSTATUS: crm,
  ONCRMINVOICERECURRINGADD: crm,
  ONCRMINVOICERECURRINGUPDATE: crm,
  ONCRMINVOICERECURRINGDELETE: crm,
  ONCRMINVOICERECURRINGEXPOSE: crm,
  ONCRMINVOICEUSERFIELDADD: crm,
  ONCRMINVOICEUSERFIELDUPDATE: crm,
  ONCRMINVOICEUSERFIELDDELETE: crm,
  ONCRMINVOICEUSERFIELDSETENUMVALUES: crm,
  ONCRMPRODUCTADD: crm,
  ONCRMPRODUCTUPDATE: crm,
  ONCRMPRODUCTDELETE: crm,
  ONCRMPRODUCTPROPERTYADD: crm,
  ONCRMPRODUCTPROPERTYUPDATE: crm,
  ONCRMPRODUCTPROPERTYDELETE: crm,
  ONCRMPRODUCTSECTIONADD: crm,
  ONCRMPRODUCTSECTIONUPDATE: crm,
  ONCRMPRODUCTSECTIONDELETE: crm,
  ONCRMMEASUREADD: crm,
  ONCRMMEASUREUPDATE: crm,
  ONCRMMEASUREDELETE: crm,
}
