import type { FormValue } from '../form/value.ts'
import { BOOKING_TRAITS, type BookingEvents } from './booking.ts'
import { CALENDAR_TRAITS, type CalendarEvents } from './calendar.ts'
import { CATALOG_TRAITS, type CatalogEvents } from './catalog.ts'
import { CRM_ACTIVITY_TRAITS, type CrmActivityEvents } from './crm/activities.ts'
import { CRM_OUTDATED_TRAITS, type CrmOutdatedEvents } from './crm/outdated.ts'
import { CRM_RECORD_TRAITS, type CrmRecordEvents } from './crm/records.ts'
import { CRM_REQUISITE_TRAITS, type CrmRequisiteEvents } from './crm/requisites.ts'
import {
  CRM_SMART_PROCESS_TRAITS, entityTypeIdOf, ITEM_OF_TYPE_TRAITS, type CrmItemOfTypeEvents, type CrmSmartProcessEvents,
} from './crm/smart-processes.ts'
import { CRM_USER_FIELD_TRAITS, type CrmUserFieldEvents } from './crm/user-fields.ts'
import { IM_TRAITS, type ImEvents } from './im.ts'
import { IMBOT_V2_TRAITS, type ImBotV2Events } from './imbot-v2.ts'
import { IMBOT_TRAITS, type ImBotEvents } from './imbot.ts'
import { IMCONNECTOR_TRAITS, type ImConnectorEvents } from './imconnector.ts'
import { IMOPENLINES_TRAITS, type ImOpenLinesEvents } from './imopenlines.ts'
import { LIFECYCLE_TRAITS, type LifecycleEvents } from './lifecycle.ts'
import { LOG_TRAITS, type LogEvents } from './log.ts'
import { SALE_TRAITS, type SaleEvents } from './sale.ts'
import { SIGN_TRAITS, type SignEvents } from './sign.ts'
import { SONET_TRAITS, type SonetEvents } from './sonet.ts'
import { TASK_TRAITS, type TaskEvents } from './task.ts'
import { TELEPHONY_TRAITS, type TelephonyEvents } from './telephony.ts'
import type { EventTraits, QueueCategory, TraitsOf } from './traits.ts'
import { USER_TRAITS, type UserEvents } from './user.ts'

export type { EventTraits, QueueCategory }

/** Events whose codes are the same on every portal: all that are documented, and four that only the module source has. */
export interface CataloguedEvents extends
  LifecycleEvents, UserEvents, CrmRecordEvents, CrmUserFieldEvents, CrmRequisiteEvents, CrmActivityEvents,
  CrmSmartProcessEvents, CrmOutdatedEvents, CatalogEvents, SaleEvents, ImConnectorEvents, ImOpenLinesEvents, ImEvents,
  ImBotEvents, ImBotV2Events, TelephonyEvents, TaskEvents, CalendarEvents, SonetEvents, LogEvents, BookingEvents, SignEvents {}

/** Data by event code, every scalar a string as on the wire; with the codes of single smart processes. */
export interface EventDataByCode extends CataloguedEvents, CrmItemOfTypeEvents {}

export type CataloguedCode = keyof CataloguedEvents
export type KnownEventCode = keyof EventDataByCode
/** Any code: the known ones complete in an editor, unknown ones stay usable. */
export type EventCode = KnownEventCode | (string & {})

/** Typed data for a known code, the raw decoded form for any other. */
export type EventData<Code extends string> = Code extends KnownEventCode ? EventDataByCode[Code] : FormValue | undefined

export const EVENT_TRAITS: TraitsOf<CataloguedEvents> = {
  ...LIFECYCLE_TRAITS, ...USER_TRAITS, ...CRM_RECORD_TRAITS, ...CRM_USER_FIELD_TRAITS, ...CRM_REQUISITE_TRAITS,
  ...CRM_ACTIVITY_TRAITS, ...CRM_SMART_PROCESS_TRAITS, ...CRM_OUTDATED_TRAITS, ...CATALOG_TRAITS, ...SALE_TRAITS,
  ...IMCONNECTOR_TRAITS, ...IMOPENLINES_TRAITS, ...IM_TRAITS, ...IMBOT_TRAITS, ...IMBOT_V2_TRAITS, ...TELEPHONY_TRAITS,
  ...TASK_TRAITS, ...CALENDAR_TRAITS, ...SONET_TRAITS, ...LOG_TRAITS, ...BOOKING_TRAITS, ...SIGN_TRAITS,
}

export function isCatalogued(code: string): code is CataloguedCode {
  return Object.hasOwn(EVENT_TRAITS, code)
}

/** @returns undefined for a code (upper case) that neither the catalogue nor a smart process has */
export function knownTraits(code: string): EventTraits | undefined {
  if (isCatalogued(code)) return EVENT_TRAITS[code]
  return entityTypeIdOf(code) === undefined ? undefined : ITEM_OF_TYPE_TRAITS
}
