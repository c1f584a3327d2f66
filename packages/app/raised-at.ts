import { PORTAL_CLOCK_SKEW_MS } from './limits.ts'

const SECOND_MS = 1_000
/** Either way from the epoch: what a Date can hold. */
const FARTHEST_MS = 8_640_000_000_000_000

/** By its portal's clock: `ts` has whole seconds. Undefined where there is none, or up to 20 digits that are no time. */
export function raisedAtMs(ts: string | undefined): number | undefined {
  const atMs = ts === undefined || ts === '' ? Number.NaN : Number(ts) * SECOND_MS
  return Number.isInteger(atMs) && Math.abs(atMs) <= FARTHEST_MS ? atMs : undefined
}

/**
 * The same, where it is kept to hold others against: whoever opens the app can send a time of their own choosing, and a far one would have
 * all that comes later taken for what was before.
 */
export function believedRaisedAtMs(ts: string | undefined, nowMs: number): number | undefined {
  const atMs = raisedAtMs(ts)
  return atMs === undefined || atMs > nowMs + PORTAL_CLOCK_SKEW_MS ? undefined : atMs
}

/** Whether an event of this second was certainly raised before. */
export function isRaisedBefore(ts: string | undefined, atMs: number | undefined): boolean {
  const secondMs = raisedAtMs(ts)
  return secondMs !== undefined && atMs !== undefined && secondMs + SECOND_MS <= atMs
}
