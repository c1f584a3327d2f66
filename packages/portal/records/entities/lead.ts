import { isoDateTime } from '../dates.ts'
import type { DraftValues, Entity, Fields } from '../entity.ts'
import {
  addressFields, authorFields, CRM_PARTICIPANTS, crmEvent, DEFAULT_CURRENCY, deriveFirst, deriveModified, deriveMoved,
  deriveReach, movedFields, multiFields, utmFields,
} from './common.ts'

/** api-reference/crm/leads/crm-lead-fields.md */
const fields: Fields = {
  ID: { type: 'integer', title: 'ID', readOnly: true },
  TITLE: { type: 'string', title: 'Lead Title', initial: ({ id }) => `Lead #${id}` },
  HONORIFIC: { type: 'crm_status', title: 'Salutation', statusType: 'HONORIFIC' },
  NAME: { type: 'string', title: 'First Name' },
  SECOND_NAME: { type: 'string', title: 'Middle Name' },
  LAST_NAME: { type: 'string', title: 'Last Name' },
  BIRTHDATE: { type: 'date', title: 'Birthdate' },
  COMPANY_TITLE: { type: 'string', title: 'Company Name' },
  SOURCE_ID: { type: 'crm_status', title: 'Source', statusType: 'SOURCE', initial: 'CALL' },
  SOURCE_DESCRIPTION: { type: 'string', title: 'Source Description' },
  STATUS_ID: { type: 'crm_status', title: 'Stage', statusType: 'STATUS', initial: 'NEW' },
  STATUS_DESCRIPTION: { type: 'string', title: 'Stage Description' },
  STATUS_SEMANTIC_ID: { type: 'string', title: 'Status Semantic', readOnly: true },
  POST: { type: 'string', title: 'Position' },
  ...addressFields,
  CURRENCY_ID: { type: 'crm_currency', title: 'Currency', initial: DEFAULT_CURRENCY },
  OPPORTUNITY: { type: 'double', title: 'Amount', initial: '0.00' },
  IS_MANUAL_OPPORTUNITY: { type: 'char', title: 'IS_MANUAL_OPPORTUNITY', initial: 'N' },
  OPENED: { type: 'char', title: 'Available to All', initial: 'Y' },
  COMMENTS: { type: 'string', title: 'Comments' },
  HAS_PHONE: { type: 'char', title: 'Phone Provided', readOnly: true },
  HAS_EMAIL: { type: 'char', title: 'Email Provided', readOnly: true },
  HAS_IMOL: { type: 'char', title: 'Open Line Assigned', readOnly: true },
  ...authorFields,
  ...movedFields,
  COMPANY_ID: { type: 'crm_company', title: 'Company', parentEntityTypeId: 4 },
  CONTACT_ID: { type: 'crm_contact', title: 'Contact', deprecated: true },
  CONTACT_IDS: { type: 'crm_contact', title: 'CONTACT_IDS', multiple: true, hidden: true },
  IS_RETURN_CUSTOMER: { type: 'char', title: 'Returning Lead', readOnly: true, initial: 'N' },
  DATE_CLOSED: { type: 'datetime', title: 'Closing Date', readOnly: true },
  ORIGINATOR_ID: { type: 'string', title: 'External Source' },
  ORIGIN_ID: { type: 'string', title: 'Identifier in External Source' },
  ...utmFields,
  ...multiFields,
}

/** Stages of which a lead does not come back; every other is in progress. */
const SEMANTICS: Readonly<Record<string, string>> = { CONVERTED: 'S', JUNK: 'F' }

export const lead: Entity = {
  table: 'lead',
  fields,
  participants: CRM_PARTICIPANTS,
  event: crmEvent('lead'),
  derive: (draft, before, moment) => {
    deriveModified(draft, moment)
    deriveReach(draft)
    deriveFirst(draft, 'CONTACT_IDS', 'CONTACT_ID')
    const semantic = SEMANTICS[String(draft['STATUS_ID'])] ?? 'P'
    draft['STATUS_SEMANTIC_ID'] = semantic
    if (before?.['STATUS_ID'] === draft['STATUS_ID']) return
    deriveMoved(draft, moment)
    close(draft, semantic !== 'P', moment.nowMs)
  },
}

function close(draft: DraftValues, closed: boolean, nowMs: number): void {
  if (closed) draft['DATE_CLOSED'] = isoDateTime(nowMs)
  else delete draft['DATE_CLOSED']
}
