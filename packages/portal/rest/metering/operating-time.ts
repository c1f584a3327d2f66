import { PORTAL_LIMITS } from '../../limits.ts'

/** Seconds of one method a caller may use in ten minutes (the worked example of limits.md). */
export const OPERATING_LIMIT_S = 480
/** Seconds from a bucket's first call to its end: ten buckets of a minute. */
export const OPERATING_WINDOW_S = 600
/** Seconds a caller is shut out for by the newer module source (LoadLimiter: BAN_DURATION). */
const BAN_S = 300
/** Calls of fewer seconds cost nothing (module source: minimalFixTime). */
const SHORTEST_COUNTED_S = 0.1
const MINUTE_MS = 60_000
const WINDOW_MS = OPERATING_WINDOW_S * 1_000

interface Bucket {
  readonly minute: number
  readonly firstMs: number
  seconds: number
}

interface Usage {
  buckets: Bucket[]
  bannedUntilMs: number
}

export interface Reading {
  /** Seconds, all buckets together. */
  readonly operating: number
  /** Unix seconds at which the oldest bucket goes. */
  readonly operatingResetAt: number
}

/**
 * Processing time of each method by each app or webhook, in one-minute buckets that live ten minutes from their first call
 * (limits.md; module source: rest/lib/engine/access/loadlimiter.php). Invariants: at most ten buckets per usage, oldest
 * first; only calls of SHORTEST_COUNTED_S and more are in them.
 */
export class OperatingTime {
  readonly #usages = new Map<string, Usage>()

  /** Asked before a call, so that the call which goes over the limit still succeeds. */
  isSpent(caller: string, method: string, limitS: number, nowMs: number, withBan: boolean): boolean {
    const usage = this.#usages.get(key(caller, method))
    if (usage === undefined) return false
    if (withBan && usage.bannedUntilMs > nowMs) return true
    if (total(live(usage, nowMs)) <= limitS) return false
    if (withBan) {
      usage.bannedUntilMs = nowMs + BAN_S * 1_000
      usage.buckets = []
    }
    return true
  }

  record(caller: string, method: string, startMs: number, seconds: number): void {
    if (seconds < SHORTEST_COUNTED_S) return
    const usage = this.#usage(key(caller, method))
    const minute = Math.floor(startMs / MINUTE_MS)
    const bucket = usage.buckets.find((one) => one.minute === minute)
    if (bucket === undefined) usage.buckets.push({ minute, firstMs: startMs, seconds })
    else bucket.seconds += seconds
  }

  read(caller: string, method: string, startMs: number, nowMs: number): Reading {
    const usage = this.#usages.get(key(caller, method))
    const buckets = usage === undefined ? [] : live(usage, nowMs)
    const firstMs = buckets[0]?.firstMs ?? startMs
    return { operating: wholeMicroseconds(total(buckets)), operatingResetAt: Math.floor((firstMs + WINDOW_MS) / 1_000) }
  }

  reset(): void {
    this.#usages.clear()
  }

  #usage(name: string): Usage {
    const usage = this.#usages.get(name) ?? { buckets: [], bannedUntilMs: 0 }
    this.#usages.delete(name)
    this.#usages.set(name, usage)
    const [oldest] = this.#usages.keys()
    if (this.#usages.size > PORTAL_LIMITS.maxOperatingUsages && oldest !== undefined) this.#usages.delete(oldest)
    return usage
  }
}

function key(caller: string, method: string): string {
  return `${caller} ${method}`
}

function live(usage: Usage, nowMs: number): Bucket[] {
  usage.buckets = usage.buckets.filter(({ firstMs }) => firstMs + WINDOW_MS > nowMs)
  return usage.buckets
}

function total(buckets: readonly Bucket[]): number {
  return buckets.reduce((sum, { seconds }) => sum + seconds, 0)
}

/** Sums of fractions would else end in noise that no portal shows. */
function wholeMicroseconds(seconds: number): number {
  return Math.round(seconds * 1e6) / 1e6
}
