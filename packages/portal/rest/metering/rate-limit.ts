import { PORTAL_LIMITS } from '../../limits.ts'

/** limits.md: how full the bucket may be before requests are refused, and how much of it leaks away every second. */
export const RATE_PLANS = {
  standard: { bucket: 50, perSecond: 2 },
  enterprise: { bucket: 250, perSecond: 5 },
} as const
export type RatePlan = keyof typeof RATE_PLANS

interface Bucket {
  level: number
  leakedAtMs: number
}

const SECOND_MS = 1_000

/**
 * A leaky bucket per address requests come from (limits.md). Each request fills it by one, a refused one does not; full
 * seconds empty it. Invariant: a level never exceeds the plan's bucket by more than one.
 */
export class RateLimit {
  readonly #buckets = new Map<string, Bucket>()

  /** @returns false: refuse the request */
  admit(plan: RatePlan, source: string, nowMs: number): boolean {
    const { bucket: size, perSecond } = RATE_PLANS[plan]
    const bucket = this.#leaked(source, perSecond, nowMs)
    if (bucket.level > size) return false
    bucket.level += 1
    return true
  }

  reset(): void {
    this.#buckets.clear()
  }

  #leaked(source: string, perSecond: number, nowMs: number): Bucket {
    const bucket = this.#buckets.get(source) ?? { level: 0, leakedAtMs: nowMs }
    const seconds = Math.max(0, Math.floor((nowMs - bucket.leakedAtMs) / SECOND_MS))
    bucket.level = Math.max(0, bucket.level - seconds * perSecond)
    bucket.leakedAtMs = bucket.level === 0 ? nowMs : bucket.leakedAtMs + seconds * SECOND_MS
    // Last in the map is the address seen last, so that the one forgotten first is the one unseen for longest.
    this.#buckets.delete(source)
    this.#buckets.set(source, bucket)
    const [oldest] = this.#buckets.keys()
    if (this.#buckets.size > PORTAL_LIMITS.maxRateBuckets && oldest !== undefined) this.#buckets.delete(oldest)
    return bucket
  }
}
