import type { Clock } from '@portline/runtime/clock.ts'
import { CHANGES_PER_HOUR } from '../limits.ts'
import { keyOf } from '../store/portal-key.ts'
import type { PortalKey } from '../store/port.ts'

/**
 * Bounds what one portal's events write into the audit trail, from which nothing is ever deleted: every user who has seen the
 * application_token can send "paid" and "not paid" in turn all day. Beyond the limit it is the change that is left out, never its record.
 *
 *     free ──so many changes of a kind in an hour──> full ──the hour is over──> free
 *
 * In memory: a process that ends begins anew.
 */
export class ChangeLimits {
  readonly #clock: Clock
  /** Portal and kind → the hour that is counted. */
  readonly #hours = new Map<string, { readonly endsAtMs: number; count: number }>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Whether there is room for one more, which is counted then. */
  take(portal: PortalKey, kind: keyof typeof CHANGES_PER_HOUR): boolean {
    const nowMs = this.#clock.now()
    this.#forgetOver(nowMs)
    const key = `${kind} ${keyOf(portal)}`
    const hour = this.#hours.get(key) ?? { endsAtMs: nowMs + HOUR_MS, count: 0 }
    if (hour.count >= CHANGES_PER_HOUR[kind]) return false
    hour.count += 1
    this.#hours.set(key, hour)
    return true
  }

  /** They are in the order in which they end. One that ends later than any can was begun before the clock was set back. */
  #forgetOver(nowMs: number): void {
    for (const [key, { endsAtMs }] of this.#hours) {
      if (endsAtMs > nowMs && endsAtMs <= nowMs + HOUR_MS) return
      this.#hours.delete(key)
    }
  }
}

const HOUR_MS = 3_600_000
