import { CodedError } from '@portline/wire/errors.ts'
import type { ErrorCode } from '@portline/wire/errors.ts'
import { BLOCKED_LOOK_MS, BLOCKED_WAIT_MS } from '../limits.ts'

/** Nothing was tried, as far as the event goes: it comes again, and no attempt is counted. */
export function waits(error: Error, nowMs: number): Error & { retryAtMs: number } {
  return Object.assign(error, { retryAtMs: nowMs + BLOCKED_LOOK_MS })
}

/** What failed because the portal refuses every call is no fault of the event's, but not for ever. */
export function waitingForPortal(error: unknown, refusal: ErrorCode | undefined, events: readonly { receivedAtMs: number }[], nowMs: number): unknown {
  const isPatient = events.every(({ receivedAtMs }) => nowMs - receivedAtMs < BLOCKED_WAIT_MS)
  return refusal === undefined || !isPatient ? error : waits(new CodedError(refusal), nowMs)
}
