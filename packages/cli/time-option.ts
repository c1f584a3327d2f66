import { CodedError } from '@portline/wire/errors.ts'

const DAY = /^\d{4}-\d\d-\d\d$/
const MOMENT = /^(?<day>\d{4}-\d\d-\d\d)T(?:[01]\d|2[0-3]):[0-5]\d(?::[0-5]\d(?:\.\d{1,9})?)?(?:Z|[+-](?:[01]\d|2[0-3]):[0-5]\d)$/

/**
 * A day, which begins at midnight UTC, or a moment that says its zone, as the operator API takes it. JavaScript would make a time of
 * nearly anything, of `3` the March of 2001, and a replay would act on it. Errors: BAD_REQUEST naming the option.
 */
export function timeOption(text: string, option: string): string {
  const day = DAY.test(text) ? text : MOMENT.exec(text)?.groups?.['day']
  if (day === undefined || !isInCalendar(day)) throw new CodedError('BAD_REQUEST', `${option}: "${text}" is no time: write 2026-01-31, or 2026-01-31T12:00:00Z`)
  return new Date(text).toISOString()
}

/** The 30th of February would be taken for the 2nd of March. */
function isInCalendar(day: string): boolean {
  const midnight = new Date(`${day}T00:00:00Z`)
  return !Number.isNaN(midnight.getTime()) && midnight.toISOString().startsWith(day)
}
