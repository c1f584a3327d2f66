import type { IdData } from '../fields.ts'
import type { TraitsOf } from '../traits.ts'
import { crm } from './traits.ts'

/** api-reference/crm/timeline/comments/events: the id, and not within FIELDS. */
export interface OnCrmTimelineCommentData {
  ID: string
}

/** api-reference/crm/document-generator/documents/events */
export interface OnCrmDocumentData {
  FIELDS: {
    ID: string
    /** 1 lead, 2 deal, 3 contact, 4 company …: the record it was made from. */
    ENTITY_TYPE_ID: string
    ENTITY_ID: string
  }
}

/** api-reference/crm/currency/events: the id is the currency's code, `EUR`. */
export type OnCrmCurrencyData = IdData

/** What hangs on records, and currencies (api-reference/crm/timeline/activities/events for activities). */
export interface CrmActivityEvents {
  ONCRMACTIVITYADD: IdData
  ONCRMACTIVITYUPDATE: IdData
  ONCRMACTIVITYDELETE: IdData
  ONCRMTIMELINECOMMENTADD: OnCrmTimelineCommentData
  ONCRMTIMELINECOMMENTUPDATE: OnCrmTimelineCommentData
  ONCRMTIMELINECOMMENTDELETE: OnCrmTimelineCommentData
  ONCRMDOCUMENTGENERATORDOCUMENTADD: OnCrmDocumentData
  ONCRMDOCUMENTGENERATORDOCUMENTUPDATE: OnCrmDocumentData
  ONCRMDOCUMENTGENERATORDOCUMENTDELETE: OnCrmDocumentData
  ONCRMCURRENCYADD: OnCrmCurrencyData
  ONCRMCURRENCYUPDATE: OnCrmCurrencyData
  ONCRMCURRENCYDELETE: OnCrmCurrencyData
}

export const CRM_ACTIVITY_TRAITS: TraitsOf<CrmActivityEvents> = {
  ONCRMACTIVITYADD: crm,
  ONCRMACTIVITYUPDATE: crm,
  ONCRMACTIVITYDELETE: crm,
  ONCRMTIMELINECOMMENTADD: crm,
  ONCRMTIMELINECOMMENTUPDATE: crm,
  ONCRMTIMELINECOMMENTDELETE: crm,
  ONCRMDOCUMENTGENERATORDOCUMENTADD: crm,
  ONCRMDOCUMENTGENERATORDOCUMENTUPDATE: crm,
  ONCRMDOCUMENTGENERATORDOCUMENTDELETE: crm,
  ONCRMCURRENCYADD: crm,
  ONCRMCURRENCYUPDATE: crm,
  ONCRMCURRENCYDELETE: crm,
}
