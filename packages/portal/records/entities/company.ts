import type { Entity, Fields } from '../entity.ts'
import {
  addressFields, authorFields, CRM_PARTICIPANTS, crmEvent, DEFAULT_CURRENCY, deriveModified, deriveReach, multiFields, utmFields,
} from './common.ts'

/** api-reference/crm/companies/crm-company-fields.md */
const fields: Fields = {
  ID: { type: 'integer', title: 'ID', readOnly: true },
  TITLE: { type: 'string', title: 'Company Name', required: true, initial: ({ id }) => `Company #${id}` },
  COMPANY_TYPE: { type: 'crm_status', title: 'Company Type', statusType: 'COMPANY_TYPE', initial: 'CUSTOMER' },
  LOGO: { type: 'file', title: 'Logo' },
  ...addressFields,
  ADDRESS_LEGAL: { type: 'string', title: 'Legal Address' },
  REG_ADDRESS: { type: 'string', title: 'Legal Address' },
  REG_ADDRESS_2: { type: 'string', title: 'Legal Address (line 2)' },
  REG_ADDRESS_CITY: { type: 'string', title: 'Legal Address City' },
  REG_ADDRESS_POSTAL_CODE: { type: 'string', title: 'Legal Address Postal Code' },
  REG_ADDRESS_REGION: { type: 'string', title: 'Legal Address Region' },
  REG_ADDRESS_PROVINCE: { type: 'string', title: 'Legal Address Province' },
  REG_ADDRESS_COUNTRY: { type: 'string', title: 'Legal Address Country' },
  REG_ADDRESS_COUNTRY_CODE: { type: 'string', title: 'Legal Address Country Code' },
  REG_ADDRESS_LOC_ADDR_ID: { type: 'integer', title: 'Legal Address Location ID' },
  BANKING_DETAILS: { type: 'string', title: 'Banking Details' },
  INDUSTRY: { type: 'crm_status', title: 'Industry', statusType: 'INDUSTRY', initial: 'IT' },
  EMPLOYEES: { type: 'crm_status', title: 'Number of Employees', statusType: 'EMPLOYEES', initial: 'EMPLOYEES_1' },
  CURRENCY_ID: { type: 'crm_currency', title: 'Currency', initial: DEFAULT_CURRENCY },
  REVENUE: { type: 'double', title: 'Annual Revenue', initial: '0' },
  OPENED: { type: 'char', title: 'Available to Everyone', initial: 'Y' },
  COMMENTS: { type: 'string', title: 'Comment' },
  HAS_PHONE: { type: 'char', title: 'Phone Set', readOnly: true },
  HAS_EMAIL: { type: 'char', title: 'E-mail Set', readOnly: true },
  HAS_IMOL: { type: 'char', title: 'Open Line Set', readOnly: true },
  IS_MY_COMPANY: { type: 'char', title: 'My Company', initial: 'N' },
  ...authorFields,
  CONTACT_ID: { type: 'crm_contact', title: 'Contact', multiple: true, hidden: true },
  LEAD_ID: { type: 'crm_lead', title: 'Lead', readOnly: true, parentEntityTypeId: 1 },
  ORIGINATOR_ID: { type: 'string', title: 'External Source' },
  ORIGIN_ID: { type: 'string', title: 'Identifier in External Source' },
  ORIGIN_VERSION: { type: 'string', title: 'Original Version' },
  ...utmFields,
  LAST_COMMUNICATION_TIME: { type: 'string', title: 'Last Communication Date', readOnly: true },
  ...multiFields,
}

export const company: Entity = {
  table: 'company',
  fields,
  participants: CRM_PARTICIPANTS,
  event: crmEvent('company'),
  derive: (draft, _before, moment) => {
    deriveModified(draft, moment)
    deriveReach(draft)
  },
}
