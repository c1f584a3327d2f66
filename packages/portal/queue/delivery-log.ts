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
  /** HTTP status, or TIMEOUT, QUEUE_FULL, STOPPED, ECONNREFUSED … */
  outcome: number | string | null
  response: string
}

/** A bounded ring: the oldest deliveries are forgotten beyond maxLoggedDeliveries or maxLoggedChars. */
export class DeliveryLog {
  readonly #entries = new Map<number, Delivery>()
  #chars = 0
  #lastId = 0

  get lastId(): number {
    return this.#lastId
  }

  add(delivery: Omit<Delivery, 'id' | 'sent_at' | 'duration_ms' | 'outcome' | 'response'>): Delivery {
    const entry: Delivery = { id: ++this.#lastId, ...delivery, sent_at: null, duration_ms: null, outcome: null, response: '' }
    this.#entries.set(entry.id, entry)
    this.#chars += entry.body.length
    for (const [id, oldest] of this.#entries) {
      if (this.#entries.size <= PORTAL_LIMITS.maxLoggedDeliveries && this.#chars <= PORTAL_LIMITS.maxLoggedChars) break
      this.#entries.delete(id)
      this.#chars -= oldest.body.length
    }
    return entry
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
