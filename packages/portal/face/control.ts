import { CodedError } from '@portline/wire/errors.ts'
import { ClockControl } from '../clock/clock-control.ts'
import { asPortalClock } from '../clock/portal-clock.ts'
import { fireEvent } from '../catalogue/fire.ts'
import type { EventView } from '../catalogue/view.ts'
import { viewEvents } from '../catalogue/view.ts'
import type { PortalContext } from '../context.ts'
import type { Faults } from '../faults/faults.ts'
import { openConnectorSettings, switchOff } from '../portal/connectors.ts'
import { openApp } from '../portal/open.ts'
import type { PageAnswer } from '../portal/frame.ts'
import { finishInstallation, installApp } from '../portal/install.ts'
import { setPayment } from '../portal/payment.ts'
import { unixSeconds } from '../portal/payment-state.ts'
import type { Raised } from '../portal/raise-event.ts'
import { NOTHING_RAISED, portalHit } from '../portal/raise-event.ts'
import type { AppCard } from '../portal/register-app.ts'
import type { NewAddress } from '../portal/rename.ts'
import { renamePortal, reRegisterPortal } from '../portal/rename.ts'
import { registerApp } from '../portal/register-app.ts'
import { uninstallApp } from '../portal/uninstall.ts'
import { updateApp } from '../portal/update.ts'
import type { Delivery } from '../queue/delivery-log.ts'
import { asPhpValue } from '../rest/php-value.ts'
import type { PortalState } from '../state/portal-state.ts'
import { portalState, readPortalState, takeOver } from '../state/portal-state.ts'
import { ADMIN_ID } from '../world/default-world.ts'
import type { App, Connector, WorldState } from '../world/state.ts'
import { OpenLinesControl } from './control-open-lines.ts'
import { LimitControl } from './control-limits.ts'
import { UserControl } from './control-users.ts'
import { WebhooksControl } from './control-webhooks.ts'
import { controlSchemas, parseInput } from './schemas.ts'
import type { AppView, HandlerView, LineView, PortalView } from './views.ts'
import { viewApp, viewHandlers, viewLine, viewPortal } from './views.ts'

/** What an action did: how many deliveries it queued, and which bound rows were passed over and why. */
export interface ActionAnswer extends Raised {
  readonly app: AppView
  /** How the app's page answered, when one was opened. */
  readonly page?: PageAnswer
}

export interface ConnectorAnswer extends Raised {
  readonly line: LineView
  /** Whether the connector is active on the line now. */
  readonly active: boolean
  readonly page?: PageAnswer
}

/** Deliveries in one answer when no limit is given. */
const DEFAULT_PAGE = 100

/**
 * Drives the portal: what its administrator would click, and what a test wants to see. The HTTP face calls this and nothing
 * else; field names are those of docs/portal/control.md. Throws CodedError: BAD_REQUEST, NOT_FOUND.
 */
export class Control {
  /** What goes wrong on purpose (docs/portal/faults.md). */
  readonly faults: Faults
  /** Moves the portal's time. */
  readonly clock: ClockControl
  /** Chats and lines as operators and administrators use them. */
  readonly openLines: OpenLinesControl
  /** Incoming and outgoing webhooks, and the placements. */
  readonly webhooks: WebhooksControl
  readonly users: UserControl
  /** The request rate, the processing time, and methods made slow. */
  readonly limits: LimitControl
  readonly #context: PortalContext

  constructor(context: PortalContext) {
    this.#context = context
    this.openLines = new OpenLinesControl(context)
    this.webhooks = new WebhooksControl(context)
    this.users = new UserControl(context)
    this.limits = new LimitControl(context)
    this.faults = context.faults
    this.clock = new ClockControl(asPortalClock(context.clock), context.queue)
  }

  portal(): PortalView {
    return viewPortal(this.#context)
  }

  apps(): AppView[] {
    return this.#context.world.apps().map((app) => viewApp(this.#context, app))
  }

  app(clientId: string): AppView {
    return viewApp(this.#context, this.#app(clientId))
  }

  /** Registers an app, or changes the card of the one that has the client_id. */
  registerApp(card: AppCard): { app: AppView; created: boolean } {
    const { app, created } = registerApp(this.#context, parseInput(controlSchemas.app, card))
    return { app: viewApp(this.#context, app), created }
  }

  /** `user_id`: an administrator, 1 when left out. */
  async install(
    clientId: string, options: { user_id?: number | undefined; language?: string | undefined } = {},
  ): Promise<ActionAnswer> {
    const app = this.#app(clientId)
    const { user_id = ADMIN_ID, language = app.language } = parseInput(controlSchemas.install, options)
    return this.#acted(app, await installApp(this.#context, app, user_id, language))
  }

  /** installFinish, which a browser calls in life. */
  finish(clientId: string): ActionAnswer {
    const app = this.#app(clientId)
    return this.#acted(app, finishInstallation(this.#context, app))
  }

  update(
    clientId: string,
    options: { version: string; rotate_application_token?: boolean | undefined; signal?: 'update' | 'install' | undefined },
  ): ActionAnswer {
    const app = this.#app(clientId)
    const { version, rotate_application_token = false, signal = 'update' } = parseInput(controlSchemas.update, options)
    return this.#acted(app, updateApp(this.#context, app, { version, rotateApplicationToken: rotate_application_token, signal }))
  }

  uninstall(clientId: string, options: { clean: boolean }): ActionAnswer {
    const app = this.#app(clientId)
    return this.#acted(app, uninstallApp(this.#context, app, parseInput(controlSchemas.uninstall, options).clean))
  }

  /** Opens the app's page, or one of its placements, as a user (the administrator when left out). */
  async open(
    clientId: string,
    options: { placement?: string | undefined; options?: Record<string, unknown> | undefined; user_id?: number | undefined } = {},
  ): Promise<ActionAnswer> {
    const app = this.#app(clientId)
    const { placement = 'DEFAULT', options: placementOptions = {}, user_id = ADMIN_ID } = parseInput(controlSchemas.open, options)
    const page = await openApp(this.#context, app, this.#user(user_id), placement, placementOptions)
    return { ...this.#acted(app, NOTHING_RAISED), page }
  }

  payment(clientId: string, options: { expired: boolean; date_finish?: string | undefined }): ActionAnswer {
    const app = this.#app(clientId)
    const { expired, date_finish } = parseInput(controlSchemas.payment, options)
    const dateFinish = date_finish === undefined ? undefined : unixSeconds(date_finish)
    return this.#acted(app, setPayment(this.#context, app, { expired, dateFinish }))
  }

  /** Another address; the one before answers 302. Without `host` and `port`: another port. */
  async rename(address: NewAddress = {}): Promise<PortalView> {
    await renamePortal(this.#context, parseInput(controlSchemas.rename, address))
    return viewPortal(this.#context)
  }

  /** A box that registers with its OAuth server again: a new member_id, and no token of before is good. */
  reRegister(): PortalView {
    reRegisterPortal(this.#context)
    return viewPortal(this.#context)
  }

  lines(): LineView[] {
    return this.#context.world.lines().map(({ id, name }) => viewLine(this.#context, id, name))
  }

  addLine(options: { name: string }): LineView {
    const { id, name } = this.#context.world.addLine(parseInput(controlSchemas.line, options).name)
    return viewLine(this.#context, id, name)
  }

  /**
   * On: opens the connector's settings page, where the app switches it on itself. Off: the administrator's switch.
   * `user_id` 0: nobody is on the hit, so the event comes without tokens.
   */
  async switchConnector(
    line: number, connectorId: string, options: { active: boolean; user_id?: number | undefined },
  ): Promise<ConnectorAnswer> {
    const { active, user_id = ADMIN_ID } = parseInput(controlSchemas.connector, options)
    const { app, connector } = this.#connector(connectorId)
    this.#line(line)
    if (!active) {
      const hit = portalHit(user_id && this.#user(user_id))
      return this.#switched(line, connector, switchOff(this.#context, hit, connector, line))
    }
    const page = await openConnectorSettings(this.#context, app, connector, line, this.#user(user_id))
    return { ...this.#switched(line, connector, NOTHING_RAISED), page }
  }

  /**
   * Fires any event to the rows bound to it, with sample data when none is given; what is given is laid over the sample, or
   * with `replace` sent as it is, and null sends none. Lifecycle events need the client_id of the app they are about.
   */
  fireEvent(
    options: {
      event: string; data?: unknown; replace?: boolean | undefined; user_id?: number | undefined; client_id?: string | undefined
    },
  ): Raised {
    const { event, data, replace = false, user_id = ADMIN_ID, client_id } = parseInput(controlSchemas.event, options)
    const app = client_id === undefined ? undefined : this.#app(client_id)
    const hit = portalHit(user_id && this.#user(user_id))
    return fireEvent(this.#context, hit, { event, data: data === undefined ? undefined : asPhpValue(data), replace, app })
  }

  /** The catalogue of events, or those that an app with the scope may bind. */
  events(options: { scope?: string | undefined } = {}): EventView[] {
    return viewEvents(this.#context, parseInput(controlSchemas.events, options).scope)
  }

  handlers(): HandlerView[] {
    return viewHandlers(this.#context)
  }

  deliveries(
    options: { after?: number | undefined; limit?: number | undefined } = {},
  ): { deliveries: Delivery[]; last_id: number } {
    const { after = 0, limit = DEFAULT_PAGE } = parseInput(controlSchemas.deliveries, options)
    return { deliveries: this.#context.queue.log.list(after, limit), last_id: this.#context.queue.log.lastId }
  }

  /** Resolves when the queue server has nothing left to deliver. */
  drain(): Promise<void> {
    return this.#context.queue.drain()
  }

  /** The portal's whole state; startPortal({ state }) goes on from it. */
  snapshot(): WorldState {
    return this.#context.world.snapshot()
  }

  /** The world, what the queue server still has to send, the faults and the time: all that another portal needs to go on. */
  state(): PortalState {
    return portalState(this.#context)
  }

  /** Puts an exported portal in the place of this one; addresses stay. BAD_REQUEST when it is none. */
  loadState(state: unknown): void {
    takeOver(this.#context, asPortalClock(this.#context.clock), readPortalState(state))
  }

  /** PEM of the portal's own certificate; undefined when it speaks plain HTTP. */
  get certificate(): string | undefined {
    return this.#context.certificate
  }

  #app(clientId: string): App {
    const app = this.#context.world.app(clientId)
    if (app === undefined) throw new CodedError('NOT_FOUND', `No app has the client_id ${clientId}`)
    return app
  }

  #user(id: number): number {
    if (this.#context.world.user(id) === undefined) throw new CodedError('BAD_REQUEST', `user_id: the portal has no user ${id}`)
    return id
  }

  #line(id: number): void {
    if (this.#context.world.line(id) === undefined) throw new CodedError('NOT_FOUND', `The portal has no open line ${id}`)
  }

  #connector(id: string): { app: App; connector: Connector } {
    const connector = this.#context.world.connector(id.toLowerCase())
    const app = connector === undefined ? undefined : this.#context.world.app(connector.clientId)
    if (connector === undefined || app === undefined) {
      throw new CodedError('NOT_FOUND', `No app has registered the connector ${id}`)
    }
    return { app, connector }
  }

  #acted(app: App, raised: Raised): ActionAnswer {
    return { app: viewApp(this.#context, app), ...raised }
  }

  #switched(line: number, connector: Connector, raised: Raised): ConnectorAnswer {
    const { world } = this.#context
    const active = world.lineConnector(line, connector.id)?.active ?? false
    return { line: viewLine(this.#context, line, world.line(line)?.name ?? ''), active, ...raised }
  }
}
