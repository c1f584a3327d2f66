import type { User } from '../../../world/state.ts'
import { isoDate, isoDateTime } from '../../../records/dates.ts'

/** Fields of the scope `user` with their names (api-reference/user/user-fields.md). */
export const USER_FIELDS: Readonly<Record<string, string>> = {
  ID: 'ID',
  XML_ID: 'External code',
  ACTIVE: 'Activity',
  NAME: 'First Name',
  LAST_NAME: 'Last Name',
  SECOND_NAME: 'Middle Name',
  TITLE: 'User List',
  EMAIL: 'E-Mail',
  LAST_LOGIN: 'Last Authorization',
  DATE_REGISTER: 'Registration Date',
  TIME_ZONE: 'TIME_ZONE',
  IS_ONLINE: 'IS_ONLINE',
  TIMESTAMP_X: 'TIMESTAMP_X',
  LAST_ACTIVITY_DATE: 'LAST_ACTIVITY_DATE',
  PERSONAL_GENDER: 'Gender',
  PERSONAL_PROFESSION: 'Profession',
  PERSONAL_WWW: 'Homepage',
  PERSONAL_BIRTHDAY: 'Date of Birth',
  PERSONAL_PHOTO: 'Photo',
  PERSONAL_ICQ: 'ICQ',
  PERSONAL_PHONE: 'Personal Phone',
  PERSONAL_FAX: 'Fax',
  PERSONAL_MOBILE: 'Personal Mobile',
  PERSONAL_PAGER: 'Pager',
  PERSONAL_STREET: 'Residential Street',
  PERSONAL_CITY: 'Residential City',
  PERSONAL_STATE: 'State / Region',
  PERSONAL_ZIP: 'Zip Code',
  PERSONAL_COUNTRY: 'Country',
  PERSONAL_MAILBOX: 'P.O. Box',
  PERSONAL_NOTES: 'Additional Notes',
  WORK_PHONE: 'Company Phone',
  WORK_COMPANY: 'Company',
  WORK_POSITION: 'Job Title',
  WORK_DEPARTMENT: 'Department',
  WORK_WWW: 'Company Website',
  WORK_FAX: 'WORK_FAX',
  WORK_PAGER: 'WORK_PAGER',
  WORK_STREET: 'WORK_STREET',
  WORK_MAILBOX: 'WORK_MAILBOX',
  WORK_CITY: 'Work City',
  WORK_STATE: 'WORK_STATE',
  WORK_ZIP: 'WORK_ZIP',
  WORK_COUNTRY: 'WORK_COUNTRY',
  WORK_PROFILE: 'WORK_PROFILE',
  WORK_LOGO: 'WORK_LOGO',
  WORK_NOTES: 'WORK_NOTES',
  UF_SKYPE_LINK: 'Skype Chat Link',
  UF_ZOOM: 'Zoom',
  UF_EMPLOYMENT_DATE: 'Hire Date',
  UF_TIMEMAN: 'Time Tracking',
  UF_DEPARTMENT: 'Units',
  UF_INTERESTS: 'Interests',
  UF_SKILLS: 'Skills',
  UF_WEB_SITES: 'Other Websites',
  UF_XING: 'Xing',
  UF_LINKEDIN: 'LinkedIn',
  UF_FACEBOOK: 'Facebook',
  UF_TWITTER: 'Twitter',
  UF_SKYPE: 'Skype',
  UF_DISTRICT: 'District',
  UF_PHONE_INNER: 'Extension',
  USER_TYPE: 'USER_TYPE',
}

/** api-reference/user/user-scope.md */
const BASIC: ReadonlySet<string> = new Set([
  'ID', 'XML_ID', 'ACTIVE', 'NAME', 'LAST_NAME', 'SECOND_NAME', 'TITLE', 'EMAIL', 'PERSONAL_PHONE', 'WORK_PHONE',
  'WORK_POSITION', 'WORK_COMPANY', 'IS_ONLINE', 'TIME_ZONE', 'TIMESTAMP_X', 'DATE_REGISTER', 'LAST_ACTIVITY_DATE',
  'PERSONAL_PROFESSION', 'PERSONAL_GENDER', 'PERSONAL_BIRTHDAY', 'PERSONAL_PHOTO', 'PERSONAL_FAX', 'PERSONAL_MOBILE',
  'PERSONAL_PAGER', 'PERSONAL_STREET', 'PERSONAL_MAILBOX', 'PERSONAL_CITY', 'PERSONAL_STATE', 'PERSONAL_ZIP',
  'PERSONAL_COUNTRY', 'PERSONAL_NOTES', 'WORK_DEPARTMENT', 'WORK_WWW', 'WORK_FAX', 'WORK_PAGER', 'WORK_STREET',
  'WORK_MAILBOX', 'WORK_CITY', 'WORK_STATE', 'WORK_ZIP', 'WORK_COUNTRY', 'WORK_PROFILE', 'WORK_LOGO', 'WORK_NOTES',
  'UF_DEPARTMENT', 'UF_DISTRICT', 'UF_SKYPE', 'UF_SKYPE_LINK', 'UF_ZOOM', 'UF_TWITTER', 'UF_FACEBOOK', 'UF_LINKEDIN',
  'UF_XING', 'UF_WEB_SITES', 'UF_PHONE_INNER', 'UF_EMPLOYMENT_DATE', 'UF_TIMEMAN', 'UF_SKILLS', 'UF_INTERESTS',
])
const BRIEF: ReadonlySet<string> = new Set([
  'ID', 'XML_ID', 'ACTIVE', 'NAME', 'LAST_NAME', 'SECOND_NAME', 'TITLE', 'IS_ONLINE', 'TIME_ZONE', 'PERSONAL_PHOTO',
  'TIMESTAMP_X', 'DATE_REGISTER', 'PERSONAL_PROFESSION', 'PERSONAL_GENDER', 'PERSONAL_BIRTHDAY', 'PERSONAL_CITY',
  'PERSONAL_STATE', 'PERSONAL_COUNTRY', 'WORK_POSITION', 'WORK_CITY', 'WORK_STATE', 'WORK_COUNTRY', 'LAST_ACTIVITY_DATE',
  'UF_EMPLOYMENT_DATE', 'UF_TIMEMAN', 'UF_SKILLS', 'UF_INTERESTS', 'UF_DEPARTMENT', 'UF_PHONE_INNER',
])

/** Scopes that let an app see users, from the widest on; each is enough for the methods that only read. */
export const USER_SCOPES = ['user', 'user_basic', 'user_brief'] as const

/** What the widest of the granted scopes shows. USER_TYPE is in all of them (module source: getAllowedUserFields). */
export function allowedUserFields(granted: readonly string[]): string[] {
  const allowed = granted.includes('user') ? undefined : granted.includes('user_basic') ? BASIC : BRIEF
  return Object.keys(USER_FIELDS).filter((name) => allowed === undefined || allowed.has(name) || name === 'USER_TYPE')
}

/** A user as text by field; what is not known of him is absent, and then also from answers. */
export function userValues(user: User, nowMs: number): Record<string, string | readonly string[]> {
  return {
    UF_DEPARTMENT: ['1'],
    PERSONAL_GENDER: '',
    PERSONAL_BIRTHDAY: '',
    WORK_POSITION: '',
    UF_EMPLOYMENT_DATE: '',
    ...user.profile,
    ID: String(user.id),
    ACTIVE: user.active ? 'Y' : 'N',
    NAME: user.name,
    LAST_NAME: user.lastName,
    EMAIL: user.email,
    DATE_REGISTER: isoDate(Date.parse(user.registered)),
    TIME_ZONE: '',
    IS_ONLINE: user.active && user.invited !== true ? 'Y' : 'N',
    USER_TYPE: 'employee',
    ...(user.invited === true ? {} : { LAST_LOGIN: isoDateTime(nowMs), LAST_ACTIVITY_DATE: isoDateTime(nowMs) }),
  }
}

/** The user as answers and ONUSERADD show him: ACTIVE is a boolean, departments are numbers. */
export function viewUser(user: User, nowMs: number, names: readonly string[]): Record<string, unknown> {
  const values = userValues(user, nowMs)
  const view: Record<string, unknown> = {}
  for (const name of names) if (Object.hasOwn(values, name)) view[name] = shown(name, values[name])
  return view
}

function shown(name: string, value: string | readonly string[] | undefined): unknown {
  if (name === 'ACTIVE') return value === 'Y'
  if (name === 'UF_DEPARTMENT' && Array.isArray(value)) return value.map(Number)
  if (name === 'LAST_ACTIVITY_DATE' && typeof value === 'string') return value.slice(0, 19).replace('T', ' ')
  return value
}
