import type { PhpMap, PhpValue } from '@portline/wire/form/value.ts'

/**
 * Lays what was given over a sample. Maps are merged key by key, null taking a key away; a list has as many items as were
 * given, each laid over the sample's item at its place, or over its first; anything else replaces.
 */
export function mergeData(sample: PhpValue, given: PhpValue): PhpValue {
  if (isList(given)) return isList(sample) ? given.map((item, at) => mergeData(sample[at] ?? sample[0], item)) : given
  if (!isMap(given) || !isMap(sample)) return given
  // Without a prototype: a key named __proto__ stays an ordinary key.
  const merged: Record<string, PhpValue> = Object.assign(Object.create(null), sample)
  for (const [key, value] of Object.entries(given)) {
    merged[key] = Object.hasOwn(merged, key) ? mergeData(merged[key], value) : value
  }
  return merged
}

/** The same data with an empty text wherever it has null. */
export function emptyForNull(data: PhpValue): PhpValue {
  if (data === null) return ''
  if (isList(data)) return data.map(emptyForNull)
  if (!isMap(data)) return data
  const copy: Record<string, PhpValue> = Object.create(null)
  for (const [key, value] of Object.entries(data)) copy[key] = emptyForNull(value)
  return copy
}

function isList(value: PhpValue): value is readonly PhpValue[] {
  return Array.isArray(value)
}

function isMap(value: PhpValue): value is PhpMap {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
