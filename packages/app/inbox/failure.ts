import type { Random } from '@portline/runtime/random.ts'
import { textOfThrown } from '@portline/runtime/thrown.ts'
import { isFinal } from '@portline/wire/errors.ts'
import type { ErrorCode } from '@portline/wire/errors.ts'
import { codedCauseOf } from '../bitrix24/call-rest.ts'
import { wordsOfError } from '../bitrix24/portal-words.ts'
import { DeliveryError } from '../destinations/delivery-error.ts'
import type { HandlerPolicy } from '../handler-options.ts'
import { ATTEMPT_TEXT_LENGTH, RETRY_AFTER_MAX_MS } from '../limits.ts'
import type { Settlement } from '../store/lanes.ts'
import type { Attempt, StoredEvent } from '../store/port.ts'
import { retryDelayMs } from './retry.ts'

/** What was thrown, as the lane understands it. */
export interface Failure {
  readonly code: ErrorCode
  readonly message: string
  readonly final: boolean
  /** Whoever failed asked to be left alone for so long. */
  readonly retryAfterMs: number
  /** Nothing was tried: come back then. */
  readonly notBeforeMs?: number
  /** Of a group that was handed on together, how many were taken before the one that failed. */
  readonly delivered: number
  /** It is about the first of the others alone: those behind that one have made no attempt. */
  readonly alone: boolean
}

/** Anything can be thrown, also what throws itself when it is looked at. */
export function failureOf(error: unknown, policy: HandlerPolicy | undefined): Failure {
  try {
    return readFailure(error, policy)
  } catch {
    return { code: 'HANDLER_FAILED', message: textOf(textOfThrown(error)), final: false, retryAfterMs: 0, delivered: 0, alone: false }
  }
}

function readFailure(error: unknown, policy: HandlerPolicy | undefined): Failure {
  const coded = codedCauseOf(error)
  const notBeforeMs = numberOf(error, 'retryAtMs')
  const rest = {
    retryAfterMs: Math.min(numberOf(error, 'retryAfterMs') ?? 0, RETRY_AFTER_MAX_MS),
    delivered: numberOf(error, 'delivered') ?? 0,
    alone: error instanceof DeliveryError && !error.unavailable,
    ...(notBeforeMs === undefined ? {} : { notBeforeMs }),
  }
  const final = (coded !== undefined && isFinal(coded.code)) || saysFinal(policy, error)
  if (coded !== undefined) return { code: coded.code, message: textOf(coded.message), final, ...rest }
  return { code: 'HANDLER_FAILED', message: textOf(messageOf(error)), final, ...rest }
}

/** Of a refused REST call what Bitrix24 said: the SDK speaks of a status code where there was no error code. */
function messageOf(error: unknown): string {
  const words = wordsOfError(error)
  if (words !== undefined) return [words.code, words.description].filter((part) => part !== '').join(': ')
  const code = typeof error === 'object' && error !== null && 'code' in error ? `${textOfThrown(error.code)}: ` : ''
  return `${code}${textOfThrown(error)}`
}

/** A rule that fails itself says nothing: the event is tried again. */
function saysFinal(policy: HandlerPolicy | undefined, error: unknown): boolean {
  try {
    return policy?.isFinal(error) === true
  } catch {
    return false
  }
}

function numberOf(error: unknown, field: string): number | undefined {
  if (typeof error !== 'object' || error === null) return undefined
  const value: unknown = Reflect.get(error, field)
  if (typeof value !== 'number' || value < 0) return undefined
  // The store takes whole numbers only, and a settlement it refuses holds up all others: 1_000 * Math.random() is to be expected here.
  const whole = Math.ceil(value)
  return Number.isSafeInteger(whole) ? whole : undefined
}

function textOf(message: string): string {
  return message.slice(0, ATTEMPT_TEXT_LENGTH)
}

/** A time that has passed already would have the lane go round in circles. */
const NOT_NOW_LEAST_MS = 100

export interface FailedEvent {
  readonly id: string
  readonly seq: number
  readonly attempt: Attempt
  /** Failures since it was received or last replayed, this one included: its place in the retry schedule. */
  readonly failures: number
  readonly nowMs: number
  /** The portal is uninstalled: there is nobody left to try again for. */
  readonly uninstalled: boolean
}

/** What becomes of an event that failed: tried again, later or beside its lane, or dead. */
export function settlementOfFailure(
  { id, seq, attempt, failures, nowMs, uninstalled }: FailedEvent,
  failure: Failure,
  policy: HandlerPolicy | undefined,
  delaysMs: readonly number[],
  random: Random,
): Settlement {
  const parked = policy?.onFailure === 'park' ? { parked: true as const } : {}
  if (failure.notBeforeMs !== undefined && !uninstalled) {
    const dueAtMs = Math.min(Math.max(failure.notBeforeMs, nowMs + NOT_NOW_LEAST_MS), nowMs + RETRY_AFTER_MAX_MS)
    return { id, seq, atMs: nowMs, state: 'pending', reason: failure.code, dueAtMs, ...parked }
  }
  const result = { id, seq, attempt, atMs: nowMs }
  if (failure.final) return { ...result, state: 'dead', reason: failure.code }
  if (uninstalled) return { ...result, state: 'dead', reason: 'INSTALLATION_DELETED' }
  const delayMs = retryDelayMs(delaysMs, failures, random)
  if (delayMs === undefined) return { ...result, state: 'dead', reason: 'ATTEMPTS_EXHAUSTED' }
  return { ...result, state: 'pending', reason: failure.code, dueAtMs: nowMs + Math.max(delayMs, failure.retryAfterMs), ...parked }
}

/** No attempt was made: it comes again then. A parked one stays beside its lane. */
export function untried({ id, seq, parked }: StoredEvent, nowMs: number, dueAtMs: number, reason?: ErrorCode): Settlement {
  return { id, seq, atMs: nowMs, state: 'pending', dueAtMs, ...(reason === undefined ? {} : { reason }), ...(parked === true ? { parked } : {}) }
}
