import type { IdData } from '../fields.ts'
import type { TraitsOf } from '../traits.ts'
import { crm } from './traits.ts'

/** api-reference/crm/deals/events/on-crm-deal-move-to-category.md */
export interface OnCrmDealMoveToCategoryData {
  /** Where the deal is now. */
  FIELDS: { ID: string; CATEGORY_ID: string; STAGE_ID: string }
}

/** api-reference/crm/deals/recurring-deals/events: ID is the row of the settings, not a deal. */
export interface OnCrmDealRecurringData {
  FIELDS: {
    ID: string
    /** The template. */
    RECURRING_DEAL_ID: string
  }
}

/** A deal was made from its template. */
export interface OnCrmDealRecurringExposeData {
  FIELDS: { ID: string; RECURRING_DEAL_ID: string; DEAL_ID: string }
}

/** Leads, deals, contacts, companies and quotes (api-reference/crm/{leads,deals,contacts,companies,quote}/events). */
export interface CrmRecordEvents {
  ONCRMLEADADD: IdData
  ONCRMLEADUPDATE: IdData
  ONCRMLEADDELETE: IdData
  ONCRMDEALADD: IdData
  ONCRMDEALUPDATE: IdData
  ONCRMDEALDELETE: IdData
  ONCRMDEALMOVETOCATEGORY: OnCrmDealMoveToCategoryData
  ONCRMDEALRECURRINGADD: OnCrmDealRecurringData
  ONCRMDEALRECURRINGUPDATE: OnCrmDealRecurringData
  ONCRMDEALRECURRINGDELETE: IdData
  ONCRMDEALRECURRINGEXPOSE: OnCrmDealRecurringExposeData
  ONCRMCONTACTADD: IdData
  ONCRMCONTACTUPDATE: IdData
  ONCRMCONTACTDELETE: IdData
  ONCRMCOMPANYADD: IdData
  ONCRMCOMPANYUPDATE: IdData
  ONCRMCOMPANYDELETE: IdData
  ONCRMQUOTEADD: IdData
  ONCRMQUOTEUPDATE: IdData
  ONCRMQUOTEDELETE: IdData
}

export const CRM_RECORD_TRAITS: TraitsOf<CrmRecordEvents> = {
  ONCRMLEADADD: crm,
  ONCRMLEADUPDATE: crm,
  ONCRMLEADDELETE: crm,
  ONCRMDEALADD: crm,
  ONCRMDEALUPDATE: crm,
  ONCRMDEALDELETE: crm,
  ONCRMDEALMOVETOCATEGORY: crm,
  ONCRMDEALRECURRINGADD: crm,
  ONCRMDEALRECURRINGUPDATE: crm,
  ONCRMDEALRECURRINGDELETE: crm,
  ONCRMDEALRECURRINGEXPOSE: crm,
  ONCRMCONTACTADD: crm,
  ONCRMCONTACTUPDATE: crm,
  ONCRMCONTACTDELETE: crm,
  ONCRMCOMPANYADD: crm,
  ONCRMCOMPANYUPDATE: crm,
  ONCRMCOMPANYDELETE: crm,
  ONCRMQUOTEADD: crm,
  ONCRMQUOTEUPDATE: crm,
  ONCRMQUOTEDELETE: crm,
}
