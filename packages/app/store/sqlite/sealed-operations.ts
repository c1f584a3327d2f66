import type { SQLInputValue } from 'node:sqlite'
import type { Resealed, SealedKind, SealedPage, SealedSearch, SealedValue } from '../sealed.ts'
import type { Engine } from './engine.ts'
import type { Queries } from './queries.ts'
import type { Row } from './rows.ts'

/**
 * Everything sealed, table by table and in the order of the primary key, a bounded stretch at a time. What the searched key has sealed
 * already is passed over by its first bytes.
 */
interface Place {
  readonly kind: SealedKind
  readonly table: string
  readonly column: string
  /** The primary key, and where it begins: before every row. */
  readonly key: readonly string[]
  readonly begin: readonly SQLInputValue[]
  readonly where: string
  /** Rows looked at by one call. */
  readonly rows: number
}

const PORTAL = { key: ['app', 'member_id'], begin: ['', ''], rows: 1_000 }
const ACCOUNT = { key: ['app', 'member_id', 'user_id'], begin: ['', '', ''], rows: 1_000 }
const PLACES: readonly Place[] = [
  { kind: 'application_token', table: 'installations', column: 'application_token', where: 'application_token IS NOT NULL', ...PORTAL },
  { kind: 'tokens', table: 'accounts', column: 'tokens', where: 'TRUE', ...ACCOUNT },
  { kind: 'former_tokens', table: 'accounts', column: 'former_tokens', where: 'former_tokens IS NOT NULL', ...ACCOUNT },
  { kind: 'audit_head', table: 'audit_seal', column: 'sealed', where: 'TRUE', key: ['id'], begin: [0], rows: 1 },
  { kind: 'auths', table: 'auth_batches', column: 'sealed', where: 'TRUE', key: ['batch'], begin: [0], rows: 20 },
  { kind: 'auth', table: 'events', column: 'auth', where: 'length(auth) > 0', key: ['seq'], begin: [0], rows: 5_000 },
]

/** Keyed by the order of events, at whose end they grow. */
const GROWING: ReadonlySet<string> = new Set(['auth_batches', 'events'])

/** In the reading thread: it looks at many rows. */
export const sealedQueries = {
  sealedOtherwise(db: Queries, { prefix, after, upToSeq, limit, maxBytes }: SealedSearch): SealedPage {
    const [index, last] = after === undefined ? [0, undefined] : (JSON.parse(after) as [number, SQLInputValue[]])
    const place = PLACES[index]
    if (place === undefined) return { values: [] }
    const found = search(db, place, last ?? place.begin, { prefix, limit, maxBytes })
    const bound = GROWING.has(place.table) ? (upToSeq ?? Number.POSITIVE_INFINITY) : Number.POSITIVE_INFINITY
    const values = found.values.filter(({ seq = 0 }) => seq <= bound)
    const lastKey = Number(found.lastKey?.[0]) >= bound ? undefined : found.lastKey
    const goesOn = lastKey === undefined ? [index + 1] : [index, lastKey]
    return index + 1 === PLACES.length && lastKey === undefined ? { values } : { values, next: JSON.stringify(goesOn) }
  },
}

/** In the writing thread. */
export const sealedOperations = {
  replaceSealed(db: Engine, changes: readonly Resealed[]): number {
    let replaced = 0
    for (const { value, sealed } of changes) {
      const place = PLACES.find(({ kind }) => kind === value.kind)
      if (place === undefined) continue
      const { table, column, key } = place
      const same = key.map((name) => `${name} = ?`).join(' AND ')
      replaced += db.run(`UPDATE ${table} SET ${column} = ? WHERE ${same} AND ${column} = ?`, sealed, ...keyOf(value, key), value.sealed)
    }
    return replaced
  },
}

function search(
  db: Queries, { kind, table, column, key, where, rows }: Place, after: readonly SQLInputValue[],
  { prefix, limit, maxBytes }: Omit<SealedSearch, 'after' | 'upToSeq'>,
): { values: SealedValue[]; lastKey?: SQLInputValue[] } {
  const columns = key.join(', ')
  const marks = key.map(() => '?').join(', ')
  // Part of the other keys; a group of auth blocks belongs to no portal.
  const portal = table === 'events' ? 'app, member_id,' : ''
  // The others' values are not read beyond their beginning, nor do they cross to the other thread.
  const found = db.iterate(
    `SELECT ${columns}, ${portal} CASE WHEN substr(${column}, 1, ?) <> ? THEN ${column} END AS sealed
     FROM (SELECT ${columns}, ${portal} ${column} FROM ${table} WHERE (${columns}) > (${marks}) ORDER BY ${columns} LIMIT ${rows}) WHERE ${where}`,
    prefix.length, prefix, ...after,
  )
  const values: SealedValue[] = []
  let bytes = 0
  let lastKey: SQLInputValue[] | undefined
  for (const row of found) {
    if (values.length >= limit || bytes >= maxBytes) return { values, ...(lastKey === undefined ? {} : { lastKey }) }
    lastKey = key.map((name) => row[name] ?? null)
    const value = valueOf(kind, row)
    if (value === undefined) continue
    values.push(value)
    bytes += value.sealed.length
  }
  const end = db.get(
    `SELECT ${columns} FROM ${table} WHERE (${columns}) > (${marks}) ORDER BY ${columns} LIMIT 1 OFFSET ?`, ...after, rows - 1,
  )
  return end === undefined ? { values } : { values, lastKey: key.map((name) => end[name] ?? null) }
}

function valueOf(kind: SealedKind, row: Row): SealedValue | undefined {
  const { sealed } = row
  if (!(sealed instanceof Uint8Array)) return undefined
  return {
    kind, sealed, app: String(row['app'] ?? ''), memberId: String(row['member_id'] ?? ''), userId: String(row['user_id'] ?? ''),
    seq: Number(row['seq'] ?? row['batch'] ?? row['id'] ?? 0),
  }
}

function keyOf({ app, memberId, userId, seq }: SealedValue, key: readonly string[]): SQLInputValue[] {
  return [['app', app], ['member_id', memberId], ['user_id', userId], ['batch', seq], ['seq', seq], ['id', seq]].flatMap(([name, value]) => {
    return key.includes(String(name)) && value !== undefined ? [value] : []
  })
}
