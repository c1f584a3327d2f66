import { CodedError } from '@portline/wire/errors.ts'
import type { z } from 'zod'
import type { PortalContext } from '../context.ts'
import { drawCode, incomingUrl } from '../portal/webhooks.ts'
import { ADMIN_ID } from '../world/default-world.ts'
import type { Placement } from '../world/placements.ts'
import type { IncomingWebhook, OutgoingWebhook } from '../world/webhooks.ts'
import { parseInput } from './schemas.ts'
import { openLinesSchemas } from './schemas-open-lines.ts'

export interface IncomingView {
  readonly id: number
  readonly user_id: number
  readonly title: string
  readonly scope: readonly string[]
  readonly code: string
  /** Put a method's name behind it. */
  readonly url: string
}

export interface OutgoingView {
  readonly id: number
  readonly user_id: number
  readonly title: string
  readonly handler: string
  readonly events: readonly string[]
  readonly application_token: string
}

/** Characters of codes and tokens a portal makes up. */
const CODE_CHARS = 16
const TOKEN_CHARS = 32

/** Webhooks as "Developer resources" makes them, and a look at the placements. Throws CodedError: BAD_REQUEST, NOT_FOUND. */
export class WebhooksControl {
  readonly #context: PortalContext

  constructor(context: PortalContext) {
    this.#context = context
  }

  list(): { incoming: IncomingView[]; outgoing: OutgoingView[] } {
    const { webhooks } = this.#context.world
    return {
      incoming: webhooks.incoming().map((webhook) => this.#viewIncoming(webhook)),
      outgoing: webhooks.outgoing().map(viewOutgoing),
    }
  }

  addIncoming(options: z.input<typeof openLinesSchemas.incomingWebhook>): IncomingView {
    const { user_id = ADMIN_ID, title = 'Incoming webhook', scope, code } = parseInput(openLinesSchemas.incomingWebhook, options)
    const userId = this.#user(user_id)
    const given = { userId, title, scope, code: code ?? drawCode(this.#context, CODE_CHARS) }
    return this.#viewIncoming(this.#context.world.webhooks.addIncoming(given))
  }

  addOutgoing(options: z.input<typeof openLinesSchemas.outgoingWebhook>): OutgoingView {
    const { user_id = ADMIN_ID, title = 'Outgoing webhook', handler, events, application_token } =
      parseInput(openLinesSchemas.outgoingWebhook, options)
    const userId = this.#user(user_id)
    const rows = [...new Set(events)].map((event) => ({ event, handlerId: this.#context.world.next('handler') }))
    const applicationToken = application_token ?? drawCode(this.#context, TOKEN_CHARS)
    return viewOutgoing(this.#context.world.webhooks.addOutgoing({ userId, title, handler, events: rows, applicationToken }))
  }

  delete(id: number): void {
    if (!this.#context.world.webhooks.remove(id)) throw new CodedError('NOT_FOUND', `The portal has no webhook ${id}`)
  }

  placements(): object[] {
    return this.#context.world.placements.list().map(viewPlacement)
  }

  #user(id: number): number {
    if (this.#context.world.user(id) === undefined) throw new CodedError('BAD_REQUEST', `user_id: the portal has no user ${id}`)
    return id
  }

  #viewIncoming(webhook: IncomingWebhook): IncomingView {
    const { id, userId, title, scope, code } = webhook
    return { id, user_id: userId, title, scope, code, url: incomingUrl(this.#context, webhook) }
  }
}

function viewOutgoing({ id, userId, title, handler, events, applicationToken }: OutgoingWebhook): OutgoingView {
  return { id, user_id: userId, title, handler, events: events.map(({ event }) => event), application_token: applicationToken }
}

function viewPlacement({ id, clientId, placement, handler, userId, title, description, options }: Placement): object {
  return { id, client_id: clientId, placement, handler, user_id: userId, title, description, options }
}
