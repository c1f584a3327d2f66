import { plainText } from './params.ts'

const REFERENCE = /\$result((?:\[[^\s[\]]*\])+)/g
const WHOLE_REFERENCE = /^\$result((?:\[[^\s[\]]*\])+)$/

/**
 * Puts results of earlier commands in place of `$result[key][path]…`. A value that is nothing but a reference becomes the
 * result itself, list or map included; inside other text it becomes text. What can't be found becomes nothing.
 */
export function expandReferences(value: unknown, results: Record<string, unknown>): unknown {
  if (typeof value === 'string') return expandText(value, results)
  if (Array.isArray(value)) return value.map((item) => expandReferences(item, results))
  if (typeof value !== 'object' || value === null) return value
  const expanded: Record<string, unknown> = Object.create(null)
  for (const [key, item] of Object.entries(value)) expanded[key] = expandReferences(item, results)
  return expanded
}

function expandText(text: string, results: Record<string, unknown>): unknown {
  const whole = WHOLE_REFERENCE.exec(text)?.[1]
  if (whole !== undefined) return lookUp(whole, results)
  return text.replace(REFERENCE, (_reference, path: string) => plainText(lookUp(path, results)) ?? '')
}

function lookUp(path: string, results: Record<string, unknown>): unknown {
  let value: unknown = results
  for (const [, key] of path.matchAll(/\[([^\]]*)\]/g)) {
    if (typeof value !== 'object' || value === null || key === undefined || !Object.hasOwn(value, key)) return undefined
    value = Reflect.get(value, key)
  }
  return value
}
