import { CodedError } from '@portline/wire/errors.ts'
import type { ErrorCode } from '@portline/wire/errors.ts'
import { BLOCKED_LOOK_MS, BLOCKED_WAIT_MS } from '../limits.ts'
import type { Failure } from './failure.ts'

/** Nothing was tried: the event comes again then, and no attempt is counted. */
export class Untried extends CodedError {
  readonly retryAtMs: number

  constructor(code: ErrorCode, nowMs: number) {
    super(code)
    this.retryAtMs = nowMs + BLOCKED_LOOK_MS
  }
}

/** What failed because the portal refuses every call is no fault of the event's, but not for ever. What its app calls final is final. */
export function waitingForPortal(failure: Failure, events: readonly { receivedAtMs: number }[], nowMs: number): Failure {
  const isPatient = events.every(({ receivedAtMs }) => nowMs - receivedAtMs < BLOCKED_WAIT_MS)
  if (failure.refusal === undefined || failure.final || !isPatient) return failure
  return { ...failure, code: failure.refusal, notBeforeMs: nowMs + BLOCKED_LOOK_MS }
}
