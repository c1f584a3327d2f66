import { BASIC_SCOPE } from '@portline/wire/rest.ts'
import type { OfflineEvent } from '../../../world/offline-events.ts'
import { argumentWrong } from '../../errors.ts'
import type { RestCall, RestMethod } from '../../method.ts'
import { plainText } from '../../params.ts'
import { valuesOf } from './query.ts'
import { queueOf, requireProcessId } from './queue-of.ts'

const MESSAGE_ID_CHARS = 32

/** api-reference/events/event-offline-clear.md: true, whatever was there to clear. */
export const offlineClear: RestMethod = { name: 'event.offline.clear', scopes: [BASIC_SCOPE], run: clear }

function clear(call: RestCall): true {
  const { context, params } = call
  const queue = queueOf(call)
  const processId = requireProcessId(call)
  const messageIds = readMessageIds(params.get('message_id'))
  const ids = readIds(params.get('id'))
  const idWins = context.variants.offlineClear === 'id'
  const isChosen = (row: OfflineEvent): boolean => {
    if (messageIds !== undefined && !(idWins && ids !== undefined)) return messageIds.has(row.messageId)
    return ids === undefined || ids.has(row.id)
  }
  context.world.offline.remove((row) => queue.isIn(row) && row.processId === processId && isChosen(row))
  return true
}

/**
 * api-reference/events/event-offline-error.md. The trap of the source: rows of the same MESSAGE_ID that are not under this
 * process_id are deleted, so that a wrong one loses data.
 */
export const offlineError: RestMethod = { name: 'event.offline.error', scopes: [BASIC_SCOPE], run: markErrors }

function markErrors(call: RestCall): true {
  const { context, params } = call
  const queue = queueOf(call)
  const processId = requireProcessId(call)
  const messageIds = readMessageIds(params.get('message_id')) ?? new Set<string>()
  const concerned = (row: OfflineEvent): boolean => queue.isIn(row) && !row.error && messageIds.has(row.messageId)
  context.world.offline.remove((row) => concerned(row) && row.processId !== processId)
  for (const row of queue.rows) {
    if (concerned(row) && row.processId === processId) becomeError(call, row)
  }
  return true
}

/** An error row of the same event may be there already: one is enough. */
function becomeError({ context }: RestCall, row: OfflineEvent): void {
  context.world.offline.remove((other) =>
    other !== row && other.error && other.messageId === row.messageId && other.clientId === row.clientId
    && other.connectorId === row.connectorId)
  context.world.offline.change(row, { error: true, processId: '' })
}

/** undefined: none given, so all of the process. The three s are the source's. */
function readMessageIds(given: unknown): ReadonlySet<string> | undefined {
  if (given === undefined || given === null) return undefined
  if (typeof given !== 'object') throw argumentWrong('message_id', 'Value must be array of MESSAGE_ID values')
  const ids = valuesOf(given).map((id) => plainText(id) ?? '')
  if (ids.some((id) => id.length !== MESSAGE_ID_CHARS)) {
    throw argumentWrong('messsage_id', 'Value must be array of MESSAGE_ID values')
  }
  return new Set(ids)
}

function readIds(given: unknown): ReadonlySet<number> | undefined {
  if (given === undefined || given === null) return undefined
  const ids = typeof given === 'object' ? valuesOf(given).map((id) => Number(plainText(id) ?? 0)) : [0]
  if (ids.some((id) => !Number.isSafeInteger(id) || id <= 0)) throw argumentWrong('id', 'Value must be array of integers')
  return new Set(ids)
}
