import { PORTAL_LIMITS } from '../limits.ts'
import { limitReached, removeWhere } from './slice.ts'

/** `/rest/{userId}/{code}/{method}`: methods of its scope, as the user who made it. */
export interface IncomingWebhook {
  readonly id: number
  readonly userId: number
  readonly code: string
  readonly title: string
  readonly scope: readonly string[]
}

/** Sends events to a handler without any app. */
export interface OutgoingWebhook {
  readonly id: number
  readonly userId: number
  readonly title: string
  readonly handler: string
  /** Event codes in upper case with the id of their handler row. */
  readonly events: readonly { readonly event: string; readonly handlerId: number }[]
  /** Its own; the same for all its events. */
  readonly applicationToken: string
}

export interface WebhooksState {
  lastId: number
  readonly incoming: IncomingWebhook[]
  readonly outgoing: OutgoingWebhook[]
}

export class Webhooks {
  readonly #state: WebhooksState
  readonly #changed: () => void

  constructor(state: WebhooksState, changed: () => void) {
    this.#state = state
    this.#changed = changed
  }

  incoming(): readonly IncomingWebhook[] {
    return this.#state.incoming
  }

  outgoing(): readonly OutgoingWebhook[] {
    return this.#state.outgoing
  }

  addIncoming(webhook: Omit<IncomingWebhook, 'id'>): IncomingWebhook {
    const added = { id: this.#nextId(), ...webhook }
    this.#state.incoming.push(added)
    return added
  }

  addOutgoing(webhook: Omit<OutgoingWebhook, 'id'>): OutgoingWebhook {
    const added = { id: this.#nextId(), ...webhook }
    this.#state.outgoing.push(added)
    return added
  }

  /** @returns whether there was one */
  remove(id: number): boolean {
    const isAsked = (row: IncomingWebhook | OutgoingWebhook): boolean => row.id === id
    const count = removeWhere(this.#state.incoming, isAsked) + removeWhere(this.#state.outgoing, isAsked)
    if (count > 0) this.#changed()
    return count > 0
  }

  #nextId(): number {
    const count = this.#state.incoming.length + this.#state.outgoing.length
    if (count >= PORTAL_LIMITS.maxWebhooks) throw limitReached(`The portal has ${PORTAL_LIMITS.maxWebhooks} webhooks already`)
    this.#state.lastId += 1
    this.#changed()
    return this.#state.lastId
  }
}
