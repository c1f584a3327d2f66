import { BASIC_SCOPE } from '@portline/wire/rest.ts'
import type { PortalContext } from '../context.ts'
import { paymentState } from '../portal/payment-state.ts'
import { RestError } from './errors.ts'
import type { Caller, RestMethod } from './method.ts'

/**
 * Who calls, and may they (module source, rest/lib/oauth/auth.php). The order is the portal's: an expired token of a
 * removed app is told that the app is gone, not that the token has expired.
 */
export function authorise(context: PortalContext, token: string | undefined, method: RestMethod): Caller {
  if (token === undefined) throw new RestError('NO_AUTH_FOUND')
  const examined = context.verdicts.examine(context, token)
  if (examined === undefined) throw new RestError('invalid_token')
  const { app, claims } = examined
  if (!app.active || app.deleted) throw new RestError('APPLICATION_NOT_FOUND')
  if (!examined.installed) throw new RestError('ERROR_OAUTH')
  if (paymentState(context, app) === 'ended') throw new RestError('PAYMENT_REQUIRED')
  if (examined.expired) throw new RestError('expired_token')
  if (!isInScope(method, app.scope)) throw new RestError('insufficient_scope')
  const user = context.world.user(claims.userId)
  if (user === undefined || !user.active) throw new RestError('authorization_error')
  return { app, user, session: claims.session }
}

export function isInScope(method: RestMethod, granted: readonly string[]): boolean {
  return method.scopes.some((scope) => scope === BASIC_SCOPE || granted.includes(scope))
}
