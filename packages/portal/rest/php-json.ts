/**
 * Makes a value what PHP's json_encode would have made of it: PHP has one array for lists and maps, so an empty map comes
 * out as `[]`, and a map with the keys 0…n-1 in order as a list; gaps make it an object.
 */
export function phpJson(value: unknown): unknown {
  if (value === PHP_OBJECT) return {}
  if (typeof value !== 'object' || value === null) return value
  if (Array.isArray(value)) return value.map(phpJson)
  const entries = Object.entries(value)
  if (entries.every(([key], index) => key === String(index))) return entries.map(([, item]) => phpJson(item))
  const map: Record<string, unknown> = Object.create(null)
  for (const [key, item] of entries) map[key] = phpJson(item)
  return map
}

/** An object of PHP's without public properties, such as a date: `{}`, where an empty map would be `[]`. */
export const PHP_OBJECT: unknown = Object.freeze({})

/** A map that a key such as `__proto__` can't surprise. */
export function emptyMap(): Record<string, unknown> {
  return Object.create(null)
}
