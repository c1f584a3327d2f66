import type { PortalContext } from '../context.ts'
import { clientEndpoint, domainOf, serverEndpoint } from '../context.ts'
import { applicationToken } from '../portal/application-token.ts'
import { isWorking } from '../portal/connectors.ts'
import { paymentState } from '../portal/payment-state.ts'
import { isoSeconds } from '../rest/envelope.ts'
import type { App } from '../world/state.ts'

/** What the control API shows of an app: everything, secrets included. It is the developer's own machine. */
export interface AppView {
  readonly id: number
  readonly client_id: string
  readonly client_secret: string
  readonly application_token: string
  readonly name: string
  readonly kind: App['kind']
  readonly code: string
  readonly ui: boolean
  readonly scope: readonly string[]
  readonly handler_url: string
  readonly install_url: string
  readonly redirect_uri: string
  readonly version: string
  readonly status: string
  readonly active: boolean
  readonly installed: boolean
  readonly payment_expired: boolean
  /** ISO 8601; null: no end. */
  readonly date_finish: string | null
  /** 0 before the first installation. */
  readonly installed_by: number
  readonly language: string
}

export function viewApp(context: PortalContext, app: App): AppView {
  return {
    id: app.id,
    client_id: app.clientId,
    client_secret: app.clientSecret,
    application_token: applicationToken(app, context.world.memberId),
    name: app.name,
    kind: app.kind,
    code: app.code,
    ui: app.ui,
    scope: [...app.scope],
    handler_url: app.handlerUrl,
    install_url: app.installUrl,
    redirect_uri: app.redirectUri,
    version: app.version,
    status: app.status,
    active: app.active,
    installed: app.installed,
    payment_expired: paymentState(context, app) !== 'paid',
    date_finish: app.dateFinish === undefined ? null : isoSeconds(app.dateFinish * 1_000),
    installed_by: app.installerId,
    language: app.language,
  }
}

export interface PortalView {
  readonly member_id: string
  readonly domain: string
  readonly client_endpoint: string
  readonly server_endpoint: string
  readonly seed: string
  readonly users: readonly { readonly id: number; readonly name: string; readonly admin: boolean }[]
}

export function viewPortal(context: PortalContext): PortalView {
  return {
    member_id: context.world.memberId,
    domain: domainOf(context.addresses.portal),
    client_endpoint: clientEndpoint(context),
    server_endpoint: serverEndpoint(context),
    seed: context.world.seed,
    users: context.world.users().map(({ id, name, lastName, admin }) => ({ id, name: `${name} ${lastName}`, admin })),
  }
}

export interface LineView {
  readonly id: number
  readonly name: string
  readonly connectors: readonly {
    readonly connector: string
    readonly active: boolean
    readonly configured: boolean
    readonly status: boolean
    readonly data: Readonly<Record<string, string>>
  }[]
}

export function viewLine(context: PortalContext, id: number, name: string): LineView {
  const rows = context.world.lineConnectors().filter((row) => row.line === id)
  const connectors = rows.map((row) => ({
    connector: row.connector, active: row.active, configured: row.configured, status: isWorking(row), data: { ...row.data },
  }))
  return { id, name, connectors }
}

export interface HandlerView {
  readonly id: number
  readonly client_id: string
  readonly event: string
  readonly handler: string
  /** 0: whoever is on the hit. */
  readonly user_id: number
  /** Kept in the app's offline queue of this auth_connector instead of sent to a handler. */
  readonly offline?: true
  readonly auth_connector?: string
}

export function viewHandlers(context: PortalContext): HandlerView[] {
  return context.world.handlers().map(({ id, clientId, event, url, userId, offline, connectorId = '' }) => ({
    id, client_id: clientId, event, handler: url, user_id: userId,
    ...(offline === true ? { offline, auth_connector: connectorId } : {}),
  }))
}
