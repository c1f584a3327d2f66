import type { Clock, Timer } from '@portline/runtime/clock.ts'
import { seededRandom } from '@portline/runtime/random.ts'
import type { QueueCategory } from '@portline/wire/events/catalogue.ts'
import { PORTAL_LIMITS } from '../limits.ts'
import type { Delivery } from './delivery-log.ts'
import { DeliveryLog } from './delivery-log.ts'
import { DueHeap } from './due-heap.ts'
import type { QueueOptions } from './options.ts'
import { DEFAULT_QUEUE_OPTIONS } from './options.ts'
import type { DeliveryPlan, DeliveryRequest, DeliveryShaper } from './plan.ts'
import { PLAIN_SHAPER, plainPlan } from './plan.ts'
import type { QueueState } from './queue-state.ts'
import { QUEUE_CATEGORIES } from './queue-state.ts'
import { Sender } from './sender.ts'
import type { Planned } from './sender.ts'

/**
 * The queue server. A delivery is
 *
 *     waiting (until its delay is over) → ready (for its app to take it) → sending → settled (whatever came of it)
 *
 * Invariants: one attempt, never a second; a category keeps its order up to the moment of sending, but for what a fault or
 * an option lets be overtaken; categories and apps don't wait for each other; each settled delivery has an outcome; how a
 * delivery fares depends on the seed and its id alone. What waits when the portal stops is dropped.
 */
export class QueueServer {
  readonly log = new DeliveryLog()
  readonly #clock: Clock
  readonly #seed: () => string
  readonly #options: QueueOptions
  readonly #sender: Sender
  readonly #categories = new Map<QueueCategory, CategoryQueue>()
  #shaper: DeliveryShaper = PLAIN_SHAPER
  #stopped = false
  #unsettled = 0
  #drained: (() => void)[] = []

  constructor(clock: Clock, seed: () => string, options: Partial<QueueOptions> = {}) {
    this.#clock = clock
    this.#seed = seed
    this.#options = { ...DEFAULT_QUEUE_OPTIONS, ...options }
    this.#sender = new Sender(clock, this.#options, {
      beforeSending: ({ entry, plan }) => {
        this.#category(entry.category).queued -= 1
        this.#shaper.beforeSending(entry, plan)
      },
      settled: ({ entry }, outcome) => this.#settle(entry, outcome),
    })
  }

  /** Who decides about faults. */
  shapeWith(shaper: DeliveryShaper): void {
    this.#shaper = shaper
  }

  enqueue(delivery: DeliveryRequest): void {
    if (this.#stopped) return
    let original: Delivery | undefined
    for (const plan of this.#shaper.plan(delivery)) {
      const added = this.#add(delivery, plan, original?.id ?? null)
      original ??= added
    }
    if (original === undefined) return
    const random = seededRandom(`${this.#seed()}:queue:repeat:${original.id}`)
    if (random.fraction() >= this.#options.duplicateRate) return
    this.#add(delivery, { ...plainPlan(delivery.body), faults: ['duplicateRate'] }, original.id)
  }

  /** Resolves when nothing waits or travels. Under a virtual clock somebody must move the clock meanwhile. */
  drain(): Promise<void> {
    if (this.#unsettled === 0) return Promise.resolve()
    return new Promise((resolve) => {
      this.#drained.push(resolve)
    })
  }

  /** Ids of what is under way and waits for nothing but its answer. */
  answerable(): readonly number[] {
    return this.#sender.answerable()
  }

  /** Resolves when the next delivery is settled. */
  nextSettled(): Promise<void> {
    return this.#sender.nextSettled()
  }

  stop(): void {
    this.#stopped = true
    this.#dropWaiting()
    this.#sender.stop()
  }

  /** What is still to be sent; see QueueState. */
  snapshot(): QueueState {
    const planned = [...this.#categories.values()].flatMap(({ waiting }) => waiting.items())
    return {
      last_id: this.log.lastId,
      waiting: [...planned, ...this.#sender.ready()].sort((one, other) => one.id - other.id).map(asState),
      last_due_ms: Object.fromEntries(
        [...this.#categories]
          .map(([category, { lastDueMs }]): [string, number] => [category, lastDueMs])
          .filter(([, lastDueMs]) => lastDueMs > 0),
      ),
    }
  }

  /** Takes over what another queue server had still to send; what waited here is dropped. */
  restore(state: QueueState): void {
    this.#dropWaiting()
    for (const name of QUEUE_CATEGORIES) this.#category(name).lastDueMs = state.last_due_ms[name] ?? 0
    for (const { id, due_ms: dueMs, plan, ...delivery } of state.waiting) {
      const entry = this.log.add({ ...delivery, body: plan.body, faults: plan.faults }, id)
      this.#wait({ id, entry, plan, dueMs })
    }
    this.log.continueFrom(state.last_id)
  }

  #add(delivery: DeliveryRequest, plan: DeliveryPlan, duplicateOf: number | null): Delivery {
    const queued_at = new Date(this.#clock.now()).toISOString()
    const entry = this.log.add({ ...delivery, body: plan.body, queued_at, faults: plan.faults, duplicate_of: duplicateOf })
    const category = this.#category(delivery.category)
    if (category.queued >= PORTAL_LIMITS.maxQueuedPerCategory) entry.outcome = 'QUEUE_FULL'
    else if (plan.lost) entry.outcome = 'LOST'
    else this.#wait({ id: entry.id, entry, plan, dueMs: this.#dueMs(category, entry.id, plan) })
    return entry
  }

  #dueMs(category: CategoryQueue, id: number, plan: DeliveryPlan): number {
    const { minDelayMs, maxDelayMs, reorderRate, reorderMs } = this.#options
    const random = seededRandom(`${this.#seed()}:queue:${id}`)
    const delayMs = minDelayMs + Math.floor(random.fraction() * (maxDelayMs - minDelayMs + 1))
    const dueMs = this.#clock.now() + delayMs + plan.holdMs
    if (random.fraction() < reorderRate) return dueMs + Math.ceil(random.fraction() * reorderMs)
    if (!plan.inOrder) return dueMs
    // Never before the one in front of it.
    category.lastDueMs = Math.max(category.lastDueMs, dueMs)
    return category.lastDueMs
  }

  #wait(planned: Planned): void {
    this.#unsettled += 1
    const category = this.#category(planned.entry.category)
    category.queued += 1
    category.waiting.push(planned)
    this.#release(category)
  }

  /** Hands on what is due, and wakes up for the next. */
  #release(category: CategoryQueue): void {
    category.timer?.cancel()
    category.timer = undefined
    for (let head = category.waiting.peek(); head !== undefined; head = category.waiting.peek()) {
      const leftMs = head.dueMs - this.#clock.now()
      if (leftMs > 0) {
        category.timer = this.#clock.setTimer(leftMs, () => this.#release(category))
        return
      }
      category.waiting.pop()
      this.#sender.take(head)
    }
  }

  #category(name: QueueCategory): CategoryQueue {
    const existing = this.#categories.get(name)
    if (existing !== undefined) return existing
    const category: CategoryQueue = { waiting: new DueHeap(), queued: 0, lastDueMs: 0, timer: undefined }
    this.#categories.set(name, category)
    return category
  }

  #dropWaiting(): void {
    for (const category of this.#categories.values()) {
      category.timer?.cancel()
      category.queued = 0
      for (const { entry } of category.waiting.clear()) this.#settle(entry, 'STOPPED')
    }
    for (const { entry } of this.#sender.dropReady()) this.#settle(entry, 'STOPPED')
  }

  #settle(entry: Delivery, outcome: number | string): void {
    entry.outcome = outcome
    this.#unsettled -= 1
    if (this.#unsettled > 0) return
    for (const resolve of this.#drained.splice(0)) resolve()
  }
}

interface CategoryQueue {
  /** Not yet due. */
  readonly waiting: DueHeap<Planned>
  /** Not yet sent, due or not. */
  queued: number
  lastDueMs: number
  timer: Timer | undefined
}

function asState({ id, entry, plan, dueMs }: Planned): QueueState['waiting'][number] {
  const { client_id, event, event_handler_id, category, url, queued_at, duplicate_of } = entry
  return {
    client_id, event, event_handler_id, category, url, queued_at, duplicate_of, id, due_ms: dueMs,
    plan: { ...plan, faults: [...plan.faults] },
  }
}
