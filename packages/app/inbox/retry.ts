import type { Random } from '@portline/runtime/random.ts'

/** Lanes that failed together must not come back together. */
const JITTER = 0.2

/** Milliseconds to wait after the `attempt`th failure, counted from 1; undefined when the schedule has no further try. */
export function retryDelayMs(delaysMs: readonly number[], attempt: number, random: Random): number | undefined {
  const step = delaysMs[attempt - 1]
  return step === undefined ? undefined : Math.round(step * (1 + JITTER * (2 * random.fraction() - 1)))
}
