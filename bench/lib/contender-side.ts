/**
 * What runs inside a contender's process: its settings, and its ear for the bench. A contender is a program with three modes:
 * `prepare` makes its store ready and ends, `serve` listens until it is stopped or killed, `count` says what is stored.
 */
export interface ContenderSettings {
  readonly mode: 'prepare' | 'serve' | 'count'
  /** The contender's own folder: the same for its three modes, of this round alone. */
  readonly folder: string
  /** Which of the program's variants. */
  readonly variant: string
  /** none: events are only taken in; noop: a handler that does nothing runs for each; absent: the app has no handler for them. */
  readonly handlers: 'none' | 'noop' | 'absent'
  /** How many portals of `portalAt` are known. */
  readonly portals: number
  /** Of Redis, PostgreSQL or RabbitMQ, where the contender needs one. */
  readonly serverUrl: string
  /** Events that are stored before it starts. */
  readonly backlog: readonly Backlog[]
  /** The handler fails for the portals from this number on. */
  readonly failFrom?: number
  /** 0 for any free port. */
  readonly port: number
}

/** `perLane` events for each of `lanes` portals from number `from` on, one lane after the other in turn. */
export interface Backlog {
  readonly from: number
  readonly lanes: number
  readonly perLane: number
  readonly state: 'pending' | 'done'
}

export interface Handled {
  readonly count: number
  readonly firstAtMs: number
  readonly lastAtMs: number
}

/** Ids of deals from here on are those whose way the bench follows; below it nothing is kept but a count. */
export const FOLLOWED_FROM = 1_000_000_000

const NS_PER_MS = 1e6

/** One clock for all processes of the machine. */
export function monotonicMs(): number {
  return Number(process.hrtime.bigint()) / NS_PER_MS
}

export function readSettings(): ContenderSettings {
  return JSON.parse(process.argv[2] ?? '{}') as ContenderSettings
}

/** What handlers did. */
export class HandlerLog {
  #count = 0
  #firstAtMs = 0
  #lastAtMs = 0
  readonly #times: [id: number, beganAtMs: number][] = []

  began(dealId: unknown): void {
    this.#lastAtMs = monotonicMs()
    if (this.#count === 0) this.#firstAtMs = this.#lastAtMs
    this.#count++
    const id = Number(dealId)
    if (id >= FOLLOWED_FROM) this.#times.push([id, this.#lastAtMs])
  }

  get handled(): Handled {
    return { count: this.#count, firstAtMs: this.#firstAtMs, lastAtMs: this.#lastAtMs }
  }

  get times(): readonly [number, number][] {
    return this.#times
  }
}

export interface Serving {
  readonly url: string
  readonly log?: HandlerLog
  stop(): Promise<void>
}

/** Tells the bench where to send, and answers what it asks. Without its bench a contender ends. */
export function announce({ url, log, stop }: Serving): void {
  process.on('disconnect', () => process.exit(1))
  // Ctrl-C reaches the whole terminal group: the bench decides how each of its processes ends.
  process.on('SIGINT', () => {})
  process.on('message', (question: { ask: string }) => {
    if (question.ask === 'handled') process.send?.({ answer: log?.handled ?? { count: 0, firstAtMs: 0, lastAtMs: 0 } })
    else if (question.ask === 'times') process.send?.({ answer: log?.times ?? [] })
    else if (question.ask === 'stop') void stop().then(() => process.exit(0))
  })
  process.send?.({ answer: url })
}

/** The one line that `count` prints. */
export function printCount(count: number): void {
  process.stdout.write(`${count}\n`)
}
