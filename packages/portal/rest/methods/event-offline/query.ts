import type { OfflineEvent } from '../../../world/offline-events.ts'
import { isoSeconds } from '../../envelope.ts'
import { argumentWrong } from '../../errors.ts'
import { plainText } from '../../params.ts'

/** Columns of the queue that a filter or an order may name. */
const COLUMNS = {
  ID: (row: OfflineEvent) => row.id,
  TIMESTAMP_X: (row: OfflineEvent) => row.timestampS,
  EVENT_NAME: (row: OfflineEvent) => row.event,
  MESSAGE_ID: (row: OfflineEvent) => row.messageId,
  PROCESS_ID: (row: OfflineEvent) => row.processId,
  ERROR: (row: OfflineEvent) => (row.error ? 1 : 0),
} as const
type Column = keyof typeof COLUMNS

/** event.offline.list knows two columns more than event.offline.get. */
export const GET_COLUMNS: readonly Column[] = ['ID', 'TIMESTAMP_X', 'EVENT_NAME', 'MESSAGE_ID']
export const LIST_COLUMNS: readonly Column[] = [...GET_COLUMNS, 'PROCESS_ID', 'ERROR']

export type Test = (row: OfflineEvent) => boolean
export type Compare = (one: OfflineEvent, other: OfflineEvent) => number

/** `{'>ID': 5}`: the operation stands before the column; `@` takes a list, `%` looks for a part. */
export function readFilter(filter: unknown, allowed: readonly Column[]): Test {
  const tests = entriesOf(filter).map(([key, value]) => readTest(key, value, allowed))
  return (row) => tests.every((test) => test(row))
}

function readTest(key: string, value: unknown, allowed: readonly Column[]): Test {
  const [, operation = '', name = ''] = /^([^\w]*)(.*)$/s.exec(key) ?? []
  const column = columnNamed(name, allowed)
  if (column === undefined) throw argumentWrong('filter', `Filter field not allowed: ${name}`)
  if (!isOperation(operation)) throw argumentWrong('filter', `Filter operation not allowed: ${operation}`)
  const compare = OPERATIONS[operation]
  if (operation === '@') {
    const wanted = valuesOf(value).map((item) => wantedValue(column, item, key))
    return (row) => wanted.some((item) => compare(COLUMNS[column](row), item))
  }
  const wanted = wantedValue(column, value, key)
  return (row) => compare(COLUMNS[column](row), wanted)
}

type Value = string | number

const OPERATIONS = {
  '': (found: Value, wanted: Value) => found === wanted,
  '=': (found: Value, wanted: Value) => found === wanted,
  '>': (found: Value, wanted: Value) => found > wanted,
  '<': (found: Value, wanted: Value) => found < wanted,
  '>=': (found: Value, wanted: Value) => found >= wanted,
  '<=': (found: Value, wanted: Value) => found <= wanted,
  '@': (found: Value, wanted: Value) => found === wanted,
  '%': (found: Value, wanted: Value) => String(found).toLowerCase().includes(String(wanted).toLowerCase()),
} as const

function isOperation(operation: string): operation is keyof typeof OPERATIONS {
  return Object.hasOwn(OPERATIONS, operation)
}

function wantedValue(column: Column, value: unknown, key: string): Value {
  if (typeof value === 'object' && value !== null) {
    throw argumentWrong(key, `The value of an argument '${key}' has an invalid type`)
  }
  const text = plainText(value) ?? ''
  if (column === 'TIMESTAMP_X') return Math.floor(Date.parse(text) / 1_000)
  return column === 'ID' || column === 'ERROR' ? Number(text) : text
}

/** `{TIMESTAMP_X: 'ASC'}`. Rows that are equal keep the order of their ids. */
export function readOrder(order: unknown, fallback: Column, allowed: readonly Column[]): Compare {
  const given = entriesOf(order)
  const terms = given.length === 0 ? [{ column: fallback, sign: 1 }] : given.map(([name, direction]) => {
    const column = columnNamed(name, allowed)
    if (column === undefined) throw argumentWrong('order', `Order field not allowed: ${name}`)
    const word = (plainText(direction) ?? '').toUpperCase()
    if (word !== 'ASC' && word !== 'DESC') throw argumentWrong('order', 'Order direction should be one of {ASC|DESC}')
    return { column, sign: word === 'ASC' ? 1 : -1 }
  })
  return (one, other) => {
    for (const { column, sign } of terms) {
      const [left, right] = [COLUMNS[column](one), COLUMNS[column](other)]
      if (left !== right) return left < right ? -sign : sign
    }
    return one.id - other.id
  }
}

function columnNamed(name: string, allowed: readonly Column[]): Column | undefined {
  return allowed.find((column) => column === name.toUpperCase())
}

function entriesOf(value: unknown): [string, unknown][] {
  return typeof value === 'object' && value !== null ? Object.entries(value) : []
}

/** A PHP list, whether it came as a list or as a map with gaps; anything else counts as one value. */
export function valuesOf(value: unknown): unknown[] {
  return typeof value === 'object' && value !== null ? Object.values(value) : [value]
}

/** Texts throughout, as the database gives them; EVENT_DATA keeps its kinds. */
export function viewEvent(row: OfflineEvent): Record<string, unknown> {
  return {
    ID: String(row.id),
    TIMESTAMP_X: isoSeconds(row.timestampS * 1_000),
    EVENT_NAME: row.event,
    EVENT_DATA: row.data ?? null,
    EVENT_ADDITIONAL: { user_id: String(row.userId) },
    MESSAGE_ID: row.messageId,
  }
}
