import { seededRandom } from '@portline/runtime/random.ts'
import { CodedError } from '@portline/wire/errors.ts'
import { PORTAL_LIMITS } from '../limits.ts'
import { OfflineEvents } from './offline-events.ts'
import { NO_OPEN_LINES, OpenLines } from './open-lines.ts'
import { Placements } from './placements.ts'
import { RecordStore } from './records.ts'
import { Webhooks } from './webhooks.ts'
import type { App, Connector, CounterName, HandlerRow, LineConnector, OpenLine, User, WorldState } from './state.ts'

/**
 * The portal's state and the only way to change it. Every change calls the listener, which keeps the state file.
 * Invariants: ids only count up; one live row per client_id; a handler row, connector or open line's connector always
 * belongs to a live app; what is random depends on the seed and the number of draws alone.
 */
export class World {
  readonly #state: WorldState
  readonly #spent: Map<string, number>
  #onChange: () => void = () => {}
  readonly openLines: OpenLines
  readonly offline: OfflineEvents
  readonly placements: Placements
  readonly webhooks: Webhooks
  readonly records: RecordStore

  constructor(state: WorldState) {
    this.#state = structuredClone(state)
    this.#spent = new Map(state.spentTokens)
    const changed = (): void => this.#onChange()
    this.openLines = new OpenLines((this.#state.openLines ??= structuredClone(NO_OPEN_LINES)), changed)
    this.offline = new OfflineEvents((this.#state.offline ??= { lastId: 0, events: [], quietUntilMs: {} }), changed)
    this.placements = new Placements((this.#state.placements ??= { lastId: 0, placements: [] }), changed)
    this.webhooks = new Webhooks((this.#state.webhooks ??= { lastId: 0, incoming: [], outgoing: [] }), changed)
    this.records = new RecordStore(this.#state.records, changed)
  }

  onChange(listener: () => void): void {
    this.#onChange = listener
  }

  /** Whoever listens to this world listens to that one from now on, and hears at once that all is new. */
  handOver(to: World): void {
    to.onChange(this.#onChange)
    this.#onChange()
  }

  get memberId(): string {
    return this.#state.memberId
  }

  get oauthNumber(): number | undefined {
    return this.#state.oauthNumber
  }

  /** The portal registers with an OAuth server, for the first time or anew. */
  register(identity: { readonly oauthNumber: number; readonly memberId?: string }): void {
    Object.assign(this.#state, identity)
    this.#onChange()
  }

  get seed(): string {
    return this.#state.seed
  }

  /** A copy that later changes don't reach. */
  snapshot(): WorldState {
    return structuredClone({ ...this.#state, records: this.records.snapshot(), spentTokens: [...this.#spent] })
  }

  next(counter: CounterName): number {
    this.#state.counters[counter] += 1
    this.#onChange()
    return this.#state.counters[counter]
  }

  /** Bytes that depend on the seed and on how many draws came before, also across a restart. */
  draw(length: number): Uint8Array {
    return seededRandom(`${this.#state.seed}:${this.next('draw')}`).bytes(length)
  }

  drawHex(bytes: number): string {
    return Buffer.from(this.draw(bytes)).toString('hex')
  }

  user(id: number): User | undefined {
    return this.#state.users.find((user) => user.id === id)
  }

  users(): readonly User[] {
    return this.#state.users
  }

  addUser(user: Omit<User, 'id'>): User {
    if (this.#state.users.length >= PORTAL_LIMITS.maxUsers) throw limit(`The portal has ${PORTAL_LIMITS.maxUsers} users already`)
    const added = { id: (this.#state.users.at(-1)?.id ?? 0) + 1, ...user }
    this.#state.users.push(added)
    this.#onChange()
    return added
  }

  changeUser(id: number, change: Partial<Omit<User, 'id'>>): void {
    const index = this.#state.users.findIndex((user) => user.id === id)
    const user = this.#state.users[index]
    if (user !== undefined) this.#state.users[index] = { ...user, ...change }
    this.#onChange()
  }

  apps(): readonly App[] {
    return this.#state.apps.filter((app) => !app.deleted)
  }

  app(clientId: string): App | undefined {
    return this.#state.apps.find((app) => app.clientId === clientId && !app.deleted)
  }

  /** Deleted apps too, the newest row first: the OAuth server still knows whose tokens those were. */
  client(clientId: string): App | undefined {
    return this.#state.apps.findLast((app) => app.clientId === clientId)
  }

  appById(id: number): App | undefined {
    return this.#state.apps.find((app) => app.id === id)
  }

  addApp(app: App): void {
    if (this.apps().length >= PORTAL_LIMITS.maxApps) throw limit(`The portal has ${PORTAL_LIMITS.maxApps} apps already`)
    this.#state.apps.push(app)
    this.#onChange()
  }

  changeApp(app: App, change: Partial<App>): void {
    Object.assign(app, change)
    this.#onChange()
  }

  deleteApp(app: App): void {
    this.changeApp(app, { deleted: true, active: false, installed: false, options: {} })
    const deleted = this.#state.apps.filter((row) => row.deleted)
    if (deleted.length > PORTAL_LIMITS.maxDeletedApps) remove(this.#state.apps, (row) => row === deleted[0])
  }

  handlers(): readonly HandlerRow[] {
    return this.#state.handlers
  }

  addHandler(row: Omit<HandlerRow, 'id'>): HandlerRow {
    const ofApp = this.#state.handlers.filter((other) => other.clientId === row.clientId)
    if (ofApp.length >= PORTAL_LIMITS.maxHandlerRowsPerApp) throw limit('The app has too many event handlers')
    const added = { id: this.next('handler'), ...row }
    this.#state.handlers.push(added)
    this.#onChange()
    return added
  }

  removeHandlers(matches: (row: HandlerRow) => boolean): number {
    return this.#changed(remove(this.#state.handlers, matches))
  }

  lines(): readonly OpenLine[] {
    return this.#state.lines
  }

  line(id: number): OpenLine | undefined {
    return this.#state.lines.find((line) => line.id === id)
  }

  addLine(name: string): OpenLine {
    if (this.#state.lines.length >= PORTAL_LIMITS.maxLines) throw limit(`The portal has ${PORTAL_LIMITS.maxLines} lines already`)
    const line = { id: this.next('line'), name }
    this.#state.lines.push(line)
    this.#onChange()
    return line
  }

  renameLine(id: number, name: string): void {
    const index = this.#state.lines.findIndex((line) => line.id === id)
    if (index >= 0) this.#state.lines[index] = { id, name }
    this.#onChange()
  }

  removeLine(id: number): void {
    remove(this.#state.lineConnectors, (row) => row.line === id)
    this.openLines.removeLine(id)
    this.#changed(remove(this.#state.lines, (line) => line.id === id))
  }

  connectors(): readonly Connector[] {
    return this.#state.connectors
  }

  connector(id: string): Connector | undefined {
    return this.#state.connectors.find((connector) => connector.id === id)
  }

  putConnector(connector: Connector): void {
    const others = this.#state.connectors.filter((other) => other.clientId === connector.clientId && other.id !== connector.id)
    if (others.length >= PORTAL_LIMITS.maxConnectorsPerApp) throw limit('The app has too many connectors')
    remove(this.#state.connectors, (other) => other.id === connector.id)
    this.#state.connectors.push(connector)
    this.#onChange()
  }

  removeConnector(id: string): void {
    remove(this.#state.lineConnectors, (row) => row.connector === id)
    this.#changed(remove(this.#state.connectors, (connector) => connector.id === id))
  }

  lineConnectors(): readonly LineConnector[] {
    return this.#state.lineConnectors
  }

  lineConnector(line: number, connector: string): LineConnector | undefined {
    return this.#state.lineConnectors.find((row) => row.line === line && row.connector === connector)
  }

  /** Creates the row when there is none. */
  changeLineConnector(line: number, connector: string, change: Partial<LineConnector>): void {
    const existing = this.lineConnector(line, connector)
    if (existing === undefined) {
      this.#state.lineConnectors.push({ active: false, configured: false, error: false, data: {}, ...change, line, connector })
    } else {
      Object.assign(existing, change)
    }
    this.#onChange()
  }

  removeLineConnector(line: number, connector: string): void {
    this.#changed(remove(this.#state.lineConnectors, (row) => row.line === line && row.connector === connector))
  }

  isSpent(token: string): boolean {
    return this.#spent.has(token)
  }

  /** Remembers a single-use token until it would have expired anyway. */
  spend(token: string, expiresS: number, nowS: number): void {
    if (this.#spent.size >= PORTAL_LIMITS.maxSpentTokens) this.#forgetSpent(nowS)
    this.#spent.set(token, expiresS)
    this.#onChange()
  }

  #forgetSpent(nowS: number): void {
    for (const [token, expiresS] of this.#spent) if (expiresS <= nowS) this.#spent.delete(token)
    for (const token of this.#spent.keys()) {
      if (this.#spent.size < PORTAL_LIMITS.maxSpentTokens) return
      this.#spent.delete(token)
    }
  }

  #changed(count: number): number {
    if (count > 0) this.#onChange()
    return count
  }
}

function remove<Item>(items: Item[], matches: (item: Item) => boolean): number {
  const kept = items.filter((item) => !matches(item))
  const removed = items.length - kept.length
  items.splice(0, items.length, ...kept)
  return removed
}

function limit(description: string): CodedError {
  return new CodedError('BAD_REQUEST', `${description}: a limit of packages/portal/limits.ts`)
}
