import type { B24OAuth } from '@bitrix24/b24jssdk'
import { CodedError } from '@portline/wire/errors.ts'
import type { PhpValue } from '@portline/wire/form/value.ts'
import { RestError, callRest } from '../bitrix24/call-rest.ts'
import { OFFLINE_BATCH_EVENTS } from '../limits.ts'

/**
 * One offline queue of an app on one portal, by event.offline.* (api-reference/events/event-offline-get.md and those beside it).
 *
 *     waiting ──take──> reserved (under a process_id) ──clear──> gone
 *     error ──takeErrors──┘  └── stays reserved for ever if nobody clears it: retake
 *
 * Traps kept out of reach here: `clear` is 0 in every get, since a get that leaves it at 1 deletes all rows of its process, also
 * those that it does not answer; a process_id is only ever one that the portal has just named; event.offline.error, which deletes
 * what another process holds, is never called.
 * Errors of all: OFFLINE_LICENSE_MISSING, OFFLINE_ACCESS_DENIED, REST_FAILED, and those of the token keeper.
 */
export interface OfflineRow {
  readonly id: string
  readonly messageId: string
  readonly event: string
  readonly data: PhpValue
  /** Absent when nobody was on the hit. */
  readonly userId?: string
  /** When the event last happened, Unix milliseconds; equal events that wait are one. */
  readonly atMs: number
}

export interface Reservation {
  readonly processId: string
  readonly rows: readonly OfflineRow[]
}

/** Rows that somebody reserved, as event.offline.list shows them. */
export interface ReservedProcess {
  readonly processId: string
  readonly error: boolean
}

/** In the order in which they last happened; rows of one second in the order in which they came. */
const ORDER = { TIMESTAMP_X: 'ASC', ID: 'ASC' }

export class OfflineQueue {
  readonly #b24: B24OAuth
  readonly #name: string

  constructor(b24: B24OAuth, name: string) {
    this.#b24 = b24
    this.#name = name
  }

  /** Reserves the rows that have waited longest, up to OFFLINE_BATCH_EVENTS. */
  take(): Promise<Reservation> {
    return this.#get({})
  }

  /** The same of rows that somebody marked as failed: while they stand there they swallow what happens to their objects. */
  takeErrors(): Promise<Reservation> {
    return this.#get({ error: 1 })
  }

  /** What is reserved already, again. */
  retake({ processId, error }: ReservedProcess): Promise<Reservation> {
    return this.#get({ process_id: processId, ...(error ? { error: 1 } : {}) })
  }

  /** Some of the processes that hold rows; none when no row is reserved. */
  async reserved(): Promise<ReservedProcess[]> {
    const rows = listIn(await this.#call('event.offline.list', { filter: { '>PROCESS_ID': '' }, order: { ID: 'ASC' } }))
    const found = new Map<string, ReservedProcess>()
    for (const row of rows) {
      const [processId, error] = [textIn(row, 'PROCESS_ID'), textIn(row, 'ERROR') === '1']
      if (processId !== '') found.set(`${processId} ${error}`, { processId, error })
    }
    return [...found.values()]
  }

  /** Only these rows, and only under the process that reserved them. */
  async clear({ processId, rows }: Reservation): Promise<void> {
    await this.#call('event.offline.clear', { process_id: processId, message_id: rows.map(({ messageId }) => messageId) })
  }

  async #get(params: Record<string, unknown>): Promise<Reservation> {
    const result = await this.#call('event.offline.get', { ...params, clear: 0, limit: OFFLINE_BATCH_EVENTS, order: ORDER })
    const rows = listIn(fieldIn(result, 'events')).map(rowOf)
    const processId = textIn(result, 'process_id')
    if (rows.length > 0 && processId === '') throw new CodedError('REST_FAILED', 'event.offline.get: the answer has no process_id')
    return { processId, rows }
  }

  async #call(method: string, params: Record<string, unknown>): Promise<unknown> {
    try {
      return await callRest(this.#b24, method, this.#name === '' ? params : { ...params, auth_connector: this.#name })
    } catch (error) {
      if (!(error instanceof RestError)) throw error
      if (error.restCode === 'WRONG_LICENSE') throw new CodedError('OFFLINE_LICENSE_MISSING', error.message)
      if (error.restCode === 'ACCESS_DENIED') throw new CodedError('OFFLINE_ACCESS_DENIED', error.message)
      throw error
    }
  }
}

function rowOf(row: unknown): OfflineRow {
  const [id, messageId, event] = [textIn(row, 'ID'), textIn(row, 'MESSAGE_ID'), textIn(row, 'EVENT_NAME').toUpperCase()]
  if (id === '' || messageId === '' || event === '') throw new CodedError('REST_FAILED', 'event.offline.get: a row without ID, MESSAGE_ID or EVENT_NAME')
  const userId = textIn(fieldIn(row, 'EVENT_ADDITIONAL'), 'user_id')
  return {
    id, messageId, event,
    // JSON has nothing that PHP could not flatten.
    data: fieldIn(row, 'EVENT_DATA') as PhpValue,
    ...(userId === '' || userId === '0' ? {} : { userId }),
    atMs: Date.parse(textIn(row, 'TIMESTAMP_X')),
  }
}

function listIn(value: unknown): readonly unknown[] {
  if (Array.isArray(value)) return value as unknown[]
  throw new CodedError('REST_FAILED', 'event.offline: the answer has no list of rows')
}

function fieldIn(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? (Reflect.get(value, name) as unknown) : undefined
}

function textIn(value: unknown, name: string): string {
  const field = fieldIn(value, name)
  return typeof field === 'string' || typeof field === 'number' ? String(field) : ''
}
