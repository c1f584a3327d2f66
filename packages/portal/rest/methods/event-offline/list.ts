import { BASIC_SCOPE } from '@portline/wire/rest.ts'
import type { RestCall, RestMethod } from '../../method.ts'
import { Page, readStart } from '../../page.ts'
import { LIST_COLUMNS, readFilter, readOrder, viewEvent } from './query.ts'
import { queueOf } from './queue-of.ts'

/** api-reference/events/event-offline-list.md: looks and takes nothing. Pages of 50. */
export const offlineList: RestMethod = { name: 'event.offline.list', scopes: [BASIC_SCOPE], run: list }

const PAGE_ROWS = 50

function list(call: RestCall): Page {
  const { params } = call
  const queue = queueOf(call)
  const isAsked = readFilter(params.get('filter'), LIST_COLUMNS)
  const compare = readOrder(params.get('order'), 'ID', LIST_COLUMNS)
  const rows = queue.rows.filter(isAsked).toSorted(compare)
  const start = Math.max(0, readStart(params))
  const page = rows.slice(start, start + PAGE_ROWS)
    .map((row) => ({ ...viewEvent(row), PROCESS_ID: row.processId, ERROR: row.error ? '1' : '0' }))
  const next = start + PAGE_ROWS
  return new Page(page, rows.length, next < rows.length ? next : undefined)
}
