import type { RecordRow, RecordStore } from '../world/records.ts'
import { indexOfId } from '../world/records.ts'
import { parseDate } from './dates.ts'
import type { Entity, Field } from './entity.ts'
import { isDate, isNumeric } from './entity.ts'
import type { IdRange, Predicate } from './filter.ts'

/** Records in one answer of a list (settings/how-to-call-rest-api/list-methods-pecularities.md). */
export const PAGE_SIZE = 50

export interface Order {
  readonly name: string
  readonly field: Field
  readonly descending: boolean
}

export interface Search {
  readonly matches: readonly Predicate[]
  /** Where in the table to look; all of it unless given. */
  readonly range?: IdRange
  readonly order: readonly Order[]
  /** How many to pass over; below 0: none, and nothing is counted. */
  readonly start: number
}

export interface Found {
  readonly rows: readonly RecordRow[]
  /** 0 when nothing was counted. */
  readonly total: number
  /** Where the next page starts; absent on the last page and when nothing was counted. */
  readonly next?: number
}

/** One page of a table. In the order of ids it never touches more rows than it has to. */
export function find(store: RecordStore, entity: Entity, search: Search): Found {
  const { matches, order, start } = search
  const [first] = order
  if (first !== undefined && first.name !== 'ID') return page(sorted([...walk(store, entity, search, false)], order), start)
  const rows = walk(store, entity, search, first?.descending === true)
  if (start < 0) return { rows: take(rows, PAGE_SIZE), total: 0 }
  if (matches.length === 0) return everything(store, entity, first?.descending === true, start)
  return page([...rows], start)
}

function* walk(store: RecordStore, entity: Entity, { matches, range }: Search, descending: boolean): Generator<RecordRow> {
  const ids = store.ids(entity.table)
  const first = range === undefined ? 0 : indexOfId(ids, range.from)
  const end = range === undefined ? ids.length : indexOfId(ids, range.to + 1)
  for (let count = 0; count < end - first; count++) {
    const row = store.get(entity.table, ids[descending ? end - 1 - count : first + count] ?? 0)
    if (row !== undefined && matches.every((test) => test(row))) yield row
  }
}

function take(rows: Iterable<RecordRow>, count: number): RecordRow[] {
  const taken: RecordRow[] = []
  for (const row of rows) {
    taken.push(row)
    if (taken.length === count) break
  }
  return taken
}

/** No filter: the count is known and a page is a slice of the ids. */
function everything(store: RecordStore, entity: Entity, descending: boolean, start: number): Found {
  const ids = store.ids(entity.table)
  const slice = descending
    ? ids.slice(Math.max(0, ids.length - start - PAGE_SIZE), Math.max(0, ids.length - start)).toReversed()
    : ids.slice(start, start + PAGE_SIZE)
  const rows = slice.map((id) => store.get(entity.table, id)).filter((row) => row !== undefined)
  return counted(rows, ids.length, start)
}

function page(rows: readonly RecordRow[], start: number): Found {
  if (start < 0) return { rows: rows.slice(0, PAGE_SIZE), total: 0 }
  return counted(rows.slice(start, start + PAGE_SIZE), rows.length, start)
}

function counted(rows: readonly RecordRow[], total: number, start: number): Found {
  const next = start + rows.length
  return { rows, total, ...(rows.length > 0 && next < total ? { next } : {}) }
}

/** By id where all else is equal, so that pages never overlap. */
function sorted(rows: RecordRow[], order: readonly Order[]): RecordRow[] {
  return rows.sort((one, other) => {
    for (const { name, field, descending } of order) {
      const compared = compare(key(field, name, one), key(field, name, other))
      if (compared !== 0) return descending ? -compared : compared
    }
    return one.id - other.id
  })
}

function key(field: Field, name: string, row: RecordRow): string | number {
  if (name === 'ID') return row.id
  const value = row.values[name]
  const text = typeof value === 'string' ? value : ''
  if (isDate(field)) return parseDate(text) ?? 0
  return isNumeric(field) ? Number(text) : text.toLowerCase()
}

function compare(one: string | number, other: string | number): number {
  if (one === other) return 0
  return one < other ? -1 : 1
}
