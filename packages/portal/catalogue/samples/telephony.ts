import type { TelephonyEvents } from '@portline/wire/events/telephony.ts'
import type { SamplesOf } from '../sample.ts'
import { isoTime } from '../sample.ts'

const PHONE = '+494951234567'
const CALL_ID = 'externalCall.89350264e026dace3f2b14d1f438257c.1773236989'
const RENTED_CALL_ID = '5E316880469A6376.1773306964.8740011'
const RENTED_LINE = 'reg150908'
const LINE_NUMBER = '7'

export const TELEPHONY_SAMPLES: SamplesOf<TelephonyEvents> = {
  ONEXTERNALCALLSTART: (facts) => ({
    PHONE_NUMBER: PHONE, PHONE_NUMBER_INTERNATIONAL: PHONE, EXTENSION: '', USER_ID: facts.user.id, CALL_LIST_ID: 0, LINE_NUMBER,
    IS_MOBILE: 0, CALL_ID, CRM_ENTITY_TYPE: 'CONTACT', CRM_ENTITY_ID: facts.id('contact', 797),
  }),
  ONEXTERNALCALLBACKSTART: (facts) => ({
    PHONE_NUMBER: PHONE, TEXT: 'Somebody on the website asks to be called back', VOICE: 'ruinternalfemale',
    CRM_ENTITY_TYPE: 'CONTACT', CRM_ENTITY_ID: facts.id('contact', 5_785), LINE_NUMBER,
  }),
  ONVOXIMPLANTCALLINIT: {
    CALL_ID: RENTED_CALL_ID, CALL_TYPE: 1, ACCOUNT_SEARCH_ID: RENTED_LINE, PHONE_NUMBER: PHONE, CALLER_ID: RENTED_LINE,
  },
  ONVOXIMPLANTCALLSTART: ({ user }) => ({ CALL_ID: RENTED_CALL_ID, USER_ID: user.id }),
  ONVOXIMPLANTCALLEND: ({ user, nowMs }) => ({
    CALL_ID: RENTED_CALL_ID, CALL_TYPE: 1, PHONE_NUMBER: PHONE, PORTAL_NUMBER: RENTED_LINE, PORTAL_USER_ID: user.id,
    CALL_DURATION: 42, CALL_START_DATE: isoTime(nowMs - 60_000), COST: 0, COST_CURRENCY: '', CALL_FAILED_CODE: 200,
    CALL_FAILED_REASON: 'Success call', CRM_ACTIVITY_ID: 7_953,
  }),
}
