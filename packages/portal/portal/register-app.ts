import type { PortalContext } from '../context.ts'
import type { App } from '../world/state.ts'

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
}

/** Enters a card, or changes the card of the app that has its client_id; what is not given stays as it was. */
export function registerApp(context: Pick<PortalContext, 'world'>, card: AppCard): { app: App; created: boolean } {
  const existing = card.client_id === undefined ? undefined : context.world.app(card.client_id)
  if (existing === undefined) return { app: addApp(context, card), created: true }
  context.world.changeApp(existing, changes(card))
  return { app: existing, created: false }
}

function addApp(context: Pick<PortalContext, 'world'>, card: AppCard): App {
  const id = context.world.next('app')
  const app: App = {
    id,
    clientId: card.client_id ?? drawClientId(context, card.kind),
    clientSecret: drawText(context, CLIENT_SECRET_CHARS),
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
  if (card.application_token !== undefined) given.applicationToken = card.application_token
  return given
}

const CLIENT_SECRET_CHARS = 50
const SHARED_KEY_BYTES = 16
const CLIENT_ID_HEX_BYTES = 7
const CLIENT_ID_DIGITS = 8
const LETTERS = 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789'

/** `local.` or `app.`, 14 hex digits, a dot, 8 digits. */
function drawClientId(context: Pick<PortalContext, 'world'>, kind: App['kind']): string {
  const digits = [...context.world.draw(CLIENT_ID_DIGITS)].map((byte) => byte % 10).join('')
  return `${kind === 'local' ? 'local' : 'app'}.${context.world.drawHex(CLIENT_ID_HEX_BYTES)}.${digits}`
}

function drawText(context: Pick<PortalContext, 'world'>, length: number): string {
  return [...context.world.draw(length)].map((byte) => LETTERS.charAt(byte % LETTERS.length)).join('')
}
