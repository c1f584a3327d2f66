import { CodedError } from '@portline/wire/errors.ts'

/**
 * Checks of what an app says of itself, by hand: an app is defined before the first event can be taken, and a library for checking
 * takes longer to load than all else that is needed for it. Errors: APP_DEFINITION_INVALID, naming the place.
 */
export type Check = (value: unknown, place: string) => void

export function invalid(place: string, wanted: string): CodedError {
  return new CodedError('APP_DEFINITION_INVALID', `${place}: ${wanted}`)
}

export const text = (pattern: RegExp, wanted: string): Check => (value, place) => {
  if (typeof value !== 'string' || !pattern.test(value)) throw invalid(place, wanted)
}

export const wholeNumber = (least: number, most = Number.MAX_SAFE_INTEGER): Check => (value, place) => {
  if (typeof value === 'number' && Number.isSafeInteger(value) && value >= least && value <= most) return
  throw invalid(place, `a whole number, ${least} at least${most === Number.MAX_SAFE_INTEGER ? '' : ` and ${most} at most`}`)
}

export const oneOf = (...values: readonly string[]): Check => (value, place) => {
  if (typeof value !== 'string' || !values.includes(value)) throw invalid(place, `one of ${values.join(', ')}`)
}

export const aBoolean: Check = (value, place) => {
  if (typeof value !== 'boolean') throw invalid(place, 'true or false')
}

export const aFunction: Check = (value, place) => {
  if (typeof value !== 'function') throw invalid(place, 'a function')
}

export const listOf = (check: Check, most: number): Check => (value, place) => {
  if (!Array.isArray(value) || value.length > most) throw invalid(place, `a list of ${most} at most`)
  for (const [index, item] of value.entries()) check(item, `${place}[${index}]`)
}

export const maybe = (check: Check): Check => (value, place) => {
  if (value !== undefined) check(value, place)
}

/** An object with these fields and no others. */
export const fields = (checks: Readonly<Record<string, Check>>): Check => (value, place) => {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) throw invalid(place, 'an object')
  const unknown = Object.keys(value).filter((key) => !Object.hasOwn(checks, key))
  if (unknown.length > 0) throw invalid(place, `${unknown.join(', ')} is not known; known are ${Object.keys(checks).join(', ')}`)
  for (const [key, check] of Object.entries(checks)) check(Reflect.get(value, key), `${place}.${key}`)
}
