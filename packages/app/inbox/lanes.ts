import type { Clock, Timer } from '@portline/runtime/clock.ts'
import type { Log } from '@portline/runtime/log.ts'
import { LANES_AT_ONCE, LANE_BATCH_EVENTS, LANE_LEASE_MARGIN_MS, LANE_SETTLE_MS, LANE_SWEEP_MS } from '../limits.ts'
import type { PortalKey, Settlement, Store, StoredEvent } from '../store/port.ts'
import { keyOf } from '../store/portal-key.ts'

/**
 * Lanes: the events of one (app, portal) in the order they were received, one at a time.
 *
 *     idle ──wake──> ready ──place free──> running ──nothing left──> idle
 *      ↑                                     └──head not due, lease elsewhere, store failing──> waiting
 *      └──────────────────── (due, or woken) ──> ready <─────────────────────────────────────────┘
 *
 * Invariants: a lane runs at most once at a time in this process, and a lease keeps other processes off it; an event is
 * started only after the one before it has ended, and what they came to is written together, in their order; a lane woken while it runs runs again. An idle lane
 * costs nothing: it is in none of the maps.
 */
export interface LanesParts {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  /** Names this process in leases. */
  readonly owner: string
  readonly run: (event: StoredEvent) => Promise<Settlement>
  /** How long one event may take at most, for the lease. */
  readonly longestRunMs: (app: string) => number
  readonly onSettled: (portal: PortalKey, settlement: Settlement) => void
}

/** A store that can't answer is asked again after this long. */
const STORE_RETRY_MS = 1_000

export class Lanes {
  readonly #parts: LanesParts
  readonly #ready = new Map<string, PortalKey>()
  readonly #running = new Map<string, { again: boolean }>()
  readonly #waiting = new Map<string, Timer>()
  #idle: (() => void) | undefined
  #stopping = false
  #sweep: Timer | undefined

  constructor(parts: LanesParts) {
    this.#parts = parts
  }

  /** Takes up what a former process left. */
  async start(): Promise<void> {
    await this.#sweepStore()
  }

  wake(portal: PortalKey): void {
    const key = keyOf(portal)
    const running = this.#running.get(key)
    if (running !== undefined) {
      running.again = true
      return
    }
    this.#waiting.get(key)?.cancel()
    this.#waiting.delete(key)
    this.#ready.set(key, portal)
    this.#fill()
  }

  /** Lets running events end, starts no others. */
  async stop(): Promise<void> {
    this.#stopping = true
    this.#sweep?.cancel()
    for (const timer of this.#waiting.values()) timer.cancel()
    this.#waiting.clear()
    this.#ready.clear()
    if (this.#running.size > 0) await new Promise<void>((resolve) => (this.#idle = resolve))
  }

  #fill(): void {
    for (const [key, portal] of this.#ready) {
      if (this.#stopping || this.#running.size >= LANES_AT_ONCE) return
      this.#ready.delete(key)
      const state = { again: false }
      this.#running.set(key, state)
      void this.#runLane(portal).then((untilMs) => {
        this.#running.delete(key)
        this.#rest(portal, state.again ? 0 : untilMs)
        if (this.#running.size === 0) this.#idle?.()
        this.#fill()
      })
    }
  }

  #rest(portal: PortalKey, untilMs: number | undefined): void {
    if (this.#stopping || untilMs === undefined) return
    const key = keyOf(portal)
    const delayMs = untilMs - this.#parts.clock.now()
    if (delayMs <= 0) this.#ready.set(key, portal)
    else this.#waiting.set(key, this.#parts.clock.setTimer(delayMs, () => this.wake(portal)))
  }

  /** When to look again; undefined when nothing is left. */
  async #runLane(portal: PortalKey): Promise<number | undefined> {
    const { store, clock, log, owner } = this.#parts
    try {
      const nowMs = clock.now()
      const lease = { owner, nowMs, untilMs: this.#leaseEnd(portal), limit: LANE_BATCH_EVENTS }
      const answer = await store.leaseLane(portal, lease)
      if (answer.kind === 'wait') return answer.untilMs
      if (answer.kind === 'empty') return undefined
      return await this.#runEvents(portal, answer.events)
    } catch (error) {
      log.error({ app: portal.app, portal: portal.memberId, error: String(error) }, 'a lane could not go on')
      return clock.now() + STORE_RETRY_MS
    }
  }

  async #runEvents(portal: PortalKey, events: readonly StoredEvent[]): Promise<number> {
    const { store, clock, owner, run } = this.#parts
    let unsettled: Settlement[] = []
    let settledAtMs = clock.now()
    let waitUntilMs = clock.now()
    for (const [index, event] of events.entries()) {
      const settlement = await run(event)
      unsettled.push(settlement)
      const blocked = settlement.state === 'pending'
      const last = index === events.length - 1 || blocked || this.#stopping
      if (!last && clock.now() - settledAtMs < LANE_SETTLE_MS) continue
      await store.settle(portal, owner, unsettled, last ? undefined : this.#leaseEnd(portal))
      for (const settled of unsettled) this.#parts.onSettled(portal, settled)
      unsettled = []
      settledAtMs = clock.now()
      if (blocked) waitUntilMs = settlement.dueAtMs ?? clock.now()
      if (last) break
    }
    return waitUntilMs
  }

  #leaseEnd({ app }: PortalKey): number {
    return this.#parts.clock.now() + this.#parts.longestRunMs(app) + LANE_LEASE_MARGIN_MS
  }

  async #sweepStore(): Promise<void> {
    const { store, clock, log } = this.#parts
    try {
      for (const { portal, dueAtMs } of await store.lanesWithWork()) {
        const key = keyOf(portal)
        if (!this.#running.has(key) && !this.#waiting.has(key)) this.#rest(portal, dueAtMs)
      }
      this.#fill()
    } catch (error) {
      log.error({ error: String(error) }, 'the store could not be searched for lanes')
    }
    if (!this.#stopping) this.#sweep = clock.setTimer(LANE_SWEEP_MS, () => void this.#sweepStore())
  }
}
