import type { CrmActivityEvents } from '@portline/wire/events/crm/activities.ts'
import type { CrmRecordEvents } from '@portline/wire/events/crm/records.ts'
import type { CrmRequisiteEvents } from '@portline/wire/events/crm/requisites.ts'
import type { CrmSmartProcessEvents } from '@portline/wire/events/crm/smart-processes.ts'
import type { RecordKind, SampleFacts, SamplesOf } from '../sample.ts'

/** The record the portal has, or a plausible one. */
const idOf = (kind: RecordKind, otherwise: number) => (facts: SampleFacts) => ({ FIELDS: { ID: facts.id(kind, otherwise) } })
const fixed = (id: number | string) => ({ FIELDS: { ID: id } })

const lead = idOf('lead', 1_000_983)
const deal = idOf('deal', 6_641)
const contact = idOf('contact', 89)
const company = idOf('company', 2_917)
const quote = fixed(71)

const RECURRING_ID = 11
const TEMPLATE_DEAL_ID = 6_797

export const CRM_RECORD_SAMPLES: SamplesOf<CrmRecordEvents> = {
  ONCRMLEADADD: lead,
  ONCRMLEADUPDATE: lead,
  ONCRMLEADDELETE: lead,
  ONCRMDEALADD: deal,
  ONCRMDEALUPDATE: deal,
  ONCRMDEALDELETE: deal,
  ONCRMDEALMOVETOCATEGORY: (facts) => ({ FIELDS: { ID: facts.id('deal', 6_675), CATEGORY_ID: 1, STAGE_ID: 'C1:NEW' } }),
  ONCRMDEALRECURRINGADD: { FIELDS: { ID: RECURRING_ID, RECURRING_DEAL_ID: TEMPLATE_DEAL_ID } },
  ONCRMDEALRECURRINGUPDATE: { FIELDS: { ID: RECURRING_ID, RECURRING_DEAL_ID: TEMPLATE_DEAL_ID } },
  ONCRMDEALRECURRINGDELETE: fixed(RECURRING_ID),
  ONCRMDEALRECURRINGEXPOSE: (facts) => ({
    FIELDS: { ID: RECURRING_ID, RECURRING_DEAL_ID: TEMPLATE_DEAL_ID, DEAL_ID: facts.id('deal', 6_799) },
  }),
  ONCRMCONTACTADD: contact,
  ONCRMCONTACTUPDATE: contact,
  ONCRMCONTACTDELETE: contact,
  ONCRMCOMPANYADD: company,
  ONCRMCOMPANYUPDATE: company,
  ONCRMCOMPANYDELETE: company,
  ONCRMQUOTEADD: quote,
  ONCRMQUOTEUPDATE: quote,
  ONCRMQUOTEDELETE: quote,
}

const requisite = fixed(27)
const bankDetail = fixed(357)
/** The actual address (1) of a requisite (8) that belongs to a contact (3). */
const address = (facts: SampleFacts) => ({
  FIELDS: { TYPE_ID: 1, ENTITY_TYPE_ID: 8, ENTITY_ID: 27, ANCHOR_ID: facts.id('contact', 17_192), ANCHOR_TYPE_ID: 3 },
})

export const CRM_REQUISITE_SAMPLES: SamplesOf<CrmRequisiteEvents> = {
  ONCRMREQUISITEADD: requisite,
  ONCRMREQUISITEUPDATE: requisite,
  ONCRMREQUISITEDELETE: requisite,
  ONCRMBANKDETAILADD: bankDetail,
  ONCRMBANKDETAILUPDATE: bankDetail,
  ONCRMBANKDETAILDELETE: bankDetail,
  ONCRMADDRESSREGISTER: address,
  ONCRMADDRESSUNREGISTER: address,
}

const activity = fixed(999)
const comment = { ID: 1 }
/** Made from a lead (1). */
const document = (facts: SampleFacts) => ({ FIELDS: { ID: 1_869, ENTITY_TYPE_ID: 1, ENTITY_ID: facts.id('lead', 1_000_993) } })
const currency = fixed('CHF')

export const CRM_ACTIVITY_SAMPLES: SamplesOf<CrmActivityEvents> = {
  ONCRMACTIVITYADD: activity,
  ONCRMACTIVITYUPDATE: activity,
  ONCRMACTIVITYDELETE: activity,
  ONCRMTIMELINECOMMENTADD: comment,
  ONCRMTIMELINECOMMENTUPDATE: comment,
  ONCRMTIMELINECOMMENTDELETE: comment,
  ONCRMDOCUMENTGENERATORDOCUMENTADD: document,
  ONCRMDOCUMENTGENERATORDOCUMENTUPDATE: document,
  ONCRMDOCUMENTGENERATORDOCUMENTDELETE: document,
  ONCRMCURRENCYADD: currency,
  ONCRMCURRENCYUPDATE: currency,
  ONCRMCURRENCYDELETE: currency,
}

const SMART_PROCESS = 1_220

/** An item of one smart process; the code of a single one names it at its end. */
export function itemOf(entityTypeId: number): { readonly FIELDS: { readonly ID: number; readonly ENTITY_TYPE_ID: number } } {
  return { FIELDS: { ID: 22, ENTITY_TYPE_ID: entityTypeId } }
}

export const CRM_SMART_PROCESS_SAMPLES: SamplesOf<CrmSmartProcessEvents> = {
  ONCRMDYNAMICITEMADD: itemOf(SMART_PROCESS),
  ONCRMDYNAMICITEMUPDATE: itemOf(SMART_PROCESS),
  ONCRMDYNAMICITEMDELETE: itemOf(SMART_PROCESS),
  ONCRMTYPEADD: fixed(SMART_PROCESS),
  ONCRMTYPEUPDATE: fixed(SMART_PROCESS),
  ONCRMTYPEDELETE: fixed(SMART_PROCESS),
}
