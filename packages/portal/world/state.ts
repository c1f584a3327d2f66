import type { YesNo } from '@portline/wire/events/lifecycle.ts'
import type { OfflineState } from './offline-events.ts'
import type { OpenLinesState } from './open-lines.ts'
import type { PlacementsState } from './placements.ts'
import type { RecordsState } from './records.ts'
import type { WebhooksState } from './webhooks.ts'

/** The portal's state as plain JSON: what a snapshot holds and what the state file is. Names are Bitrix24's where it has one. */
export interface WorldState {
  readonly format: 1
  readonly seed: string
  /** 32 hex digits; survives a change of address. */
  memberId: string
  /** The portal's number at its OAuth server, part of its tokens; absent before the first registration. */
  oauthNumber?: number
  readonly counters: Record<CounterName, number>
  readonly users: User[]
  readonly apps: App[]
  readonly handlers: HandlerRow[]
  readonly lines: OpenLine[]
  readonly connectors: Connector[]
  readonly lineConnectors: LineConnector[]
  /** [token, unix seconds of its expiry]: codes and refresh tokens that were used. */
  readonly spentTokens: [string, number][]
  openLines?: OpenLinesState
  offline?: OfflineState
  placements?: PlacementsState
  webhooks?: WebhooksState
  readonly records?: RecordsState
}

/** `draw` numbers the random draws, so that a restored world goes on with the sequence instead of repeating it. */
export type CounterName = 'app' | 'install' | 'handler' | 'line' | 'draw' | 'token'

export interface User {
  readonly id: number
  readonly name: string
  readonly lastName: string
  readonly email: string
  readonly admin: boolean
  readonly active: boolean
  /** ISO 8601 date. */
  readonly registered: string
  /** Has an invitation and never signed in: ONUSERADD is still to come. */
  readonly invited?: boolean
  /** What else his profile says, under the names of user.get. */
  readonly profile?: Readonly<Record<string, string | readonly string[]>>
}

/**
 * An application's row. States and transitions:
 *
 *     registered ──install──> installing (ACTIVE=Y, INSTALLED=N) ──installFinish──> installed (Y, Y)
 *         └──────install without an installer page─────────────────────────────────────^
 *     installing | installed ──uninstall──> inactive (N, N) ──install──> … (a new installId)
 *     installing | installed ──uninstall of a local app with CLEAN──> deleted (a tombstone; never comes back)
 *
 * Invariants: tokens are good only for the `installId` they were minted for; events need active, installed and not
 * paymentExpired; a deleted row has no event handlers, connectors or options.
 */
export interface App {
  readonly id: number
  readonly clientId: string
  clientSecret: string
  readonly kind: 'local' | 'market'
  readonly code: string
  name: string
  /** false: "API only", no page is ever opened. */
  ui: boolean
  scope: string[]
  handlerUrl: string
  installUrl: string
  redirectUri: string
  version: string
  /** L, F, D, T, P or S. */
  status: string
  /** Given or rotated value; empty: the recipe of application-token.ts. */
  applicationToken: string
  /** What the marketplace hands out for a market app. */
  readonly sharedKey: string
  active: boolean
  installed: boolean
  deleted: boolean
  paymentExpired: boolean
  /** Unix seconds: end of a trial or paid term (status T or P); absent: no end. */
  dateFinish?: number | undefined
  /** 0 before the first installation. */
  installId: number
  installerId: number
  language: string
  options: Record<string, unknown>
  /** By user id: options of that user, and the version whose page said setInstall when he first opened it. */
  userOptions?: Record<string, Record<string, unknown>>
  startedVersions?: Record<string, string>
}

export interface HandlerRow {
  readonly id: number
  readonly clientId: string
  /** Upper case. */
  readonly event: string
  readonly url: string
  /** 0: whoever is on the hit that raises the event. */
  readonly userId: number
  /** Kept in the app's offline queue instead of sent; `url` is empty then. */
  readonly offline?: true
  /** auth_connector of an offline row: which of the app's queues. */
  readonly connectorId?: string
  /** OPTIONS.minTimeout of ONOFFLINEEVENT: seconds between two of them. */
  readonly minTimeoutS?: number
}

export interface OpenLine {
  readonly id: number
  readonly name: string
}

export interface Connector {
  /** Lower case. */
  readonly id: string
  readonly clientId: string
  readonly name: string
  readonly placementHandler: string
  readonly flags?: ConnectorFlags
}

/** Switches of imconnector.register; each true when left out, CHAT_GROUP false. */
export interface ConnectorFlags {
  readonly DEL_EXTERNAL_MESSAGES: boolean
  readonly EDIT_INTERNAL_MESSAGES: boolean
  readonly DEL_INTERNAL_MESSAGES: boolean
  readonly NEWSLETTER: boolean
  readonly NEED_SYSTEM_MESSAGES: boolean
  readonly NEED_SIGNATURE: boolean
  readonly CHAT_GROUP: boolean
}

/** A connector on a line. Only an active one raises ONIMCONNECTORSTATUSDELETE when it goes. */
export interface LineConnector {
  readonly line: number
  readonly connector: string
  active: boolean
  /** CONNECTION_STATUS and REGISTER_STATUS: raised together by imconnector.connector.data.set. */
  configured: boolean
  error: boolean
  data: Record<string, string>
}

export function yesNo(value: boolean): YesNo {
  return value ? 'Y' : 'N'
}
