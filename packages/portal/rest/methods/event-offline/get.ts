import { BASIC_SCOPE } from '@portline/wire/rest.ts'
import { drawCode } from '../../../portal/webhooks.ts'
import type { OfflineEvent } from '../../../world/offline-events.ts'
import { argumentWrong, wrongLicense } from '../../errors.ts'
import type { RestCall, RestMethod } from '../../method.ts'
import { GET_COLUMNS, readFilter, readOrder, viewEvent } from './query.ts'
import { queueOf } from './queue-of.ts'

const DEFAULT_LIMIT = 50
const PROCESS_ID_CHARS = 32

/**
 * api-reference/events/event-offline-get.md. Reserves rows under a new process_id, or takes those of the process_id given,
 * and deletes them at once unless clear=0. The trap of the source: with clear left at 1 a process_id loses all its rows,
 * also those beyond `limit` that were not answered.
 */
export const offlineGet: RestMethod = { name: 'event.offline.get', scopes: [BASIC_SCOPE], run: get }

function get(call: RestCall): { process_id: string | null; events: Record<string, unknown>[] } {
  const { context, params } = call
  const queue = queueOf(call)
  const clear = integer(call, 'clear', 1) !== 0
  if (!clear && !context.features.rest_offline_extended) throw wrongLicense('extended offline events handling')
  const limit = integer(call, 'limit', DEFAULT_LIMIT)
  if (limit <= 0) throw argumentWrong('LIMIT', 'Value must be positive integer')
  const isAsked = readFilter(params.get('filter'), GET_COLUMNS)
  const compare = readOrder(params.get('order'), 'TIMESTAMP_X', GET_COLUMNS)
  const error = integer(call, 'error', 0) === 1
  const given = params.text('process_id')
  const found = queue.rows
    .filter((row) => row.processId === (given ?? '') && row.error === error && isAsked(row))
    .toSorted(compare).slice(0, limit)
  const events = found.map(viewEvent)
  const processId = given ?? reserve(call, found)
  if (clear) context.world.offline.remove((row) => queue.isIn(row) && row.processId === processId)
  return { process_id: clear ? null : processId, events }
}

function reserve({ context }: RestCall, rows: readonly OfflineEvent[]): string {
  const processId = drawCode(context, PROCESS_ID_CHARS)
  for (const row of rows) context.world.offline.change(row, { processId })
  return processId
}

/** PHP's intval: what is no number counts as 0. */
function integer({ params }: RestCall, name: string, fallback: number): number {
  const value = params.get(name)
  if (value === undefined || value === null) return fallback
  const number = Number.parseInt(params.text(name) ?? '0', 10)
  return Number.isSafeInteger(number) ? number : 0
}
