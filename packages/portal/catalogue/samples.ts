import type { CataloguedCode, CataloguedEvents } from '@portline/wire/events/catalogue.ts'
import { isCatalogued } from '@portline/wire/events/catalogue.ts'
import { entityTypeIdOf } from '@portline/wire/events/crm/smart-processes.ts'
import type { PhpValue } from '@portline/wire/form/value.ts'
import type { SampleFacts, SamplesOf } from './sample.ts'
import { CALENDAR_SAMPLES, LOG_SAMPLES, SIGN_SAMPLES, SONET_SAMPLES, TASK_SAMPLES } from './samples/collaboration.ts'
import { BOOKING_SAMPLES, CATALOG_SAMPLES, SALE_SAMPLES } from './samples/commerce.ts'
import { CRM_OUTDATED_SAMPLES } from './samples/crm-outdated.ts'
import { CRM_USER_FIELD_SAMPLES } from './samples/crm-user-fields.ts'
import {
  CRM_ACTIVITY_SAMPLES, CRM_RECORD_SAMPLES, CRM_REQUISITE_SAMPLES, CRM_SMART_PROCESS_SAMPLES, itemOf,
} from './samples/crm.ts'
import { IM_SAMPLES, IMBOT_V2_SAMPLES } from './samples/im.ts'
import { IMBOT_SAMPLES } from './samples/imbot.ts'
import { LIFECYCLE_SAMPLES, USER_SAMPLES } from './samples/lifecycle.ts'
import { IMCONNECTOR_SAMPLES, IMOPENLINES_SAMPLES } from './samples/open-lines.ts'
import { TELEPHONY_SAMPLES } from './samples/telephony.ts'

const SAMPLES: SamplesOf<CataloguedEvents> = {
  ...LIFECYCLE_SAMPLES, ...USER_SAMPLES, ...CRM_RECORD_SAMPLES, ...CRM_USER_FIELD_SAMPLES, ...CRM_REQUISITE_SAMPLES,
  ...CRM_ACTIVITY_SAMPLES, ...CRM_SMART_PROCESS_SAMPLES, ...CRM_OUTDATED_SAMPLES, ...CATALOG_SAMPLES, ...SALE_SAMPLES,
  ...IMCONNECTOR_SAMPLES, ...IMOPENLINES_SAMPLES, ...IM_SAMPLES, ...IMBOT_SAMPLES, ...IMBOT_V2_SAMPLES, ...TELEPHONY_SAMPLES,
  ...TASK_SAMPLES, ...CALENDAR_SAMPLES, ...SONET_SAMPLES, ...LOG_SAMPLES, ...BOOKING_SAMPLES, ...SIGN_SAMPLES,
}

/** Realistic data of any event; null for those that have none and for codes nobody knows. */
export function sampleData(code: string, facts: SampleFacts): PhpValue {
  if (isCatalogued(code)) return sampleOf(code, facts)
  const entityTypeId = entityTypeIdOf(code)
  return entityTypeId === undefined ? null : itemOf(entityTypeId)
}

function sampleOf(code: CataloguedCode, facts: SampleFacts): PhpValue {
  const sample: PhpValue | ((facts: SampleFacts) => PhpValue) = SAMPLES[code]
  return typeof sample === 'function' ? sample(facts) : sample
}
