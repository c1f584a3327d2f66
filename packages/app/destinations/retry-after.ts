import { RETRY_AFTER_MAX_MS } from '../limits.ts'

const SECOND_MS = 1_000

/** Milliseconds to wait by a Retry-After header, a day at most; undefined when it says nothing that can be understood. */
export function retryAfterMsOf(header: string | undefined, nowMs: number): number | undefined {
  const text = header?.trim() ?? ''
  const waitMs = /^\d+$/.test(text) ? Number(text) * SECOND_MS : HTTP_DATE.test(text) ? Date.parse(text) - nowMs : Number.NaN
  return Number.isNaN(waitMs) ? undefined : Math.min(Math.max(waitMs, 0), RETRY_AFTER_MAX_MS)
}

/** Of the three forms of RFC 9110 the one that may be sent: Date.parse would take far more for a date. */
const HTTP_DATE = /^[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT$/
