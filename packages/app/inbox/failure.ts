import type { Random } from '@portline/runtime/random.ts'
import { textOfThrown } from '@portline/runtime/thrown.ts'
import { CodedError, isFinal } from '@portline/wire/errors.ts'
import type { ErrorCode } from '@portline/wire/errors.ts'
import { refusalBehind } from '../bitrix24/call-recorder.ts'
import { codedCauseOf } from '../bitrix24/call-rest.ts'
import { SdkImporting } from '../bitrix24/load-sdk.ts'
import { wordsOfError } from '../bitrix24/portal-words.ts'
import { DeliveryError, NotNow } from '../destinations/delivery-error.ts'
import type { HandlerPolicy } from '../handler-options.ts'
import { ATTEMPT_TEXT_LENGTH, RETRY_AFTER_MAX_MS } from '../limits.ts'
import type { Settlement } from '../store/lanes.ts'
import type { Attempt, StoredEvent } from '../store/port.ts'
import { retryDelayMs } from './retry.ts'
import { Untried } from './waiting.ts'

/**
 * The event's own seal does not open: it is damaged, or its key is gone. No further try would open it, and those behind it are not to wait:
 * it is dead, and can be replayed when the key is back.
 */
export class Unopened extends CodedError {
  constructor(cause: unknown) {
    super('KEY_INVALID', 'the seal of its auth block does not open', { cause })
  }
}

/** What was thrown, as the lane understands it. */
export interface Failure {
  readonly code: ErrorCode
  readonly message: string
  readonly final: boolean
  /** Whoever failed asked to be left alone for so long. */
  readonly retryAfterMs: number
  /** Nothing was tried: come back then. */
  readonly notBeforeMs?: number
  /** Why the portal refuses every call, where that is the cause. */
  readonly refusal?: ErrorCode
  /** Of a group that was handed on together, how many were taken before the one that failed. */
  readonly delivered: number
  /** It is about the first of the others alone: those behind that one have made no attempt. */
  readonly alone: boolean
}

/**
 * Anything can be thrown, also what throws itself when it is looked at. `lastAnswer`: why the portal refuses every call, if the last one
 * of the attempt was answered so: who finds a call refused mostly throws an error of their own.
 */
export function failureOf(error: unknown, policy: HandlerPolicy | undefined, lastAnswer?: ErrorCode): Failure {
  try {
    return readFailure(error, policy, lastAnswer)
  } catch {
    return { code: 'HANDLER_FAILED', message: textOf(textOfThrown(error)), final: false, retryAfterMs: 0, delivered: 0, alone: false }
  }
}

function readFailure(error: unknown, policy: HandlerPolicy | undefined, lastAnswer: ErrorCode | undefined): Failure {
  const coded = codedCauseOf(error)
  // An error of somebody else's with such a field says nothing of ours: its event would come again and again for ever.
  const notBeforeMs = error instanceof NotNow || error instanceof Untried || error instanceof SdkImporting ? wholeOf(error.retryAtMs) : undefined
  const behind = refusalBehind(error)
  const refusal = behind?.refusal ?? (coded === undefined ? lastAnswer : undefined)
  const rest = {
    // More than a day is a day, also where no whole number is that large.
    retryAfterMs: wholeOf(Math.min(numberOf(error, 'retryAfterMs'), RETRY_AFTER_MAX_MS)) ?? 0,
    delivered: wholeOf(numberOf(error, 'delivered')) ?? 0,
    alone: error instanceof Unopened || (error instanceof DeliveryError && !error.unavailable),
    ...(notBeforeMs === undefined ? {} : { notBeforeMs }),
    ...(refusal === undefined ? {} : { refusal }),
  }
  // A rule that takes every 4xx for final does not mean a portal that will have paid tomorrow.
  const isRefusal = behind !== undefined && !behind.own
  const final = error instanceof Unopened || (coded !== undefined && isFinal(coded.code)) || (!isRefusal && saysFinal(policy, error))
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

/** NaN where there is none. */
function numberOf(error: unknown, field: string): number {
  const value: unknown = typeof error === 'object' && error !== null ? Reflect.get(error, field) : undefined
  return typeof value === 'number' && Number.isFinite(value) ? value : Number.NaN
}

/** The store takes whole numbers only, and a settlement it refuses holds up all others: 1_000 * Math.random() is to be expected here. */
function wholeOf(value: number): number | undefined {
  const whole = Math.ceil(value)
  return value >= 0 && Number.isSafeInteger(whole) ? whole : undefined
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
