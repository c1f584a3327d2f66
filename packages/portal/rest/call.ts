import type { PortalContext } from '../context.ts'
import { restHit } from '../portal/raise-event.ts'
import { authorise } from './authorise.ts'
import { authoriseWebhook, readWebhookPath } from './authorise-webhook.ts'
import { failure, success } from './envelope.ts'
import { asRestError, RestError } from './errors.ts'
import { findMethod } from './methods.ts'
import type { RequestParams } from './params.ts'
import { runMethod } from './run-method.ts'

export interface RestAnswer {
  readonly status: number
  readonly body: object
  /** The calling app; absent when the call was refused before it was known. */
  readonly clientId?: string
  readonly durationMs: number
}

/** The answer to a request that comes too soon after too many others from the same address; undefined: let it in. */
export function refuseByRate(context: PortalContext, source: string): RestAnswer | undefined {
  try {
    context.restLimits.admit(source, context.clock.now())
    return undefined
  } catch (error) {
    const refusal = asRestError(error)
    return { status: refusal.status, body: failure(refusal), durationMs: 0 }
  }
}

/** One REST call: the method must exist, then the caller must be allowed, then the method runs. Never throws. */
export async function callMethod(context: PortalContext, name: string, params: RequestParams): Promise<RestAnswer> {
  const startMs = context.clock.now()
  let clientId: string | undefined
  const answer = (status: number, body: object): RestAnswer => {
    const durationMs = context.clock.now() - startMs
    return { status, body, durationMs, ...(clientId === undefined ? {} : { clientId }) }
  }
  try {
    const webhook = readWebhookPath(name)
    const method = findMethod(webhook?.method ?? name)
    if (method === undefined) throw new RestError('ERROR_METHOD_NOT_FOUND')
    const caller = webhook === undefined
      ? authorise(context, params.authToken(), method)
      : authoriseWebhook(context, webhook, method)
    if (caller.webhook === undefined) clientId = caller.app.clientId
    const authConnector = params.text('auth_connector') ?? ''
    const hit = restHit(caller.user.id, caller.session, { clientId: caller.app.clientId, authConnector })
    const { result, time } = await runMethod({ context, caller, params, hit }, method, startMs)
    return answer(200, success(result, time))
  } catch (error) {
    const known = asRestError(error)
    if (known.code === 'INTERNAL_SERVER_ERROR') context.log.error({ error, method: name }, 'A REST method failed')
    return answer(known.status, failure(known))
  }
}
