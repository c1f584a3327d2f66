import type { ThrottleOptions } from './options.ts'

/** How much a new answer counts in the smoothed answering time. */
const WEIGHT = 0.2

/**
 * How often one app's handlers may be called (api-reference/events/index.md: a slow handler is called less often, the gaps
 * grow, quick ones come first; no figure is documented, those here are inferred).
 *
 *     quick (no gap) ──slow answer──> throttled (gap) ──slow answer──> gap doubled, to a limit
 *     throttled ──quick answer──> gap halved ──below the first gap──> quick
 */
export class Pace {
  /** Smoothed milliseconds until an answer: who answers sooner is served first when the queue server is busy. */
  averageMs = 0
  /** Nothing is sent before this time. */
  notBeforeMs = 0
  /** How many lanes go by it. */
  lanes = 0
  #gapMs = 0

  get isThrottled(): boolean {
    return this.#gapMs > 0
  }

  answered(durationMs: number, nowMs: number, throttle: ThrottleOptions | false): void {
    this.averageMs += (durationMs - this.averageMs) * WEIGHT
    if (throttle === false) return
    const { slowMs, firstGapMs, maxGapMs } = throttle
    if (durationMs >= slowMs) this.#gapMs = Math.min(maxGapMs, Math.max(firstGapMs, this.#gapMs * 2))
    else this.#gapMs = this.#gapMs / 2 < firstGapMs ? 0 : this.#gapMs / 2
    this.notBeforeMs = nowMs + this.#gapMs
  }
}
