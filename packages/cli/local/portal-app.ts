import type { ConnectorAnswer, ActionAnswer } from '@portline/portal/face/control.ts'
import type { AppView, HandlerView, LineView } from '@portline/portal/face/views.ts'
import type { Delivery } from '@portline/portal/queue/delivery-log.ts'
import { CodedError } from '@portline/wire/errors.ts'
import type { App } from 'portline'
import { jsonClient } from '../http-json.ts'
import { scopeOf } from './scope.ts'

/** An app on a local portal, driven through the portal's control API (docs/portal/control.md). */
export class PortalApp {
  readonly clientId: string
  readonly #name: string
  readonly #scope: readonly string[]
  readonly #control

  constructor(portalUrl: string, app: App) {
    this.#name = app.name
    this.#scope = scopeOf(app)
    // The same at every start, so that a kept portal finds its app again.
    this.clientId = `app.portline.${app.name}`
    this.#control = jsonClient(`${portalUrl}/control`)
  }

  /** Enters the app's card, or changes it; without addresses before they are known. What it was granted before it keeps. */
  async register(appSideUrl?: string): Promise<AppView> {
    const { apps } = await this.#control.get<{ apps: AppView[] }>('/apps')
    const granted = apps.find((app) => app.client_id === this.clientId)?.scope ?? []
    const scope = [...new Set([...granted, ...this.#scope])]
    const addresses = appSideUrl === undefined ? {} : this.#addresses(appSideUrl)
    const card = { name: this.#name, kind: 'market', client_id: this.clientId, ui: true, scope, ...addresses }
    return (await this.#control.post<{ app: AppView }>('/apps', card)).app
  }

  hasAddresses(app: AppView, appSideUrl: string): boolean {
    return app.install_url === this.#addresses(appSideUrl).install_url
  }

  /** Opens the app's installer. Errors: SERVER_UNREACHABLE when its page does not answer 200. */
  async install(): Promise<ActionAnswer> {
    return pageAnswered(await this.#act<ActionAnswer>('install'))
  }

  /** What the installer page's script does in a browser. */
  finish(): Promise<ActionAnswer> {
    return this.#act('finish')
  }

  update(version: string): Promise<ActionAnswer> {
    return this.#act('update', { version })
  }

  uninstall(clean: boolean): Promise<ActionAnswer> {
    return this.#act('uninstall', { clean })
  }

  async switchConnector(line: number, connector: string, active: boolean): Promise<ConnectorAnswer> {
    return pageAnswered(await this.#control.post<ConnectorAnswer>(`/lines/${line}/connectors/${connector}`, { active }))
  }

  async lines(): Promise<readonly LineView[]> {
    return (await this.#control.get<{ lines: LineView[] }>('/lines')).lines
  }

  async handlers(): Promise<HandlerView[]> {
    const { handlers } = await this.#control.get<{ handlers: HandlerView[] }>('/handlers')
    return handlers.filter((row) => row.client_id === this.clientId)
  }

  async deliveries(after: number): Promise<Delivery[]> {
    const { deliveries } = await this.#control.get<{ deliveries: Delivery[] }>(`/deliveries?after=${after}`)
    return deliveries.filter((delivery) => delivery.client_id === this.clientId)
  }

  #act<Answer>(action: string, body: object = {}): Promise<Answer> {
    return this.#control.post(`/apps/${this.clientId}/${action}`, body)
  }

  #addresses(appSideUrl: string): { handler_url: string; install_url: string } {
    const base = `${appSideUrl}/apps/${this.#name}`
    return { handler_url: `${base}/placement`, install_url: `${base}/install` }
  }
}

const PAGE_OK = 200

function pageAnswered<Answer extends ActionAnswer | ConnectorAnswer>(answer: Answer): Answer {
  const { page } = answer
  if (page !== undefined && page.status !== PAGE_OK) {
    const answered = `${page.status ?? page.error}: ${page.body.slice(0, SHOWN_BODY)}`
    throw new CodedError('SERVER_UNREACHABLE', `the app's page answered ${answered}`)
  }
  return answer
}

const SHOWN_BODY = 300
