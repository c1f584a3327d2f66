import type { Clock, Timer } from '@portline/runtime/clock.ts'
import { PORTAL_LIMITS } from '../limits.ts'
import { closeIdleConnections, keptConnections } from './connections.ts'
import type { Connections } from './connections.ts'
import type { Delivery } from './delivery-log.ts'
import { Fifo } from './fifo.ts'
import type { QueueOptions } from './options.ts'
import { Pace } from './pace.ts'
import type { DeliveryPlan } from './plan.ts'
import { postForm } from './post-form.ts'

/** A delivery on its way through the queue server. */
export interface Planned {
  readonly id: number
  readonly entry: Delivery
  readonly plan: DeliveryPlan
  readonly dueMs: number
}

export interface SenderEvents {
  readonly beforeSending: (planned: Planned) => void
  readonly settled: (planned: Planned, outcome: number | string) => void
}

/**
 * Sends what is due. One lane per category, app and address, so that a slow app holds up nobody else; one pace per app and
 * address. Invariants: at most `concurrency` of a lane are sending (one while its app is throttled), at most `maxConcurrent`
 * altogether; when those are all taken, the lane whose app answers soonest is served next; nothing is sent twice.
 */
export class Sender {
  readonly #clock: Clock
  readonly #options: QueueOptions
  readonly #events: SenderEvents
  readonly #lanes = new Map<string, Lane>()
  readonly #paces = new Map<string, Pace>()
  readonly #crowdedOut = new Set<Lane>()
  readonly #sending = new Set<number>()
  readonly #answerable = new Set<number>()
  readonly #stop = new AbortController()
  readonly #connections: Connections = keptConnections()
  #onSettled: (() => void)[] = []

  constructor(clock: Clock, options: QueueOptions, events: SenderEvents) {
    this.#clock = clock
    this.#options = options
    this.#events = events
  }

  take(planned: Planned): void {
    const lane = this.#lane(planned.entry)
    lane.ready.push(planned)
    this.#pump(lane)
  }

  answerable(): readonly number[] {
    return [...this.#answerable]
  }

  ready(): readonly Planned[] {
    return [...this.#lanes.values()].flatMap(({ ready }) => ready.items())
  }

  dropReady(): readonly Planned[] {
    const dropped = [...this.#lanes.values()].flatMap(({ ready }) => ready.clear())
    for (const lane of this.#lanes.values()) {
      lane.timer?.cancel()
      this.#forgetIdle(lane)
    }
    return dropped
  }

  nextSettled(): Promise<void> {
    return new Promise((resolve) => {
      this.#onSettled.push(resolve)
    })
  }

  stop(): void {
    this.#stop.abort()
    closeIdleConnections(this.#connections)
  }

  #pump(lane: Lane): void {
    lane.timer?.cancel()
    lane.timer = undefined
    while (lane.ready.size > 0 && lane.sending < (lane.pace.isThrottled ? 1 : this.#options.concurrency)) {
      const leftMs = lane.pace.notBeforeMs - this.#clock.now()
      if (leftMs > 0) {
        lane.timer = this.#clock.setTimer(leftMs, () => this.#pump(lane))
        return
      }
      if (this.#sending.size >= this.#options.maxConcurrent) {
        this.#crowdedOut.add(lane)
        return
      }
      const planned = lane.ready.shift()
      if (planned !== undefined) void this.#send(lane, planned)
    }
    this.#forgetIdle(lane)
  }

  async #send(lane: Lane, planned: Planned): Promise<void> {
    const { entry, plan } = planned
    lane.sending += 1
    this.#sending.add(planned.id)
    if (plan.breakage === undefined) this.#answerable.add(planned.id)
    const startMs = this.#clock.now()
    entry.sent_at = new Date(startMs).toISOString()
    this.#events.beforeSending(planned)
    const outcome = await postForm(this.#clock, entry.url, plan.body, {
      timeoutMs: this.#options.timeoutMs,
      maxResponseBytes: PORTAL_LIMITS.maxLoggedResponseBytes,
      userAgent: 'Bitrix24 Webhook Engine',
      signal: this.#stop.signal,
      // A connection is kept only for what follows at once: one that idles may be closed by the app just as it is used
      // again, and a delivery lost that way would be the portal's own fault.
      ...(lane.ready.size > 0 ? { connections: this.#connections } : {}),
      ...(plan.breakage === undefined ? {} : { breakage: plan.breakage }),
    })
    const durationMs = this.#clock.now() - startMs
    entry.duration_ms = durationMs
    entry.response = outcome.body
    lane.sending -= 1
    this.#sending.delete(planned.id)
    this.#answerable.delete(planned.id)
    lane.pace.answered(durationMs, this.#clock.now(), this.#options.throttle)
    this.#events.settled(planned, outcome.status ?? outcome.error)
    for (const resolve of this.#onSettled.splice(0)) resolve()
    if (this.#stop.signal.aborted) return
    this.#crowdedOut.add(lane)
    this.#serveCrowdedOut()
  }

  #serveCrowdedOut(): void {
    while (this.#sending.size < this.#options.maxConcurrent) {
      let quickest: Lane | undefined
      for (const lane of this.#crowdedOut) {
        if (quickest === undefined || lane.pace.averageMs < quickest.pace.averageMs) quickest = lane
      }
      if (quickest === undefined) return
      this.#crowdedOut.delete(quickest)
      this.#pump(quickest)
    }
  }

  #lane({ category, client_id, url }: Delivery): Lane {
    const app = `${client_id} ${URL.parse(url)?.origin ?? ''}`
    const key = `${category} ${app}`
    const existing = this.#lanes.get(key)
    if (existing !== undefined) return existing
    const pace = this.#paces.get(app) ?? new Pace()
    pace.lanes += 1
    this.#paces.set(app, pace)
    const lane: Lane = { key, app, pace, ready: new Fifo(), sending: 0, timer: undefined }
    this.#lanes.set(key, lane)
    return lane
  }

  /** An app that is quick leaves nothing to remember; a slow one's pace is kept, up to a number of apps. */
  #forgetIdle(lane: Lane): void {
    if (lane.sending > 0 || lane.ready.size > 0) return
    if (!this.#lanes.delete(lane.key)) return
    lane.pace.lanes -= 1
    const forget = !lane.pace.isThrottled || this.#paces.size > PORTAL_LIMITS.maxRememberedPaces
    if (forget && lane.pace.lanes === 0) this.#paces.delete(lane.app)
  }
}

interface Lane {
  readonly key: string
  readonly app: string
  readonly pace: Pace
  readonly ready: Fifo<Planned>
  sending: number
  timer: Timer | undefined
}
