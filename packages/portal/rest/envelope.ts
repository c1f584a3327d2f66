import type { RestFailure, RestSuccess, RestTime } from '@portline/wire/rest.ts'
import { phpJson } from './php-json.ts'
import type { RestError } from './errors.ts'

/** `time` of an answer. A call here costs the app nothing, so `operating` stays 0. */
export function restTime(startMs: number, finishMs: number): RestTime {
  const durationS = (finishMs - startMs) / 1_000
  return {
    start: startMs / 1_000,
    finish: finishMs / 1_000,
    duration: durationS,
    processing: durationS,
    date_start: isoSeconds(startMs),
    date_finish: isoSeconds(finishMs),
    operating_reset_at: Math.floor(startMs / 1_000) + OPERATING_WINDOW_S,
    operating: 0,
  }
}

/** Seconds after which a method's operating time is forgotten (limits.md). */
const OPERATING_WINDOW_S = 600

export function success(result: unknown, time: RestTime): RestSuccess {
  return { result: phpJson(result), time }
}

export function failure(error: RestError): RestFailure {
  const body = { error: error.code, error_description: error.message }
  return error.argument === undefined ? body : { ...body, argument: error.argument }
}

/** `2026-01-01T00:00:00+00:00`, as PHP's DATE_ATOM prints it. */
export function isoSeconds(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}+00:00`
}
