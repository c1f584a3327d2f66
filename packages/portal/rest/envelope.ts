import type { RestFailure, RestSuccess, RestTime } from '@portline/wire/rest.ts'
import { Page } from './page.ts'
import { phpJson } from './php-json.ts'
import type { RestError } from './errors.ts'

/** When the method itself began, and what the caller has used of it so far (limits.md). */
export interface Metered {
  readonly beganMs: number
  readonly operating: number
  readonly operatingResetAt: number
}

/** `time` of an answer. */
export function restTime(startMs: number, finishMs: number, metered: Metered): RestTime {
  return {
    start: startMs / 1_000,
    finish: finishMs / 1_000,
    duration: (finishMs - startMs) / 1_000,
    processing: (finishMs - metered.beganMs) / 1_000,
    date_start: isoSeconds(startMs),
    date_finish: isoSeconds(finishMs),
    operating_reset_at: metered.operatingResetAt,
    operating: metered.operating,
  }
}

export function success(result: unknown, time: RestTime): RestSuccess {
  if (!(result instanceof Page)) return { result: phpJson(result), time }
  const next = result.next === undefined ? {} : { next: result.next }
  return { result: phpJson(result.result), ...next, total: result.total, time }
}

export function failure(error: RestError): RestFailure {
  const body = { error: error.code, error_description: error.message }
  return error.argument === undefined ? body : { ...body, argument: error.argument }
}

/** `2026-01-01T00:00:00+00:00`, as PHP's DATE_ATOM prints it. */
export function isoSeconds(ms: number): string {
  return `${new Date(ms).toISOString().slice(0, 19)}+00:00`
}
