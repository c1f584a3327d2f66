import { CodedError } from '@portline/wire/errors.ts'
import type { PortalContext } from '../context.ts'
import type { App } from '../world/state.ts'
import { unixSeconds } from './payment-state.ts'

type Needs = Pick<PortalContext, 'world' | 'oauth'>

/** An application's card. What is left out is made up from the seed or left empty. */
export interface AppCard {
  readonly name: string
  readonly kind: App['kind']
  readonly code?: string | undefined
  readonly client_id?: string | undefined
  readonly client_secret?: string | undefined
  readonly scope?: readonly string[] | undefined
  readonly handler_url?: string | undefined
  readonly install_url?: string | undefined
  readonly redirect_uri?: string | undefined
  readonly ui?: boolean | undefined
  readonly version?: string | undefined
  readonly status?: string | undefined
  readonly application_token?: string | undefined
  /** ISO 8601: end of a trial or paid term; null: none. */
  readonly date_finish?: string | null | undefined
}

/** Enters a card, or changes the card of the app that has its client_id; what is not given stays as it was. */
export function registerApp(context: Needs, card: AppCard): { app: App; created: boolean } {
  const existing = card.client_id === undefined ? undefined : context.world.app(card.client_id)
  if (card.client_id !== undefined && context.oauth.isForeign(context, card.client_id, existing?.kind ?? card.kind)) {
    throw new CodedError('BAD_REQUEST', `client_id: ${card.client_id} is taken on another portal, by a local app or for one`)
  }
  // A vendor's new secret holds for the app on every portal.
  if (card.client_id !== undefined && card.client_secret !== undefined) {
    context.oauth.changeSecret(card.client_id, card.client_secret)
  }
  if (existing === undefined) return { app: addApp(context, card), created: true }
  context.world.changeApp(existing, changes(card))
  return { app: existing, created: false }
}

function addApp(context: Needs, card: AppCard): App {
  const id = context.world.next('app')
  const app: App = {
    id,
    clientId: card.client_id ?? drawClientId(context, card.kind),
    clientSecret: marketSecret(context, card) ?? drawText(context, CLIENT_SECRET_CHARS),
    kind: card.kind,
    code: card.code ?? `portline.app${id}`,
    name: card.name,
    ui: true,
    scope: [],
    handlerUrl: '',
    installUrl: '',
    redirectUri: '',
    version: '1',
    status: card.kind === 'local' ? 'L' : 'F',
    applicationToken: '',
    sharedKey: context.world.drawHex(SHARED_KEY_BYTES),
    active: false,
    installed: false,
    deleted: false,
    paymentExpired: false,
    installId: 0,
    installerId: 0,
    language: 'en',
    options: {},
    ...changes(card),
  }
  context.world.addApp(app)
  return app
}

function changes(card: AppCard): Partial<App> {
  const given: Partial<App> = { name: card.name }
  if (card.client_secret !== undefined) given.clientSecret = card.client_secret
  if (card.ui !== undefined) given.ui = card.ui
  if (card.scope !== undefined) given.scope = [...card.scope]
  if (card.handler_url !== undefined) given.handlerUrl = card.handler_url
  if (card.install_url !== undefined) given.installUrl = card.install_url
  if (card.redirect_uri !== undefined) given.redirectUri = card.redirect_uri
  if (card.version !== undefined) given.version = card.version
  if (card.status !== undefined) given.status = card.status
  if (card.date_finish === null) given.dateFinish = undefined
  else if (card.date_finish !== undefined) given.dateFinish = unixSeconds(card.date_finish)
  if (card.application_token !== undefined) given.applicationToken = card.application_token
  return given
}

/** The secret a market app has on other portals already. */
function marketSecret({ oauth }: Needs, { kind, client_id: clientId }: AppCard): string | undefined {
  const client = kind === 'local' || clientId === undefined ? undefined : oauth.client(clientId)
  return client === undefined || client.deleted || client.kind === 'local' ? undefined : client.clientSecret
}

const CLIENT_SECRET_CHARS = 50
const SHARED_KEY_BYTES = 16
const CLIENT_ID_HEX_BYTES = 7
const CLIENT_ID_DIGITS = 8
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** `local.` or `app.`, 14 hex digits, a dot, 8 digits. */
function drawClientId(context: Needs, kind: App['kind']): string {
  const digits = [...context.world.draw(CLIENT_ID_DIGITS)].map((byte) => byte % 10).join('')
  return `${kind === 'local' ? 'local' : 'app'}.${context.world.drawHex(CLIENT_ID_HEX_BYTES)}.${digits}`
}

function drawText(context: Needs, length: number): string {
  return [...context.world.draw(length)].map((byte) => LETTERS.charAt(byte % LETTERS.length)).join('')
}
