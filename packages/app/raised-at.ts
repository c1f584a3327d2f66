const SECOND_MS = 1_000
/** Either way from the epoch: what a Date can hold. */
const FARTHEST_MS = 8_640_000_000_000_000

/** By its portal's clock: `ts` has whole seconds. Undefined where there is none, or up to 20 digits that are no time. */
export function raisedAtMs(ts: string | undefined): number | undefined {
  const atMs = ts === undefined || ts === '' ? Number.NaN : Number(ts) * SECOND_MS
  return Number.isInteger(atMs) && Math.abs(atMs) <= FARTHEST_MS ? atMs : undefined
}

/** Whether an event of this second was certainly raised before. */
export function isRaisedBefore(ts: string | undefined, atMs: number | undefined): boolean {
  const secondMs = raisedAtMs(ts)
  return secondMs !== undefined && atMs !== undefined && secondMs + SECOND_MS <= atMs
}
