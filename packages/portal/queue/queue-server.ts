import type { Clock, Timer } from '@portline/runtime/clock.ts'
import type { Random } from '@portline/runtime/random.ts'
import type { QueueCategory } from '@portline/wire/events/catalogue.ts'
import { PORTAL_LIMITS } from '../limits.ts'
import type { Delivery } from './delivery-log.ts'
import { DeliveryLog } from './delivery-log.ts'
import { postForm } from './post-form.ts'

/**
 * The queue server. A delivery is
 *
 *     waiting (until its delay is over, in order of its category) → sending → settled (whatever came of it)
 *
 * Invariants: one attempt, never a second; categories don't wait for each other; at most `concurrency` of a category are
 * sending; each settled delivery has an outcome. What waits when the portal stops is dropped.
 */
export class QueueServer {
  readonly log = new DeliveryLog()
  readonly #clock: Clock
  readonly #random: Random
  readonly #options: QueueOptions
  readonly #lanes = new Map<QueueCategory, Lane>()
  readonly #stop = new AbortController()
  #unsettled = 0
  #drained: (() => void)[] = []

  constructor(clock: Clock, random: Random, options: QueueOptions = DEFAULT_QUEUE_OPTIONS) {
    this.#clock = clock
    this.#random = random
    this.#options = options
  }

  enqueue(delivery: DeliveryRequest): void {
    if (this.#stop.signal.aborted) return
    const entry = this.log.add({ ...delivery, queued_at: new Date(this.#clock.now()).toISOString() })
    const lane = this.#lane(delivery.category)
    if (lane.waiting.length >= PORTAL_LIMITS.maxQueuedPerCategory) {
      entry.outcome = 'QUEUE_FULL'
      return
    }
    this.#unsettled += 1
    // Never before the one in front of it: a category keeps its order up to the moment of sending.
    lane.lastDueMs = Math.max(lane.lastDueMs, this.#clock.now() + this.#delayMs())
    lane.waiting.push({ entry, dueMs: lane.lastDueMs })
    this.#pump(lane)
  }

  /** Resolves when nothing waits or travels. Under a virtual clock somebody must move the clock meanwhile. */
  drain(): Promise<void> {
    if (this.#unsettled === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#drained.push(resolve)
    })
  }

  stop(): void {
    this.#stop.abort()
    for (const lane of this.#lanes.values()) {
      lane.timer?.cancel()
      for (const { entry } of lane.waiting.splice(0)) this.#settle(entry, 'STOPPED')
    }
  }

  #lane(category: QueueCategory): Lane {
    const existing = this.#lanes.get(category)
    if (existing !== undefined) return existing
    const lane: Lane = { waiting: [], sending: 0, lastDueMs: 0, timer: undefined }
    this.#lanes.set(category, lane)
    return lane
  }

  #delayMs(): number {
    const { minDelayMs, maxDelayMs } = this.#options
    return minDelayMs + Math.floor(this.#random.fraction() * (maxDelayMs - minDelayMs + 1))
  }

  #pump(lane: Lane): void {
    lane.timer?.cancel()
    lane.timer = undefined
    while (lane.sending < this.#options.concurrency) {
      const head = lane.waiting[0]
      if (head === undefined) return
      const leftMs = head.dueMs - this.#clock.now()
      if (leftMs > 0) {
        lane.timer = this.#clock.setTimer(leftMs, () => this.#pump(lane))
        return
      }
      lane.waiting.shift()
      void this.#send(lane, head.entry)
    }
  }

  async #send(lane: Lane, entry: Delivery): Promise<void> {
    lane.sending += 1
    const startMs = this.#clock.now()
    entry.sent_at = new Date(startMs).toISOString()
    const outcome = await postForm(this.#clock, entry.url, entry.body, {
      timeoutMs: this.#options.timeoutMs,
      maxResponseBytes: PORTAL_LIMITS.maxLoggedResponseBytes,
      userAgent: 'Bitrix24 Webhook Engine',
      signal: this.#stop.signal,
    })
    entry.duration_ms = this.#clock.now() - startMs
    entry.response = outcome.body
    lane.sending -= 1
    this.#settle(entry, outcome.status ?? outcome.error)
    this.#pump(lane)
  }

  #settle(entry: Delivery, outcome: number | string): void {
    entry.outcome = outcome
    this.#unsettled -= 1
    if (this.#unsettled > 0) return
    for (const resolve of this.#drained.splice(0)) resolve()
  }
}

export interface QueueOptions {
  /** Milliseconds between the event and its sending: drawn from this range. The real one is only called slight. */
  readonly minDelayMs: number
  readonly maxDelayMs: number
  readonly timeoutMs: number
  /** Deliveries of one category under way at a time. */
  readonly concurrency: number
}

export const DEFAULT_QUEUE_OPTIONS: QueueOptions = {
  minDelayMs: 0,
  maxDelayMs: 20,
  timeoutMs: PORTAL_LIMITS.deliveryTimeoutMs,
  concurrency: PORTAL_LIMITS.maxConcurrentPerCategory,
}

export type DeliveryRequest = Pick<Delivery, 'client_id' | 'event' | 'event_handler_id' | 'category' | 'url' | 'body'>

interface Lane {
  readonly waiting: { readonly entry: Delivery; readonly dueMs: number }[]
  sending: number
  lastDueMs: number
  timer: Timer | undefined
}
