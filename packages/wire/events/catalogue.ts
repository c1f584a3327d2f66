import type { FormValue } from '../form/value.ts'
import type { ImConnectorEvents } from './imconnector.ts'
import type { LifecycleEvents } from './lifecycle.ts'

/** Data by event code. One interface per scope; the other scopes of the documentation are still to come. */
export interface EventDataByCode extends LifecycleEvents, ImConnectorEvents {}

export type KnownEventCode = keyof EventDataByCode
/** Any code: the known ones complete in an editor, unknown ones stay usable. */
export type EventCode = KnownEventCode | (string & {})

/** Typed data for a known code, the raw decoded form for any other. */
export type EventData<Code extends string> = Code extends KnownEventCode ? EventDataByCode[Code] : FormValue | undefined

/** Which queue of the queue server carries an event (module source, rest/lib/sqs.php). */
export type QueueCategory = 'default' | 'important' | 'bot' | 'crm' | 'bizproc' | 'telephony'

/** What the module source says of an event, where the documentation often prints something else. */
export interface EventTraits {
  readonly scope: string
  readonly queue: QueueCategory
  /** false: no tokens are sent with it, whoever was on the hit. */
  readonly sendAuth: boolean
  readonly sendRefreshToken: boolean
}

const lifecycle = { scope: 'basic', queue: 'important', sendAuth: true, sendRefreshToken: false } as const
const imconnector = { scope: 'imopenlines', queue: 'default', sendAuth: true, sendRefreshToken: false } as const

export const EVENT_TRAITS: { readonly [Code in KnownEventCode]: EventTraits } = {
  ONAPPINSTALL: { ...lifecycle, sendRefreshToken: true },
  ONAPPUPDATE: { ...lifecycle, sendRefreshToken: true },
  ONAPPUNINSTALL: { ...lifecycle, sendAuth: false },
  ONAPPPAYMENT: lifecycle,
  ONAPPMETHODCONFIRM: { ...lifecycle, sendAuth: false },
  ONAPPTEST: { scope: 'basic', queue: 'default', sendAuth: true, sendRefreshToken: true },
  ONOFFLINEEVENT: { scope: 'basic', queue: 'default', sendAuth: true, sendRefreshToken: true },
  ONIMCONNECTORMESSAGEADD: imconnector,
  ONIMCONNECTORMESSAGEUPDATE: imconnector,
  ONIMCONNECTORMESSAGEDELETE: imconnector,
  ONIMCONNECTORDIALOGSTART: imconnector,
  ONIMCONNECTORDIALOGFINISH: imconnector,
  ONIMCONNECTORSTATUSDELETE: imconnector,
  ONIMCONNECTORLINEDELETE: imconnector,
}
