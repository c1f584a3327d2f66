import type { Clock } from '@portline/runtime/clock.ts'
import type { Random } from '@portline/runtime/random.ts'
import { BREAKER_COOLING_MAX_MS, BREAKER_COOLING_MS, BREAKER_FAILURES, BREAKER_PROBE_WAIT_MS } from '../limits.ts'
import { DeliveryError, NotNow } from './delivery-error.ts'

/**
 * Leaves a destination alone that is in trouble, so that events do not use up their attempts on it.
 *
 *     closed ──failures in a row, or a pause asked for──> open ──cooled, next comer──> half-open
 *        ↑                                                 ↑                              │
 *        └──────────────────── probe succeeds ─────────────┼──────────────────────────────┤
 *                                                          └── probe fails, or is aborted ┘
 *
 * Invariants: while open nothing is let through before its time, which is never further off than when the pause began; while half-open
 * exactly one is, the probe; only what was let through since the last change of state can change it again, so that stragglers decide
 * nothing; the cooling time doubles with each probe that fails, up to a cap, and starts anew after one that succeeds. A failure of one
 * event (refused, unroutable) shows that the destination is there: it counts as success here. An aborted delivery shows nothing.
 */
export interface BreakerParts {
  readonly name: string
  readonly clock: Clock
  readonly random: Random
  readonly onChange?: (status: BreakerStatus) => void
}

export type BreakerStatus =
  | { readonly state: 'closed'; readonly failures: number }
  | { readonly state: 'open'; readonly untilMs: number }
  | { readonly state: 'half-open' }

/** Breakers that opened together must not probe together. */
const JITTER = 0.2

export class CircuitBreaker {
  readonly #parts: BreakerParts
  #status: BreakerStatus = { state: 'closed', failures: 0 }
  /** Grows with every change of state: tells those let through in this state from stragglers. */
  #epoch = 0
  #coolingMs = BREAKER_COOLING_MS
  /** What the present pause was made for. */
  #pauseMs = 0

  constructor(parts: BreakerParts) {
    this.#parts = parts
  }

  get status(): BreakerStatus {
    return this.#status
  }

  /** Errors: NotNow, and what the task throws. */
  async run<Result>(task: () => Promise<Result>): Promise<Result> {
    this.#admit()
    const epoch = this.#epoch
    try {
      const result = await task()
      if (epoch === this.#epoch) this.#close()
      return result
    } catch (error) {
      if (epoch === this.#epoch) this.#judge(error)
      throw error
    }
  }

  #admit(): void {
    const { name, clock, random } = this.#parts
    if (this.#status.state === 'half-open') {
      throw new NotNow(name, clock.now() + Math.round(BREAKER_PROBE_WAIT_MS * (1 + random.fraction())))
    }
    if (this.#status.state !== 'open') return
    const nowMs = clock.now()
    // The clock was set back meanwhile: nobody is left alone for those hours too.
    const untilMs = Math.min(this.#status.untilMs, nowMs + this.#pauseMs)
    this.#status = { state: 'open', untilMs }
    if (nowMs < untilMs) throw new NotNow(name, untilMs)
    this.#change({ state: 'half-open' })
  }

  #judge(error: unknown): void {
    const probing = this.#status.state === 'half-open'
    if (!(error instanceof DeliveryError) || error.untried) {
      if (probing) this.#pause(0)
      return
    }
    if (!error.unavailable) return this.#close()
    if (probing || error.retryAfterMs !== undefined) return this.#open(error.retryAfterMs ?? 0)
    const failures = (this.#status.state === 'closed' ? this.#status.failures : 0) + 1
    if (failures >= BREAKER_FAILURES) this.#open(0)
    else this.#status = { state: 'closed', failures }
  }

  #open(askedMs: number): void {
    const jittered = Math.round(this.#coolingMs * (1 - JITTER * this.#parts.random.fraction()))
    this.#coolingMs = Math.min(this.#coolingMs * 2, BREAKER_COOLING_MAX_MS)
    this.#pause(Math.max(jittered, askedMs))
  }

  #pause(forMs: number): void {
    this.#pauseMs = forMs
    this.#change({ state: 'open', untilMs: this.#parts.clock.now() + forMs })
  }

  #close(): void {
    this.#coolingMs = BREAKER_COOLING_MS
    if (this.#status.state === 'closed') this.#status = { state: 'closed', failures: 0 }
    else this.#change({ state: 'closed', failures: 0 })
  }

  #change(status: BreakerStatus): void {
    this.#status = status
    this.#epoch += 1
    this.#parts.onChange?.(status)
  }
}
