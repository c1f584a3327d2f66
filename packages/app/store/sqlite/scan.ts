import type { SQLInputValue } from 'node:sqlite'
import type { EventConditions } from '../keeping.ts'
import type { EventState } from '../port.ts'
import type { Queries } from './queries.ts'
import type { Row } from './rows.ts'

/**
 * Looks through events by a filter, in their order, a bounded number at a time: there is no index by portal or code, and a filter
 * that matches nothing must not read ten million rows in one go.
 */
export interface Scan {
  readonly columns: string
  /** What stands after FROM besides the events, which are `e`. */
  readonly join?: string
  readonly filter: EventConditions
  /** ASC: those after this seq; DESC: those before it. */
  readonly from: number
  readonly order: 'ASC' | 'DESC'
  readonly limit: number
  readonly maxBytes: number
}

export interface Scanned {
  readonly rows: Row[]
  /** Where to go on; absent when there is nothing more to look at. */
  readonly nextSeq?: number
}

/** Events looked at by one call: some tens of milliseconds. */
export const SCAN_EVENTS = 20_000

/** Open, held and dead events are few and have indexes of their own. */
const INDEXES: Readonly<Partial<Record<EventState, string>>> = {
  pending: 'INDEXED BY events_open',
  held: 'INDEXED BY events_held',
  dead: 'INDEXED BY events_dead',
}

export function scanEvents(db: Queries, { columns, join = '', filter, from, order, limit, maxBytes }: Scan): Scanned {
  const { state } = filter
  const events = `events e ${state === undefined ? '' : (INDEXES[state] ?? '')}`
  const ofState = state === undefined || INDEXES[state] === undefined ? '' : `e.state = '${state}' AND`
  const { conditions, values } = conditionsOf(filter)
  const [beyond, within] = order === 'ASC' ? ['>', '<='] : ['<', '>=']
  const edge = db.get(`SELECT e.seq FROM ${events} WHERE ${ofState} e.seq ${beyond} ? ORDER BY e.seq ${order} LIMIT 1 OFFSET ?`, from, SCAN_EVENTS - 1)
  if (edge !== undefined) {
    conditions.push(`e.seq ${within} ?`)
    values.push(Number(edge['seq']))
  }
  const found = db.iterate(
    `SELECT ${columns} FROM ${events} ${join} WHERE ${ofState} e.seq ${beyond} ? ${conditions.map((each) => `AND ${each}`).join(' ')}
     ORDER BY e.seq ${order}`,
    from, ...values,
  )
  const rows: Row[] = []
  let bytes = 0
  for (const row of found) {
    const last = rows.at(-1)
    if (last !== undefined && (rows.length >= limit || bytes >= maxBytes)) return { rows, nextSeq: Number(last['seq']) }
    rows.push(row)
    bytes += String(row['data'] ?? '').length
  }
  return edge === undefined ? { rows } : { rows, nextSeq: Number(edge['seq']) }
}

function conditionsOf({ app, memberId, code, state, reason, sinceMs, untilMs }: EventConditions): { conditions: string[]; values: SQLInputValue[] } {
  const wanted: (readonly [string, SQLInputValue | undefined])[] = [
    ['e.app = ?', app], ['e.member_id = ?', memberId], ['e.code = ?', code], ['e.state = ?', state], ['e.reason = ?', reason],
    ['e.received_at >= ?', sinceMs], ['e.received_at < ?', untilMs],
  ]
  const given = wanted.flatMap(([condition, value]) => (value === undefined ? [] : [[condition, value] as const]))
  return { conditions: given.map(([condition]) => condition), values: given.map(([, value]) => value) }
}
