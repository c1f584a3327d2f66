import type { Entity, Fields } from '../entity.ts'
import {
  addressFields, authorFields, CRM_PARTICIPANTS, crmEvent, deriveFirst, deriveModified, deriveReach, multiFields, utmFields,
} from './common.ts'

/** api-reference/crm/contacts/crm-contact-fields.md */
const fields: Fields = {
  ID: { type: 'integer', title: 'ID', readOnly: true },
  HONORIFIC: { type: 'crm_status', title: 'Salutation', statusType: 'HONORIFIC' },
  NAME: { type: 'string', title: 'First Name' },
  SECOND_NAME: { type: 'string', title: 'Middle Name' },
  LAST_NAME: { type: 'string', title: 'Last Name' },
  PHOTO: { type: 'file', title: 'Photo' },
  BIRTHDATE: { type: 'date', title: 'Birthdate' },
  TYPE_ID: { type: 'crm_status', title: 'Contact Type', statusType: 'CONTACT_TYPE', initial: 'CLIENT' },
  SOURCE_ID: { type: 'crm_status', title: 'Source', statusType: 'SOURCE', initial: 'CALL' },
  SOURCE_DESCRIPTION: { type: 'string', title: 'Additional Source Information' },
  POST: { type: 'string', title: 'Position' },
  ...addressFields,
  COMMENTS: { type: 'string', title: 'Comment' },
  OPENED: { type: 'char', title: 'Available to All', initial: 'Y' },
  EXPORT: { type: 'char', title: 'Participates in Contact Export', initial: 'Y' },
  HAS_PHONE: { type: 'char', title: 'Phone Set', readOnly: true },
  HAS_EMAIL: { type: 'char', title: 'E-mail Set', readOnly: true },
  HAS_IMOL: { type: 'char', title: 'Open Line Set', readOnly: true },
  ...authorFields,
  COMPANY_ID: { type: 'crm_company', title: 'Company', deprecated: true },
  COMPANY_IDS: { type: 'crm_company', title: 'COMPANY_IDS', multiple: true, hidden: true },
  LEAD_ID: { type: 'crm_lead', title: 'Lead', readOnly: true, parentEntityTypeId: 1 },
  ORIGINATOR_ID: { type: 'string', title: 'External Source' },
  ORIGIN_ID: { type: 'string', title: 'Identifier in External Source' },
  ORIGIN_VERSION: { type: 'string', title: 'Original Version' },
  ...utmFields,
  ...multiFields,
}

export const contact: Entity = {
  table: 'contact',
  fields,
  participants: CRM_PARTICIPANTS,
  event: crmEvent('contact'),
  derive: (draft, _before, moment) => {
    deriveModified(draft, moment)
    deriveReach(draft)
    deriveFirst(draft, 'COMPANY_IDS', 'COMPANY_ID')
  },
}
