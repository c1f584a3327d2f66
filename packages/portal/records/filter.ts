import type { FieldValue, RecordRow } from '../world/records.ts'
import { parseDate } from './dates.ts'
import type { Field } from './entity.ts'
import { isDate, isNumeric } from './entity.ts'
import { asText } from './values.ts'

export type Predicate = (row: RecordRow) => boolean

export interface Condition {
  readonly operation: string
  readonly name: string
}

/** Longest first: `!=%` begins with `!=`. */
const PREFIX = /^(!=%|!%=|!%|!=|!@|>=|<=|=%|%=|[><=!%@])?(.*)$/s

/** `>=DATE_CREATE` is the operation `>=` on the field DATE_CREATE; without a prefix it is `=`. */
export function readCondition(key: string): Condition {
  const [, operation = '=', name = ''] = PREFIX.exec(key) ?? []
  return { operation, name }
}

/** Ids between which all rows are that a filter can find, both included. */
export interface IdRange {
  readonly from: number
  readonly to: number
}

/**
 * What a filter's own conditions on the id leave of a table. A hint for speed only: the conditions are tested all the same,
 * so one that is no number may be passed over.
 */
export function idRange(filter: Readonly<Record<string, unknown>>, idName: string): IdRange {
  let [from, to] = [0, Number.MAX_SAFE_INTEGER]
  for (const [key, value] of Object.entries(filter)) {
    const { operation, name } = readCondition(key)
    const id = Number(asText(value) ?? Number.NaN)
    if (name !== idName || !Number.isSafeInteger(id)) continue
    if (operation === '>' || operation === '>=' || operation === '=') from = Math.max(from, id)
    if (operation === '<' || operation === '<=' || operation === '=') to = Math.min(to, id)
  }
  return { from, to }
}

/** Fields that LIKE does not work on: it becomes an exact match there (module source: internalizeFilterFields). */
const NO_LIKE = new Set(['crm_status', 'crm_company', 'crm_contact'])

/** A test of one field, as the CRM's lists know it: case does not count, any one value of a multiple field is enough. */
export function compile({ operation, name }: Condition, field: Field, given: unknown): Predicate {
  if (operation.startsWith('!')) {
    const positive = compile({ operation: operation.slice(1) || '=', name }, field, given)
    return (row) => !positive(row)
  }
  const isLike = operation.includes('%')
  const test = isLike && !NO_LIKE.has(field.type) ? likeTest(operation, given) : plainTest(operation, field, given)
  return (row) => {
    const value = name === 'ID' ? String(row.id) : row.values[name]
    return test(candidates(value))
  }
}

type Test = (values: readonly (string | undefined)[]) => boolean

function candidates(value: FieldValue | undefined): readonly (string | undefined)[] {
  if (value === undefined || typeof value === 'string') return [value]
  return value.map((item) => (typeof item === 'string' ? item : item.VALUE))
}

function plainTest(operation: string, field: Field, given: unknown): Test {
  if (isOrdering(operation)) return orderTest(operation, field, given)
  const wanted = new Set(listOf(given).map((item) => comparable(field, asText(item))))
  return (values) => values.some((value) => wanted.has(comparable(field, value)))
}

/** A list stands for any of its items, an empty list for nothing at all. */
function listOf(given: unknown): unknown[] {
  return typeof given === 'object' && given !== null ? Object.values(given) : [given]
}

/** Equal things come out equal. Nothing, '' and, among numbers, 0 are one and the same. */
function comparable(field: Field, value: string | undefined): string | number {
  const text = value ?? ''
  if (isNumeric(field)) return Number(text)
  if (isDate(field)) return parseDate(text) ?? ''
  return text.toLowerCase()
}

type Ordering = '>' | '>=' | '<' | '<='

function isOrdering(operation: string): operation is Ordering {
  return operation === '>' || operation === '>=' || operation === '<' || operation === '<='
}

function orderTest(operation: Ordering, field: Field, given: unknown): Test {
  const limit = comparable(field, asText(Array.isArray(given) ? given[0] : given))
  return (values) => values.some((value) => {
    if (value === undefined) return false
    const one = comparable(field, value)
    if (operation === '>') return one > limit
    if (operation === '>=') return one >= limit
    return operation === '<' ? one < limit : one <= limit
  })
}

/** `%`: anywhere in the text. `=%` and `%=`: the text has its own % at the ends. */
function likeTest(operation: string, given: unknown): Test {
  const tests = listOf(given).map((item) => {
    const text = (asText(item) ?? '').toLowerCase()
    return operation === '%' ? (value: string) => value.includes(text) : patternTest(text)
  })
  return (values) => values.some((value) => tests.some((test) => test((value ?? '').toLowerCase())))
}

/** Split instead of a regular expression, which an app could make run for ever. */
function patternTest(pattern: string): (value: string) => boolean {
  const parts = pattern.split('%')
  return (value) => {
    let from = 0
    for (const [index, part] of parts.entries()) {
      const last = index === parts.length - 1
      if (last && index > 0) return value.length - part.length >= from && value.endsWith(part)
      const at = value.indexOf(part, from)
      if (at === -1 || (index === 0 && at !== 0)) return false
      from = at + part.length
    }
    return from === value.length
  }
}
