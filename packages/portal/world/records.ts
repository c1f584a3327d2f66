import { z } from 'zod'
import { PORTAL_LIMITS } from '../limits.ts'
import { limitReached } from './slice.ts'

/** One phone, address or site of a record (crm_multifield). */
export interface MultiValue {
  readonly ID: string
  readonly VALUE_TYPE: string
  readonly VALUE: string
}

/** As REST shows it, hence text. What has no value is absent. */
export type FieldValue = string | readonly string[] | readonly MultiValue[]
export type FieldValues = Readonly<Record<string, FieldValue>>

export interface RecordRow {
  readonly id: number
  readonly values: FieldValues
}

/** The records as plain JSON, by table (`lead`, `deal`, `contact`, `company`, `task`). */
export interface RecordsState {
  readonly lastMultiId: number
  readonly tables: Readonly<Record<string, { readonly lastId: number; readonly rows: readonly RecordRow[] }>>
}

/** What a saved state has to look like for the store to work on it. */
export const recordsFrame = z.looseObject({
  lastMultiId: z.int().nonnegative(),
  tables: z.record(z.string(), z.looseObject({
    lastId: z.int().nonnegative(),
    rows: z.array(z.looseObject({ id: z.int().positive(), values: z.record(z.string(), z.unknown()) })),
  })),
})

interface Table {
  lastId: number
  /** Ascending: a page by id is a slice, whatever the number of records. */
  readonly ids: number[]
  readonly rows: Map<number, RecordRow>
}

/**
 * CRM records and tasks. A row lives from add() to remove() and is replaced as a whole, never changed in place, so that a
 * row once read stays what it was. Invariants: ids only count up within a table and are never given twice; `ids` holds
 * exactly the keys of `rows`, ascending; count and characters stay within PORTAL_LIMITS.
 */
export class RecordStore {
  readonly #tables = new Map<string, Table>()
  readonly #onChange: () => void
  #lastMultiId: number
  #count = 0
  #chars = 0

  constructor(state: RecordsState | undefined, onChange: () => void) {
    this.#onChange = onChange
    this.#lastMultiId = state?.lastMultiId ?? 0
    for (const [name, { lastId, rows }] of Object.entries(state?.tables ?? {})) {
      const byId = new Map(rows.map((row) => [row.id, row]))
      const ids = [...byId.keys()].sort((one, other) => one - other)
      const table = { lastId: Math.max(lastId, ids.at(-1) ?? 0), ids, rows: byId }
      this.#tables.set(name, table)
      this.#count += ids.length
      for (const row of byId.values()) this.#chars += size(row.values)
    }
  }

  snapshot(): RecordsState {
    const tables = [...this.#tables].map(([name, { lastId, rows }]) => [name, { lastId, rows: [...rows.values()] }] as const)
    return { lastMultiId: this.#lastMultiId, tables: Object.fromEntries(tables) }
  }

  get(table: string, id: number): RecordRow | undefined {
    return this.#tables.get(table)?.rows.get(id)
  }

  /** Ascending. */
  ids(table: string): readonly number[] {
    return this.#tables.get(table)?.ids ?? []
  }

  /** BAD_REQUEST at a limit. */
  add(name: string, makeValues: (id: number) => FieldValues): RecordRow {
    const table = this.#table(name)
    const id = table.lastId + 1
    const row = { id, values: makeValues(id) }
    this.#makeRoom(1, size(row.values), size(row.values))
    table.lastId = id
    table.ids.push(id)
    table.rows.set(id, row)
    this.#onChange()
    return row
  }

  /** The row must be there. BAD_REQUEST at a limit. */
  replace(name: string, id: number, values: FieldValues): RecordRow {
    const table = this.#table(name)
    const before = table.rows.get(id)
    const row = { id, values }
    this.#makeRoom(0, size(values), size(values) - (before === undefined ? 0 : size(before.values)))
    table.rows.set(id, row)
    this.#onChange()
    return row
  }

  remove(name: string, id: number): void {
    const table = this.#table(name)
    const row = table.rows.get(id)
    if (row === undefined) return
    table.rows.delete(id)
    table.ids.splice(indexOfId(table.ids, id), 1)
    this.#count -= 1
    this.#chars -= size(row.values)
    this.#onChange()
  }

  nextMultiId(): string {
    this.#lastMultiId += 1
    return String(this.#lastMultiId)
  }

  #table(name: string): Table {
    const table = this.#tables.get(name) ?? { lastId: 0, ids: [], rows: new Map() }
    this.#tables.set(name, table)
    return table
  }

  #makeRoom(rows: number, chars: number, growth: number): void {
    const { maxRecords, maxRecordChars, maxRecordsChars: maxChars } = PORTAL_LIMITS
    if (this.#count + rows > maxRecords) throw limitReached(`The portal has ${maxRecords} records already`)
    if (chars > maxRecordChars) throw limitReached(`A record has ${maxRecordChars} characters at most`)
    if (this.#chars + growth > maxChars) throw limitReached(`All records together have ${maxChars} characters at most`)
    this.#count += rows
    this.#chars += growth
  }
}

function size(values: FieldValues): number {
  return JSON.stringify(values).length
}

/** Where `id` is in the ascending list, or would be. */
export function indexOfId(ids: readonly number[], id: number): number {
  let low = 0
  let high = ids.length
  while (low < high) {
    const middle = (low + high) >>> 1
    if ((ids[middle] ?? id) < id) low = middle + 1
    else high = middle
  }
  return low
}
