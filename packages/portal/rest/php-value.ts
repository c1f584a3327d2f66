import type { PhpMap, PhpValue } from '@portline/wire/form/value.ts'

/** What came as JSON or a form, as PHP would flatten it into an event. Anything JSON can't say is dropped. */
export function asPhpValue(value: unknown): PhpValue {
  if (typeof value === 'string' || typeof value === 'number' || typeof value === 'boolean') return value
  if (Array.isArray(value)) return value.map(asPhpValue)
  return typeof value === 'object' && value !== null ? asPhpMap(Object.entries(value)) : null
}

export function asPhpMap(entries: readonly (readonly [string, unknown])[]): PhpMap {
  const map: Record<string, PhpValue> = Object.create(null)
  for (const [key, value] of entries) map[key] = asPhpValue(value)
  return map
}
