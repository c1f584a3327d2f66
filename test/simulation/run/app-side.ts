import type { Log } from '@portline/runtime/log.ts'
import { seededRandom } from '@portline/runtime/random.ts'
import { CodedError } from '@portline/wire/errors.ts'
import { decodeForm } from '@portline/wire/form/decode.ts'
import { readEnvelope } from '@portline/wire/read-envelope.ts'
import { asStore } from 'portline/store/sqlite/sqlite-store.ts'
import { composeAppSide } from 'portline/serve/compose.ts'
import type { Store } from 'portline/store/port.ts'
import type { TokenKeeper } from 'portline/tokens/token-keeper.ts'
import type { History } from '../history.ts'
import { AUTH_SERVER, OTHER_AUTH_SERVER, secretOf } from '../world/bitrix24.ts'
import type { Bitrix24 } from '../world/bitrix24.ts'
import type { Dice } from '../world/dice.ts'
import type { CrashKind, Disk } from '../world/disk.ts'
import type { SimulatedNetwork } from '../world/network.ts'
import { simulatedRest } from '../world/rest.ts'
import { SimulatedThread, StoreImage, openingMs, workerOn } from '../world/store-thread.ts'
import type { WatchedCommit } from '../world/watched-database.ts'
import { clockOf } from '../world/timeline.ts'
import type { Life, Timeline } from '../world/timeline.ts'
import { appOf } from './apps.ts'
import type { Plans } from './apps.ts'
import type { SimulatedApp } from './profile.ts'

/**
 * The app side's processes, one after another on one disk.
 *
 *     down ──start──> recovering ──composed──> serving ──stop──> draining ──> down
 *                         └────────────┴──── killed at any moment ──┴──────────┘
 */
export interface AppSideParts {
  readonly seed: string
  readonly timeline: Timeline
  readonly world: Life
  readonly history: History
  readonly disk: Disk
  readonly dice: Dice
  readonly network: SimulatedNetwork
  readonly bitrix24: Bitrix24
  readonly apps: readonly SimulatedApp[]
  readonly plans: Plans
}

type Composed = Awaited<ReturnType<typeof composeAppSide>>

interface Process extends Life {
  readonly number: number
  thread: SimulatedThread | undefined
  store: Store | undefined
  composed: Composed | undefined
  tokens: TokenKeeper | undefined
  state: 'recovering' | 'serving' | 'draining'
  accepting: number
  accepted: () => void
}

const KEY = Uint8Array.from({ length: 32 }, (_value, index) => index)

export class AppSide {
  readonly #parts: AppSideParts
  #process: Process | undefined
  #processes = 0
  #runs = 0
  readonly #image = new StoreImage()
  /** Set by whoever wants it to stay down or up. */
  restarts = true

  constructor(parts: AppSideParts) {
    this.#parts = parts
  }

  get serving(): boolean {
    return this.#process?.state === 'serving'
  }

  get number(): number {
    return this.#processes
  }

  start(): void {
    const { timeline, history, disk, dice, bitrix24 } = this.#parts
    if (this.#process !== undefined) return
    const number = ++this.#processes
    const process: Process = {
      name: `process ${number}`, number, alive: true, thread: undefined, store: undefined, composed: undefined, tokens: undefined,
      state: 'recovering', accepting: 0, accepted: () => {},
    }
    this.#process = process
    timeline.after(process, openingMs(dice), () => {
      const onCommitted = ({ events, installations, accounts, audited }: WatchedCommit): void => {
        if (events.length > 0) history.add({ kind: 'rows', process: number, rows: events })
        if (installations.length + accounts.length + audited.length > 0) history.add({ kind: 'installations', process: number, installations, audited, accounts: accounts.map((each) => ({ ...each, issuedAt: bitrix24.issuedAt(each.pairId) })) })
      }
      process.thread = new SimulatedThread({ timeline, life: process, disk, dice, onCommitted }, this.#image)
      process.store = asStore(workerOn(process.thread, clockOf(timeline, process, dice)))
      history.add({ kind: 'up', process: number })
      history.add(process.thread.snapshot(number))
      this.#serve(process, process.store).catch((error: unknown) => {
        history.add({ kind: 'weather', what: `the app side did not start: ${String(error)}` })
        this.#end(process, 'failed to start', 'process')
      })
    })
  }

  async #serve(process: Process, store: Store): Promise<void> {
    const { seed, timeline, dice, apps, plans, history, network, world } = this.#parts
    const own = network.of(process, process.number, world)
    const handlers = { timeline, life: process, process: process.number, history, plans, nextRun: () => ++this.#runs, die: () => this.#end(process, 'kill', 'process') }
    const composed = await composeAppSide({
      apps: apps.map(({ name, duplicates }) => ({ app: appOf(name, duplicates, handlers), clientId: `app.${name}`, clientSecret: secretOf(name) })),
      authServers: [AUTH_SERVER, OTHER_AUTH_SERVER],
      clock: clockOf(timeline, process, dice),
      random: seededRandom(`${seed}/process ${process.number}`),
      network: own,
      resolver: { addresses: () => Promise.resolve([]) },
      log: this.#log(),
      store,
      key: KEY,
      publicUrl: () => 'https://app.example',
      createRest: (parts) => {
        process.tokens = parts.tokens
        return simulatedRest(parts, own)
      },
    })
    process.composed = composed
    process.state = 'serving'
    await composed.start()
  }

  #log(): Log {
    const { history } = this.#parts
    const write = (fields: object, message: string): void => history.add({ kind: 'weather', what: `log: ${message} ${JSON.stringify(fields)}` })
    return { debug: () => {}, info: () => {}, warn: write, error: write }
  }

  /** The process that would take a delivery now. */
  get taker(): number | undefined {
    return this.serving ? this.#process?.number : undefined
  }

  deliver(delivery: number, app: string, body: string): void {
    const process = this.#process
    const inbox = process?.composed?.inbox
    if (process === undefined || inbox === undefined || process.state !== 'serving') return
    const { history } = this.#parts
    const answered = (answer: { status: number; code?: string; id?: string; state?: string }): void => {
      history.add({ kind: 'answered', process: process.number, delivery, ...answer })
      process.accepting -= 1
      if (process.accepting === 0) process.accepted()
    }
    process.accepting += 1
    inbox.accept(app, readEnvelope(decodeForm(body)), body.length).then(
      ({ id, state }) => answered({ status: 200, id, state }),
      (error: unknown) => answered(error instanceof CodedError ? { status: error.status, code: error.code } : { status: 500, code: String(error) }),
    )
  }

  /** As the operator's API does it. */
  async replay(id: string): Promise<void> {
    const composed = this.#process?.composed
    if (composed === undefined || this.#process?.state !== 'serving') return
    const { store, lanes, clock } = composed
    const event = await store.event(id)
    const installation = event && (await store.installation(event))
    if (event === undefined || installation?.status === 'deleted' || installation?.generation !== event.generation) return
    this.#parts.history.add({ kind: 'replayed', id })
    if (await store.replay(id, clock.now())) lanes.wake(event)
  }

  /** What the installer's page does with the portal's word that its user may install. */
  async openInstaller({ app, memberId }: { app: string; memberId: string }, facts: { accessToken: string; refreshToken: string; expiresAtMs: number; applicationToken?: string; serverEndpoint: string }): Promise<void> {
    const composed = this.#process?.composed
    if (composed === undefined || this.#process?.state !== 'serving') return
    const { prover, installations, reviewer, clock, credentialsOf } = composed
    const portal = { app, memberId }
    const { serverEndpoint, applicationToken, ...pair } = facts
    const askedAtMs = clock.now()
    const proven = await prover.prove({ clientId: credentialsOf(portal.app).clientId, memberId: portal.memberId, accessToken: pair.accessToken, serverEndpoint })
    await installations.confirm(portal, proven, { status: 'new', askedAtMs, applicationToken, pair })
    await reviewer.review(portal)
  }

  /** The master account's pair, asked for as a handler would; and what the store says of the installation. */
  async pairOf(portal: { app: string; memberId: string }): Promise<{ access: string; status: string | undefined }> {
    const process = this.#process
    if (process?.tokens === undefined || process.store === undefined) throw new Error('the app side is down')
    const installation = await process.store.installation(portal)
    const { accessToken } = await process.tokens.pair(portal)
    return { access: accessToken, status: installation?.status }
  }

  async statusOf(portal: { app: string; memberId: string }): Promise<string | undefined> {
    return (await this.#process?.store?.installation(portal))?.status
  }

  kill(kind: CrashKind): void {
    if (this.#process !== undefined) this.#end(this.#process, kind === 'power' ? 'power' : 'kill', kind)
  }

  /** Lets what is under way end, as SIGTERM does. */
  stop(): void {
    const process = this.#process
    const { composed, store } = process ?? {}
    if (process === undefined || composed === undefined || store === undefined || process.state !== 'serving') return
    process.state = 'draining'
    const answered = new Promise<void>((resolve) => {
      process.accepted = resolve
      if (process.accepting === 0) resolve()
    })
    void answered
      .then(() => composed.stop())
      .then(() => store.close())
      .then(() => this.#end(process, 'stop', 'process'))
  }

  /** Everything in memory is gone at once. */
  #end(process: Process, cause: 'kill' | 'power' | 'stop' | 'failed to start', kind: CrashKind): void {
    const { timeline, world, history, disk, dice } = this.#parts
    if (!process.alive) return
    process.alive = false
    this.#process = undefined
    this.#image.read(disk.crash(kind))
    process.thread?.close()
    history.add({ kind: 'down', process: process.number, cause })
    timeline.after(world, dice.between(10, 3_000), () => {
      if (this.restarts) this.start()
    })
  }

  /** What is on the disk and nowhere else, when all is over. */
  lastSnapshot(): void {
    const { timeline, world, disk, dice, history } = this.#parts
    const thread = new SimulatedThread({ timeline, life: world, disk, dice, onCommitted: () => {} }, this.#image)
    history.add(thread.snapshot(this.#processes + 1))
    thread.close()
    this.#image.close()
  }

  /** Events that are open. */
  get pending(): number {
    return this.#process?.thread?.count('pending') ?? 0
  }
}
