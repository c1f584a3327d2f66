import type { TraitsOf } from './traits.ts'

/** Calendar entries and sections (api-reference/calendar/…/events). Lower case, unlike almost every other `ID`. */
export interface OnCalendarData {
  id: string
}

export interface CalendarEvents {
  ONCALENDARENTRYADD: OnCalendarData
  ONCALENDARENTRYUPDATE: OnCalendarData
  ONCALENDARENTRYDELETE: OnCalendarData
  ONCALENDARSECTIONADD: OnCalendarData
  ONCALENDARSECTIONUPDATE: OnCalendarData
  ONCALENDARSECTIONDELETE: OnCalendarData
  /** Meeting rooms: in the module source (calendar_restservice) only, no page. */
  ONCALENDARROOMCREATE: OnCalendarData
  ONCALENDARROOMUPDATE: OnCalendarData
  ONCALENDARROOMDELETE: OnCalendarData
}

const calendar = { scope: 'calendar', queue: 'default', sendAuth: true, sendRefreshToken: true } as const

export const CALENDAR_TRAITS: TraitsOf<CalendarEvents> = {
  ONCALENDARENTRYADD: calendar,
  ONCALENDARENTRYUPDATE: calendar,
  ONCALENDARENTRYDELETE: calendar,
  ONCALENDARSECTIONADD: calendar,
  ONCALENDARSECTIONUPDATE: calendar,
  ONCALENDARSECTIONDELETE: calendar,
  ONCALENDARROOMCREATE: calendar,
  ONCALENDARROOMUPDATE: calendar,
  ONCALENDARROOMDELETE: calendar,
}
