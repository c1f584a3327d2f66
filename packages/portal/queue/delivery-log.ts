import type { QueueCategory } from '@portline/wire/events/catalogue.ts'
import { PORTAL_LIMITS } from '../limits.ts'

/** One delivery to one handler row. `outcome` is null while it waits or travels. Times are ISO 8601. */
export interface Delivery {
  readonly id: number
  readonly client_id: string
  readonly event: string
  readonly event_handler_id: number
  readonly category: QueueCategory
  readonly url: string
  /** The form as sent, tokens included: this is a developer's portal. */
  readonly body: string
  readonly queued_at: string
  sent_at: string | null
  duration_ms: number | null
  /** HTTP status, or TIMEOUT, QUEUE_FULL, LOST, STOPPED, ECONNREFUSED … */
  outcome: number | string | null
  response: string
  /** The delivery this one repeats. */
  readonly duplicate_of: number | null
  /** Faults that struck it, by name (docs/portal/faults.md). */
  readonly faults: readonly string[]
}

type Decided = 'id' | 'sent_at' | 'duration_ms' | 'outcome' | 'response'
type NewDelivery = Omit<Delivery, Decided | 'duplicate_of' | 'faults'> & Partial<Pick<Delivery, 'duplicate_of' | 'faults'>>

/** A bounded ring: the oldest deliveries are forgotten beyond maxLoggedDeliveries or maxLoggedChars. */
export class DeliveryLog {
  readonly #entries = new Map<number, Delivery>()
  #chars = 0
  #lastId = 0

  get lastId(): number {
    return this.#lastId
  }

  /** @param id of a delivery that was logged elsewhere before; else the next one */
  add(delivery: NewDelivery, id = this.#lastId + 1): Delivery {
    this.continueFrom(id)
    const open = { sent_at: null, duration_ms: null, outcome: null, response: '', duplicate_of: null, faults: [] }
    const entry: Delivery = { id, ...open, ...delivery }
    this.#entries.set(entry.id, entry)
    this.#chars += entry.body.length
    for (const [oldestId, oldest] of this.#entries) {
      if (this.#entries.size <= PORTAL_LIMITS.maxLoggedDeliveries && this.#chars <= PORTAL_LIMITS.maxLoggedChars) break
      this.#entries.delete(oldestId)
      this.#chars -= oldest.body.length
    }
    return entry
  }

  /** Ids go on above this one. */
  continueFrom(lastId: number): void {
    this.#lastId = Math.max(this.#lastId, lastId)
  }

  /** Deliveries with a greater id, oldest first. */
  list(after: number, limit: number): Delivery[] {
    const page: Delivery[] = []
    for (const entry of this.#entries.values()) {
      if (page.length >= limit) break
      if (entry.id > after) page.push({ ...entry })
    }
    return page
  }
}
