import { isoDate, isoDateTime } from '../dates.ts'
import type { Change, DraftValues, Entity, Fields, Moment } from '../entity.ts'

/** Currency of a new record; the portal's base currency. */
export const DEFAULT_CURRENCY = 'USD'
/** Currencies of this portal; any other is refused. */
export const CURRENCIES: ReadonlySet<string> = new Set([
  'AED', 'BRL', 'BYN', 'CAD', 'CHF', 'CNY', 'CZK', 'EUR', 'GBP', 'INR', 'JPY', 'KZT', 'MXN', 'PLN', 'RUB', 'TRY', 'UAH', 'USD',
])

export function byUser({ userId }: Moment): string {
  return String(userId)
}

export function atNow({ nowMs }: Moment): string {
  return isoDateTime(nowMs)
}

/** Midnight of a day that many days from now. */
export function onDay(daysFromNow: number): (moment: Moment) => string {
  return ({ nowMs }) => isoDate(nowMs + daysFromNow * DAY_MS)
}

const DAY_MS = 86_400_000

export const authorFields: Fields = {
  ASSIGNED_BY_ID: { type: 'user', title: 'Responsible', initial: byUser },
  CREATED_BY_ID: { type: 'user', title: 'Created By', readOnly: true, initial: byUser },
  MODIFY_BY_ID: { type: 'user', title: 'Modified By', readOnly: true, initial: byUser },
  DATE_CREATE: { type: 'datetime', title: 'Creation Date', readOnly: true, initial: atNow },
  DATE_MODIFY: { type: 'datetime', title: 'Modification Date', readOnly: true, initial: atNow },
  LAST_ACTIVITY_TIME: { type: 'datetime', title: 'LAST_ACTIVITY_TIME', readOnly: true, initial: atNow },
  LAST_ACTIVITY_BY: { type: 'user', title: 'LAST_ACTIVITY_BY', readOnly: true, initial: byUser },
}

export const movedFields: Fields = {
  MOVED_BY_ID: { type: 'user', title: 'MOVED_BY_ID', readOnly: true, initial: byUser },
  MOVED_TIME: { type: 'datetime', title: 'MOVED_TIME', readOnly: true, initial: atNow },
}

export const utmFields: Fields = {
  UTM_SOURCE: { type: 'string', title: 'Advertising System' },
  UTM_MEDIUM: { type: 'string', title: 'Traffic Type' },
  UTM_CAMPAIGN: { type: 'string', title: 'Campaign Identifier' },
  UTM_CONTENT: { type: 'string', title: 'Campaign Content' },
  UTM_TERM: { type: 'string', title: 'Campaign Search Term' },
}

export const addressFields: Fields = {
  ADDRESS: { type: 'string', title: 'Address' },
  ADDRESS_2: { type: 'string', title: 'Address (Line 2)' },
  ADDRESS_CITY: { type: 'string', title: 'City' },
  ADDRESS_POSTAL_CODE: { type: 'string', title: 'Postal Code' },
  ADDRESS_REGION: { type: 'string', title: 'Region' },
  ADDRESS_PROVINCE: { type: 'string', title: 'Province' },
  ADDRESS_COUNTRY: { type: 'string', title: 'Country' },
  ADDRESS_COUNTRY_CODE: { type: 'string', title: 'Country Code' },
  ADDRESS_LOC_ADDR_ID: { type: 'integer', title: 'Location Address ID' },
}

export const multiFields: Fields = {
  PHONE: { type: 'crm_multifield', title: 'Phone', multiple: true },
  EMAIL: { type: 'crm_multifield', title: 'E-mail', multiple: true },
  WEB: { type: 'crm_multifield', title: 'Website', multiple: true },
  IM: { type: 'crm_multifield', title: 'Messenger', multiple: true },
  LINK: { type: 'crm_multifield', title: 'LINK', multiple: true },
}

/** Which of the channels a client can be reached by are known. */
export function deriveReach(draft: DraftValues): void {
  draft['HAS_PHONE'] = draft['PHONE'] === undefined ? 'N' : 'Y'
  draft['HAS_EMAIL'] = draft['EMAIL'] === undefined ? 'N' : 'Y'
  draft['HAS_IMOL'] = draft['IM'] === undefined ? 'N' : 'Y'
}

export function deriveModified(draft: DraftValues, { nowMs, userId }: Moment): void {
  draft['DATE_MODIFY'] = isoDateTime(nowMs)
  draft['MODIFY_BY_ID'] = String(userId)
}

/** Who last moved a record to another stage, and when. */
export function deriveMoved(draft: DraftValues, { nowMs, userId }: Moment): void {
  draft['MOVED_BY_ID'] = String(userId)
  draft['MOVED_TIME'] = isoDateTime(nowMs)
}

/** A list of linked records also sets the field for the first of them, which is all that get and list show. */
export function deriveFirst(draft: DraftValues, listName: string, name: string): void {
  const list = draft[listName]
  const first = Array.isArray(list) ? list[0] : undefined
  if (typeof first === 'string') draft[name] = first
}

export function crmEvent(table: string): Entity['event'] {
  return (change: Change, id: number) => ({ event: `ONCRM${table.toUpperCase()}${change}`, data: { FIELDS: { ID: id } } })
}

/** Whose records these are. */
export const CRM_PARTICIPANTS = ['ASSIGNED_BY_ID', 'CREATED_BY_ID'] as const
