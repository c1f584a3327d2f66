import { PORTAL_LIMITS } from '../limits.ts'

export interface QueueOptions {
  /** Milliseconds between the event and its sending: drawn from this range. The real one is only called slight. */
  readonly minDelayMs: number
  readonly maxDelayMs: number
  readonly timeoutMs: number
  /** Deliveries under way at a time to one app at one address, in one category. */
  readonly concurrency: number
  /** Deliveries under way at a time altogether. When all are taken, the app that answers soonest comes next. */
  readonly maxConcurrent: number
  /** false: a slow app is called as often as a quick one. */
  readonly throttle: ThrottleOptions | false
  /** Share of deliveries, 0 to 1, that are sent a second time although nothing went wrong: standard SQS is at least once. */
  readonly duplicateRate: number
  /** Share of deliveries, 0 to 1, that later ones may overtake, held back by up to reorderMs. */
  readonly reorderRate: number
  readonly reorderMs: number
}

export interface ThrottleOptions {
  /** An answer that took this many milliseconds or more is a slow one. */
  readonly slowMs: number
  /** The gap after the first slow answer; each further one doubles it, each quick one halves it. */
  readonly firstGapMs: number
  readonly maxGapMs: number
}

/** No figure of the real queue server is documented; these are inferred (docs/portal/fidelity.md). */
export const DEFAULT_QUEUE_OPTIONS: QueueOptions = {
  minDelayMs: 0,
  maxDelayMs: 20,
  timeoutMs: PORTAL_LIMITS.deliveryTimeoutMs,
  concurrency: PORTAL_LIMITS.maxConcurrentPerHandler,
  maxConcurrent: PORTAL_LIMITS.maxConcurrentDeliveries,
  throttle: { slowMs: 5_000, firstGapMs: 1_000, maxGapMs: 60_000 },
  duplicateRate: 0,
  reorderRate: 0,
  reorderMs: 1_000,
}
