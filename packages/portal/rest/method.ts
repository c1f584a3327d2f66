import type { PortalContext } from '../context.ts'
import type { Hit } from '../portal/raise-event.ts'
import type { App, User } from '../world/state.ts'
import type { IncomingWebhook } from '../world/webhooks.ts'
import type { RequestParams } from './params.ts'

/** Whose token a call came with. */
export interface Caller {
  readonly app: App
  readonly user: User
  /** The loop guard's counter of the token. */
  readonly session: number
  /** A call through an incoming webhook: `app` only stands for it, with its scope, and is none of the portal's apps. */
  readonly webhook?: IncomingWebhook
}

export interface RestCall {
  readonly context: PortalContext
  readonly caller: Caller
  readonly params: RequestParams
  /** One for a whole request, batch included. */
  readonly hit: Hit
}

export interface RestMethod {
  /** Lower case. */
  readonly name: string
  /** Any of these is enough; `basic` is always granted. */
  readonly scopes: readonly string[]
  /** Throws RestError. */
  readonly run: (call: RestCall) => unknown
}
