import type { TraitsOf } from './traits.ts'

/** Which CRM record a call belongs to; both absent when it belongs to none. */
export interface CallCrmEntity {
  /** `LEAD`, `CONTACT` or `COMPANY`. */
  CRM_ENTITY_TYPE?: string
  CRM_ENTITY_ID?: string
}

/** api-reference/telephony/events/on-external-call-start.md */
export interface OnExternalCallStartData extends CallCrmEntity {
  PHONE_NUMBER: string
  PHONE_NUMBER_INTERNATIONAL?: string
  EXTENSION?: string
  USER_ID: string
  /** 0: not out of a call list. */
  CALL_LIST_ID?: string
  /** Absent or empty: the default line. */
  LINE_NUMBER?: string
  IS_MOBILE?: '0' | '1'
  CALL_ID: string
}

/** api-reference/telephony/events/on-external-call-back-start.md */
export interface OnExternalCallBackStartData extends CallCrmEntity {
  PHONE_NUMBER: string
  /** Spoken to the employee before the call begins. */
  TEXT?: string
  VOICE?: string
  LINE_NUMBER?: string
}

/** 1 outgoing, 2 incoming, 3 incoming and forwarded, 4 callback, 5 informational. */
export type CallType = '1' | '2' | '3' | '4' | '5'

/** api-reference/telephony/voximplant/events/on-voximplant-call-init.md */
export interface OnVoximplantCallInitData {
  CALL_ID: string
  CALL_TYPE: CallType
  /** The line; absent for calls of a telephony app. */
  ACCOUNT_SEARCH_ID?: string
  /** Absent for calls of a telephony app. */
  PHONE_NUMBER?: string
  CALLER_ID: string
  /** Only for calls of a telephony app. */
  REST_APP_ID?: string
}

/** api-reference/telephony/voximplant/events/on-voximplant-call-start.md */
export interface OnVoximplantCallStartData {
  CALL_ID: string
  USER_ID: string
}

/** api-reference/telephony/voximplant/events/on-voximplant-call-end.md */
export interface OnVoximplantCallEndData {
  CALL_ID: string
  CALL_TYPE: CallType
  PHONE_NUMBER: string
  PORTAL_NUMBER: string
  PORTAL_USER_ID: string
  /** Seconds. */
  CALL_DURATION: string
  /** ISO 8601. */
  CALL_START_DATE: string
  COST?: string
  COST_CURRENCY?: string
  /** A SIP code: 200 answered, 304 missed, 603 declined … */
  CALL_FAILED_CODE: string
  CALL_FAILED_REASON?: string
  CRM_ACTIVITY_ID?: string
}

export interface TelephonyEvents {
  ONEXTERNALCALLSTART: OnExternalCallStartData
  ONEXTERNALCALLBACKSTART: OnExternalCallBackStartData
  ONVOXIMPLANTCALLINIT: OnVoximplantCallInitData
  ONVOXIMPLANTCALLSTART: OnVoximplantCallStartData
  ONVOXIMPLANTCALLEND: OnVoximplantCallEndData
}

const telephony = { scope: 'telephony', queue: 'telephony', sendAuth: true, sendRefreshToken: false } as const

export const TELEPHONY_TRAITS: TraitsOf<TelephonyEvents> = {
  ONEXTERNALCALLSTART: telephony,
  ONEXTERNALCALLBACKSTART: telephony,
  ONVOXIMPLANTCALLINIT: telephony,
  ONVOXIMPLANTCALLSTART: telephony,
  ONVOXIMPLANTCALLEND: telephony,
}
