import type { PhpValue } from '@portline/wire/form/value.ts'
import { PORTAL_LIMITS } from '../limits.ts'
import { limitReached, removeWhere } from './slice.ts'

/**
 * A row of an app's offline queue (module source, rest/lib/eventoffline.php):
 *
 *     waiting (processId '') ──get with clear=0──> reserved (processId set) ──clear──> gone
 *        │ └──get with clear=1──> gone                 └──error──> error (ERROR=1, processId '')
 *        └── the same event again: the row absorbs it, its time is renewed; so does an error row, a reserved one doesn't
 *
 * Invariants: one row per (messageId, app, connectorId, processId); a reservation ends only through clear or error; a row
 * is forgotten OFFLINE_LIFETIME_S after its last change.
 */
export interface OfflineEvent {
  readonly id: number
  /** Unix seconds. */
  timestampS: number
  readonly messageId: string
  readonly clientId: string
  readonly event: string
  data: PhpValue
  /** Who was on the hit; 0: nobody. */
  userId: number
  processId: string
  /** auth_connector: the name of one of the app's queues. */
  readonly connectorId: string
  error: boolean
}

export interface OfflineState {
  lastId: number
  readonly events: OfflineEvent[]
  /** Unix milliseconds until which an ONOFFLINEEVENT handler row is not notified again, by handler id and interval. */
  readonly quietUntilMs: Record<string, number>
}

export type NewOfflineEvent = Pick<OfflineEvent, 'messageId' | 'clientId' | 'event' | 'data' | 'userId' | 'connectorId'>

/** Seconds a row is kept: PROCESS_ID_LIFETIME of the source, about 34 days; the documentation says 30. */
export const OFFLINE_LIFETIME_S = 2_952_000

export class OfflineEvents {
  readonly #state: OfflineState
  readonly #changed: () => void

  constructor(state: OfflineState, changed: () => void) {
    this.#state = state
    this.#changed = changed
  }

  /** Live rows; those past their time are dropped first. */
  list(nowS: number): readonly OfflineEvent[] {
    this.remove((row) => row.timestampS < nowS - OFFLINE_LIFETIME_S)
    return this.#state.events
  }

  /** A new row, or the renewal of the one that absorbs it. */
  put(event: NewOfflineEvent, nowS: number): void {
    const same = this.#state.events.find((row) =>
      row.messageId === event.messageId && row.clientId === event.clientId && row.connectorId === event.connectorId
      && row.processId === '' && row.timestampS >= nowS - OFFLINE_LIFETIME_S)
    if (same !== undefined) {
      Object.assign(same, { timestampS: nowS, data: event.data, userId: event.userId })
    } else {
      this.#refuseTooMany(event.clientId, nowS)
      this.#state.lastId += 1
      this.#state.events.push({ ...event, id: this.#state.lastId, timestampS: nowS, processId: '', error: false })
    }
    this.#changed()
  }

  #refuseTooMany(clientId: string, nowS: number): void {
    const count = (rows: readonly OfflineEvent[]): number => rows.filter((row) => row.clientId === clientId).length
    if (count(this.#state.events) < PORTAL_LIMITS.maxOfflineEventsPerApp) return
    if (count(this.list(nowS)) >= PORTAL_LIMITS.maxOfflineEventsPerApp) throw limitReached("The app's offline queue is full")
  }

  change(row: OfflineEvent, change: Partial<Pick<OfflineEvent, 'processId' | 'error'>>): void {
    Object.assign(row, change)
    this.#changed()
  }

  remove(matches: (row: OfflineEvent) => boolean): void {
    if (removeWhere(this.#state.events, matches) > 0) this.#changed()
  }

  /** Whether a handler row may be notified now; if so, it may not again for `intervalS`. */
  takeTurn(handlerId: number, intervalS: number, nowMs: number): boolean {
    for (const [key, untilMs] of Object.entries(this.#state.quietUntilMs)) {
      if (untilMs <= nowMs) delete this.#state.quietUntilMs[key]
    }
    const key = `${handlerId}|${intervalS}`
    if (this.#state.quietUntilMs[key] !== undefined) return false
    this.#state.quietUntilMs[key] = nowMs + intervalS * 1_000
    this.#changed()
    return true
  }
}
