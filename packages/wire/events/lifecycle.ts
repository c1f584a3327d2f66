import type { FormValue } from '../form/value.ts'
import type { TraitsOf } from './traits.ts'

/** Application lifecycle events, scope basic (api-reference/common/events/*). Scalars are strings, as on the wire. */

export type YesNo = 'Y' | 'N'

export interface OnAppInstallData {
  /** Documented as "1.0.0"; a portal really sends an integer, "1". */
  VERSION: string
  /** Missing on older portals. */
  ACTIVE?: YesNo
  /** Missing on older portals. */
  INSTALLED?: YesNo
  LANGUAGE_ID: string
}

export interface OnAppUpdateData {
  VERSION: string
  PREVIOUS_VERSION: string
  LANGUAGE_ID: string
}

export interface OnAppUninstallData {
  LANGUAGE_ID: string
  /** "1": the administrator asked for the app's data to be deleted. */
  CLEAN: '0' | '1'
}

export interface OnAppPaymentData {
  CODE: string
  VERSION: string
  STATUS: string
  PAYMENT_EXPIRED: YesNo
  /** Absent when there is no term. */
  DAYS?: string
  /** Documented; the module source does not send it. */
  LANGUAGE_ID?: string
}

export interface OnAppMethodConfirmData {
  TOKEN: string
  METHOD: string
  CONFIRMED: '0' | '1'
  LANGUAGE_ID: string
}

export interface OnAppTestData {
  /** What was passed to event.test; absent when nothing was. */
  QUERY?: FormValue
  LANGUAGE_ID: string
}

export interface LifecycleEvents {
  ONAPPINSTALL: OnAppInstallData
  ONAPPUPDATE: OnAppUpdateData
  ONAPPUNINSTALL: OnAppUninstallData
  ONAPPPAYMENT: OnAppPaymentData
  ONAPPMETHODCONFIRM: OnAppMethodConfirmData
  ONAPPTEST: OnAppTestData
  /** api-reference/events/on-offline-event.md: there is something in the offline queue, and that is all it says. */
  ONOFFLINEEVENT: undefined
  /** The portal's subscription was renewed: in the module source only, no page, no data. */
  ONSUBSCRIPTIONRENEW: undefined
}

const lifecycle = { scope: 'basic', queue: 'important', sendAuth: true, sendRefreshToken: false } as const
const withRefreshToken = { scope: 'basic', queue: 'default', sendAuth: true, sendRefreshToken: true } as const

export const LIFECYCLE_TRAITS: TraitsOf<LifecycleEvents> = {
  ONAPPINSTALL: { ...lifecycle, sendRefreshToken: true },
  ONAPPUPDATE: { ...lifecycle, sendRefreshToken: true },
  ONAPPUNINSTALL: { ...lifecycle, sendAuth: false },
  ONAPPPAYMENT: lifecycle,
  ONAPPMETHODCONFIRM: { ...lifecycle, sendAuth: false },
  ONAPPTEST: withRefreshToken,
  ONOFFLINEEVENT: withRefreshToken,
  ONSUBSCRIPTIONRENEW: withRefreshToken,
}
