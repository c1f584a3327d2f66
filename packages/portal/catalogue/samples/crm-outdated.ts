import type { CrmOutdatedEvents } from '@portline/wire/events/crm/outdated.ts'
import type { SamplesOf } from '../sample.ts'

/** Their pages describe the fields and print no example: these are made after the descriptions. */

const only = (id: number) => ({ FIELDS: { ID: id } })

const invoice = only(318)
const recurring = { FIELDS: { ID: 4, RECURRING_INVOICE_ID: 301 } }
const invoiceField = { id: 6_451, entityId: 'ORDER', fieldName: 'UF_CRM_1592601331' }
const product = only(412)
const property = only(97)
const section = only(25)
const measure = only(5)

export const CRM_OUTDATED_SAMPLES: SamplesOf<CrmOutdatedEvents> = {
  ONCRMINVOICEADD: invoice,
  ONCRMINVOICEUPDATE: invoice,
  ONCRMINVOICEDELETE: invoice,
  ONCRMINVOICESETSTATUS: invoice,
  ONCRMINVOICERECURRINGADD: recurring,
  ONCRMINVOICERECURRINGUPDATE: recurring,
  ONCRMINVOICERECURRINGDELETE: only(4),
  ONCRMINVOICERECURRINGEXPOSE: { FIELDS: { ...recurring.FIELDS, INVOICE_ID: 319 } },
  ONCRMINVOICEUSERFIELDADD: invoiceField,
  ONCRMINVOICEUSERFIELDUPDATE: invoiceField,
  ONCRMINVOICEUSERFIELDDELETE: invoiceField,
  ONCRMINVOICEUSERFIELDSETENUMVALUES: invoiceField,
  ONCRMPRODUCTADD: product,
  ONCRMPRODUCTUPDATE: product,
  ONCRMPRODUCTDELETE: product,
  ONCRMPRODUCTPROPERTYADD: property,
  ONCRMPRODUCTPROPERTYUPDATE: property,
  ONCRMPRODUCTPROPERTYDELETE: property,
  ONCRMPRODUCTSECTIONADD: section,
  ONCRMPRODUCTSECTIONUPDATE: section,
  ONCRMPRODUCTSECTIONDELETE: section,
  ONCRMMEASUREADD: measure,
  ONCRMMEASUREUPDATE: measure,
  ONCRMMEASUREDELETE: measure,
}
