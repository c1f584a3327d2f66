import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { FOLLOWED_FROM, monotonicMs } from '../lib/contender-side.ts'
import { requestTemplate } from '../lib/events.ts'
import type { RequestTemplate } from '../lib/events.ts'
import { latenciesOf, percentile } from '../lib/statistics.ts'
import type { Latencies } from '../lib/statistics.ts'

/**
 * Open-loop load, a program of its own: `node bench/load/steady.ts <plan as JSON>`. Events are due at fixed times, whether the
 * ones before were answered or not, and an event's latency counts from when it was due: an answer that is late makes all behind
 * it late too, as it would in life (no coordinated omission). Which part of it is this program's own lateness is told beside it.
 */
export interface SteadyPlan {
  readonly url: string
  /** Events per second. */
  readonly rate: number
  readonly events: number
  readonly connections: number
  readonly firstPortal: number
  readonly portals: number
  /** Left out of the latencies: the first of them meet cold code. */
  readonly warmUpEvents: number
}

export interface SteadyResult {
  readonly answered: number
  readonly failed: number
  readonly durationS: number
  /** From due to answered, milliseconds. */
  readonly latencies: Latencies
  /** 99th percentile of the time from due to written to a socket while one was free. */
  readonly lagP99: number
  /** Of this program. */
  readonly cpuS: number
  /** [id, when it was written, when it was answered]: at most 10,000 events. */
  readonly times: readonly (readonly [number, number, number])[]
}

interface Connection {
  readonly socket: Socket
  inFlight: { readonly id: number; readonly dueAtMs: number; readonly sentAtMs: number } | undefined
  unread: string
}

const TIMES_MAX_EVENTS = 10_000
const GIVE_UP_MS = 30_000

class SteadySender {
  readonly #plan: SteadyPlan
  readonly #templates: RequestTemplate[]
  readonly #free: Connection[] = []
  readonly #latencies: number[] = []
  readonly #lags: number[] = []
  readonly #times: [number, number, number][] = []
  #answered = 0
  #failed = 0
  #next = 0
  #beginMs = 0
  #resolve: () => void = () => {}

  constructor(plan: SteadyPlan) {
    this.#plan = plan
    const { host } = new URL(plan.url)
    this.#templates = Array.from({ length: plan.portals }, (_, index) => requestTemplate(plan.firstPortal + index, host))
  }

  async run(): Promise<SteadyResult> {
    await this.#connectAll()
    const before = process.cpuUsage()
    this.#beginMs = monotonicMs()
    await new Promise<void>((resolve) => {
      this.#resolve = resolve
      this.#tick()
    })
    const used = process.cpuUsage(before)
    const durationS = (monotonicMs() - this.#beginMs) / 1_000
    return {
      answered: this.#answered, failed: this.#failed, durationS, latencies: latenciesOf(this.#latencies),
      lagP99: percentile(this.#lags, 99), cpuS: (used.user + used.system) / 1e6, times: this.#times,
    }
  }

  async #connectAll(): Promise<void> {
    const { hostname, port } = new URL(this.#plan.url)
    for (let n = 0; n < this.#plan.connections; n++) {
      const socket = connect({ host: hostname, port: Number(port), noDelay: true })
      const connection: Connection = { socket, inFlight: undefined, unread: '' }
      await new Promise<void>((resolve, reject) => {
        socket.once('connect', resolve).once('error', reject)
      })
      socket.on('data', (chunk) => this.#read(connection, chunk.toString('latin1')))
      socket.on('close', () => this.#lose(connection))
      this.#free.push(connection)
    }
  }

  /** Timers are no finer than a millisecond: each tick sends all that have become due. */
  #tick(): void {
    this.#send(true)
    const late = monotonicMs() - this.#dueAtMs(this.#plan.events)
    if (this.#answered + this.#failed >= this.#plan.events || late > GIVE_UP_MS) this.#resolve()
    else setTimeout(() => this.#tick(), 1)
  }

  #dueAtMs(n: number): number {
    return this.#beginMs + (n * 1_000) / this.#plan.rate
  }

  #send(byTimer: boolean): void {
    const nowMs = monotonicMs()
    while (this.#next < this.#plan.events && this.#dueAtMs(this.#next) <= nowMs) {
      const connection = this.#free.pop()
      if (connection === undefined) return
      const n = this.#next++
      const id = FOLLOWED_FROM + n
      const dueAtMs = this.#dueAtMs(n)
      if (byTimer) this.#lags.push(nowMs - dueAtMs)
      const template = this.#templates[n % this.#templates.length]
      if (template === undefined) return
      const bytes = Buffer.from(template.bytes)
      bytes.write(String(id), template.idAt, 'latin1')
      connection.inFlight = { id, dueAtMs, sentAtMs: nowMs }
      connection.socket.write(bytes)
    }
  }

  #read(connection: Connection, text: string): void {
    connection.unread += text
    const headEnd = connection.unread.indexOf('\r\n\r\n')
    if (headEnd < 0) return
    const length = Number(/\r\ncontent-length: (\d+)/i.exec(connection.unread)?.[1] ?? 0)
    if (connection.unread.length < headEnd + 4 + length) return
    this.#settle(connection, connection.unread.startsWith('HTTP/1.1 200'))
    connection.unread = ''
    this.#free.push(connection)
    this.#send(false)
  }

  #settle(connection: Connection, isOk: boolean): void {
    const { inFlight } = connection
    if (inFlight === undefined) return
    connection.inFlight = undefined
    const nowMs = monotonicMs()
    if (!isOk) {
      this.#failed++
      return
    }
    this.#answered++
    if (inFlight.id - FOLLOWED_FROM >= this.#plan.warmUpEvents) {
      this.#latencies.push(nowMs - inFlight.dueAtMs)
      if (this.#times.length < TIMES_MAX_EVENTS) this.#times.push([inFlight.id, inFlight.sentAtMs, nowMs])
    }
  }

  #lose(connection: Connection): void {
    this.#settle(connection, false)
    const at = this.#free.indexOf(connection)
    if (at >= 0) this.#free.splice(at, 1)
  }
}

const result = await new SteadySender(JSON.parse(process.argv[2] ?? '{}') as SteadyPlan).run()
process.stdout.write(JSON.stringify(result), () => process.exit(0))
