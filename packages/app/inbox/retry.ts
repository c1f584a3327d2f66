import type { Random } from '@portline/runtime/random.ts'

/**
 * When a failed event is tried again. Short at first, for what passes by itself; then long enough to live through an
 * outage or a night. After the last step the event is dead and its lane goes on.
 */
const SECOND_MS = 1_000
const MINUTE_MS = 60 * SECOND_MS
const HOUR_MS = 60 * MINUTE_MS
export const RETRY_STEPS_MS: readonly number[] = [
  SECOND_MS, 5 * SECOND_MS, 30 * SECOND_MS, 2 * MINUTE_MS, 10 * MINUTE_MS, 30 * MINUTE_MS,
  HOUR_MS, 2 * HOUR_MS, 4 * HOUR_MS, 8 * HOUR_MS, 8 * HOUR_MS,
]

/** Lanes that failed together must not come back together. */
const JITTER = 0.2

/** Milliseconds to wait after the `attempt`th failure, counted from 1; undefined when there is no further try. */
export function retryDelayMs(attempt: number, random: Random): number | undefined {
  const step = RETRY_STEPS_MS[attempt - 1]
  return step === undefined ? undefined : Math.round(step * (1 + JITTER * (2 * random.fraction() - 1)))
}
