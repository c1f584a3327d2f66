import type { PortalContext } from '../context.ts'
import { restHit } from '../portal/raise-event.ts'
import { authorise } from './authorise.ts'
import { failure, restTime, success } from './envelope.ts'
import { asRestError, RestError } from './errors.ts'
import { findMethod } from './methods.ts'
import type { RequestParams } from './params.ts'

export interface RestAnswer {
  readonly status: number
  readonly body: object
  /** The calling app; absent when the call was refused before it was known. */
  readonly clientId?: string
  readonly durationMs: number
}

/** `{user}/{code}/{method}`: incoming webhooks. This portal has none yet, so no code is right. */
const WEBHOOK_PATH = /^\d+\/[^/]+\//

/** One REST call: the method must exist, then the caller must be allowed, then the method runs. Never throws. */
export async function callMethod(context: PortalContext, name: string, params: RequestParams): Promise<RestAnswer> {
  const startMs = context.clock.now()
  let clientId: string | undefined
  const answer = (status: number, body: object): RestAnswer => {
    const durationMs = context.clock.now() - startMs
    return { status, body, durationMs, ...(clientId === undefined ? {} : { clientId }) }
  }
  try {
    if (WEBHOOK_PATH.test(name)) throw new RestError('INVALID_CREDENTIALS')
    const method = findMethod(name)
    if (method === undefined) throw new RestError('ERROR_METHOD_NOT_FOUND')
    const caller = authorise(context, params.authToken(), method)
    clientId = caller.app.clientId
    const hit = restHit(caller.user.id, caller.session)
    const result = await method.run({ context, caller, params, hit })
    return answer(200, success(result, restTime(startMs, context.clock.now())))
  } catch (error) {
    const known = asRestError(error)
    if (known.code === 'INTERNAL_SERVER_ERROR') context.log.error({ error, method: name }, 'A REST method failed')
    return answer(known.status, failure(known))
  }
}
