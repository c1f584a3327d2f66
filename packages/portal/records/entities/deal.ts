import type { Entity, Fields } from '../entity.ts'
import {
  authorFields, CRM_PARTICIPANTS, crmEvent, DEFAULT_CURRENCY, deriveFirst, deriveModified, deriveMoved, movedFields, onDay,
  utmFields,
} from './common.ts'

/** api-reference/crm/deals/crm-deal-fields.md */
const fields: Fields = {
  ID: { type: 'integer', title: 'ID', readOnly: true },
  TITLE: { type: 'string', title: 'Title', initial: ({ id }) => `Deal #${id}` },
  TYPE_ID: { type: 'crm_status', title: 'Type', statusType: 'DEAL_TYPE', initial: 'SALE' },
  CATEGORY_ID: { type: 'crm_category', title: 'Sales Funnel', immutable: true, initial: '0' },
  STAGE_ID: { type: 'crm_status', title: 'Deal Stage', statusType: 'DEAL_STAGE' },
  STAGE_SEMANTIC_ID: { type: 'string', title: 'Stage Group', readOnly: true },
  IS_NEW: { type: 'char', title: 'New Deal', readOnly: true, initial: 'Y' },
  IS_RECURRING: { type: 'char', title: 'Recurring Deal', initial: 'N' },
  IS_RETURN_CUSTOMER: { type: 'char', title: 'Repeat Deal', initial: 'N' },
  IS_REPEATED_APPROACH: { type: 'char', title: 'Repeated Approach', initial: 'N' },
  PROBABILITY: { type: 'integer', title: 'Probability' },
  CURRENCY_ID: { type: 'crm_currency', title: 'Currency', initial: DEFAULT_CURRENCY },
  OPPORTUNITY: { type: 'double', title: 'Amount', initial: '0.00' },
  IS_MANUAL_OPPORTUNITY: { type: 'char', title: 'IS_MANUAL_OPPORTUNITY', initial: 'N' },
  TAX_VALUE: { type: 'double', title: 'Tax Rate', initial: '0.00' },
  COMPANY_ID: { type: 'crm_company', title: 'Company', parentEntityTypeId: 4 },
  CONTACT_ID: { type: 'crm_contact', title: 'Contact', deprecated: true },
  CONTACT_IDS: { type: 'crm_contact', title: 'Contacts', multiple: true, hidden: true },
  QUOTE_ID: { type: 'crm_quote', title: 'Estimate', readOnly: true, parentEntityTypeId: 7 },
  BEGINDATE: { type: 'date', title: 'Start Date', initial: onDay(0) },
  CLOSEDATE: { type: 'date', title: 'Close Date', initial: onDay(7) },
  OPENED: { type: 'char', title: 'Available to All', initial: 'Y' },
  CLOSED: { type: 'char', title: 'Closed', initial: 'N' },
  COMMENTS: { type: 'string', title: 'Comment' },
  ...authorFields,
  ...movedFields,
  SOURCE_ID: { type: 'crm_status', title: 'Source', statusType: 'SOURCE', initial: 'CALL' },
  SOURCE_DESCRIPTION: { type: 'string', title: 'Additional Info about Source' },
  LEAD_ID: { type: 'crm_lead', title: 'Lead', readOnly: true, parentEntityTypeId: 1 },
  ADDITIONAL_INFO: { type: 'string', title: 'Additional Information' },
  LOCATION_ID: { type: 'location', title: 'Location' },
  ORIGINATOR_ID: { type: 'string', title: 'External Source' },
  ORIGIN_ID: { type: 'string', title: 'Identifier in External Source' },
  ...utmFields,
}

/** Final stages of every funnel, without its prefix `C1:`; every other is in progress. */
const SEMANTICS: Readonly<Record<string, string>> = { WON: 'S', LOSE: 'F', APOLOGY: 'F' }

export const deal: Entity = {
  table: 'deal',
  fields,
  participants: CRM_PARTICIPANTS,
  event: crmEvent('deal'),
  derive: (draft, before, moment) => {
    deriveModified(draft, moment)
    deriveFirst(draft, 'CONTACT_IDS', 'CONTACT_ID')
    const funnel = draft['CATEGORY_ID']
    draft['STAGE_ID'] ??= funnel === undefined || funnel === '0' ? 'NEW' : `C${String(funnel)}:NEW`
    const stage = String(draft['STAGE_ID'])
    const semantic = SEMANTICS[stage.replace(/^C\d+:/, '')] ?? 'P'
    draft['STAGE_SEMANTIC_ID'] = semantic
    draft['IS_NEW'] = /^(C\d+:)?NEW$/.test(stage) ? 'Y' : 'N'
    if (before?.['STAGE_ID'] === stage) return
    deriveMoved(draft, moment)
    draft['CLOSED'] = semantic === 'P' ? 'N' : 'Y'
  },
}
