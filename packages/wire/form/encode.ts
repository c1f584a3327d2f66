import { formatFloat } from './float.ts'
import type { PhpMap, PhpValue } from './value.ts'

/**
 * Writes a form exactly as PHP's http_build_query does (RFC 1738 style, what Bitrix24 sends with).
 *
 * - null and undefined: absent; so is a list or map in which nothing remains. A list keeps its indexes, with gaps.
 * - true and false: `1` and `0`.
 * - Numbers: a safe integer is PHP's int; any other number, -0 included, is a float at PHP's default `precision` of 14
 *   digits (`0.1 + 0.2` → `0.3`, `1e25` → `1.0E%2B25`, `NAN`, `INF`, `-INF`). A bigint is written in full, beyond PHP's int
 *   range too.
 * - Strings: UTF-8; space is `+`; letters, digits, `-`, `_` and `.` stay, all else is escaped. A lone surrogate has no UTF-8
 *   and is written as U+FFFD.
 * - Keys come in the order JavaScript gives them: integer-like ones first and ascending.
 *
 * Throws RangeError on a value that contains itself.
 */
export function encodeForm(value: PhpMap): string {
  const parameters: string[] = []
  for (const key of Object.keys(value)) flatten(escape(key), value[key], parameters)
  return parameters.join('&')
}

function flatten(name: string, value: PhpValue, parameters: string[]): void {
  if (value === null || value === undefined) return
  if (typeof value !== 'object') {
    parameters.push(`${name}=${scalar(value)}`)
  } else if (Array.isArray(value)) {
    for (let index = 0; index < value.length; index++) flatten(`${name}%5B${index}%5D`, value[index], parameters)
  } else {
    const map = value as PhpMap
    for (const key of Object.keys(map)) flatten(`${name}%5B${escape(key)}%5D`, map[key], parameters)
  }
}

function scalar(value: string | number | bigint | boolean): string {
  if (typeof value === 'string') return escape(value)
  if (typeof value === 'boolean') return value ? '1' : '0'
  if (typeof value === 'bigint') return String(value)
  return Number.isSafeInteger(value) && !Object.is(value, -0) ? String(value) : escape(formatFloat(value))
}

const NEEDS_NO_ESCAPE = /^[\w.-]*$/

/** PHP's urlencode. */
function escape(text: string): string {
  if (NEEDS_NO_ESCAPE.test(text)) return text
  return encodeURIComponent(text.toWellFormed()).replace(/%20|[!'()*~]/g, escapeForPhp)
}

/** What encodeURIComponent writes otherwise than PHP. */
function escapeForPhp(found: string): string {
  return found === '%20' ? '+' : `%${found.charCodeAt(0).toString(16).toUpperCase()}`
}
