import type { TokenResponse } from '@portline/wire/oauth.ts'
import { clientEndpoint, domainOf, nowS, serverEndpoint } from '../context.ts'
import type { PortalContext } from '../context.ts'
import { EVENT_SESSION_START } from '../limits.ts'
import { paymentState } from '../portal/payment-state.ts'
import type { RequestParams } from '../rest/params.ts'
import type { App } from '../world/state.ts'
import type { OAuthFailure } from './failures.ts'
import { clientUnknown, grantExpired, notInstalled, scopeTooWide, secretWrong, TOKEN_FAILURES } from './failures.ts'
import type { OAuthServer } from './oauth-server.ts'
import { isWiderThan } from './scope.ts'
import type { ExaminedToken } from './tokens.ts'
import { examineToken, mintPair } from './tokens.ts'

/** A grant that may be exchanged: the portal it is for, and what it says of itself. */
interface Grant {
  readonly context: PortalContext
  readonly examined: ExaminedToken
  readonly token: string
}

/** `{server}/oauth/token/`: a code or a refresh token for a new pair (settings/oauth/index.md, auto-renewal.md). */
export function exchangeToken(server: OAuthServer, params: RequestParams): TokenResponse | OAuthFailure {
  const grantType = params.text('grant_type')
  if (grantType === undefined) return TOKEN_FAILURES.grantTypeMissing
  if (grantType !== 'authorization_code' && grantType !== 'refresh_token') return TOKEN_FAILURES.grantTypeUnknown
  const client = server.client(params.text('client_id') ?? '')
  if (client === undefined) return clientUnknown(server.options)
  if (params.text('client_secret') !== client.clientSecret) return secretWrong(server.options)
  return grantType === 'refresh_token' ? renew(server, client, params) : redeemCode(server, client, params)
}

function renew(server: OAuthServer, client: App, params: RequestParams): TokenResponse | OAuthFailure {
  const token = params.text('refresh_token')
  if (token === undefined) return TOKEN_FAILURES.refreshTokenMissing
  const grant = checkGrant(server, client, 'refresh', token, params)
  if ('error' in grant) return grant
  const { context, examined } = grant
  if (server.options.strictRotation) context.world.spend(token, examined.claims.expiresS, nowS(context))
  // A renewed pair keeps the counter of the one it came from: renewing must not be a way round the loop guard.
  return respond(grant, examined.claims.session)
}

const SHORT_CODE = /^\d{6}$/

function redeemCode(server: OAuthServer, client: App, params: RequestParams): TokenResponse | OAuthFailure {
  const given = params.text('code')
  if (given === undefined) return TOKEN_FAILURES.codeMissing
  const code = SHORT_CODE.test(given) ? server.shortCodes.redeem(given, client.clientId) : given
  if (code === undefined) return TOKEN_FAILURES.grantInvalid
  const grant = checkGrant(server, client, 'code', code, params)
  if ('error' in grant) return grant
  grant.context.world.spend(code, grant.examined.claims.expiresS, nowS(grant.context))
  const response = respond(grant, EVENT_SESSION_START)
  if (server.options.firstExchange === 'full') return response
  const { expires: _expires, user_id: _userId, ...documented } = response
  return documented
}

/** Order: is it one of ours, is the app still there, is it too old or used, is the app paid for, is the scope its own. */
function checkGrant(
  server: OAuthServer, client: App, kind: 'code' | 'refresh', token: string, params: RequestParams,
): Grant | OAuthFailure {
  const { options } = server
  const context = server.portalOf(kind, token)
  const examined = context === undefined ? undefined : examineToken(context, kind, token)
  if (context === undefined || examined === undefined) return TOKEN_FAILURES.grantInvalid
  if (examined.app.clientId !== client.clientId) return TOKEN_FAILURES.grantInvalid
  if (!examined.installed) return notInstalled(options)
  if (context.world.isSpent(token)) return TOKEN_FAILURES.grantInvalid
  if (examined.expired) return grantExpired(kind === 'code' ? options.expiredCodeError : options.expiredRefreshError)
  const payment = paymentState(context, examined.app)
  if (payment === 'ended' || (payment === 'grace' && !options.graceTokens)) return TOKEN_FAILURES.paymentRequired
  if (isWiderThan(params.text('scope'), examined.app.scope)) return scopeTooWide(options)
  return { context, examined, token }
}

function respond({ context, examined }: Grant, session: number): TokenResponse {
  const { app, claims: { userId } } = examined
  const pair = mintPair(context, app, userId, session)
  return {
    access_token: pair.accessToken,
    expires: pair.expiresS,
    expires_in: pair.expiresS - nowS(context),
    scope: app.scope.join(','),
    domain: domainOf(context.addresses.oauth),
    server_endpoint: serverEndpoint(context),
    status: app.status,
    client_endpoint: clientEndpoint(context),
    member_id: context.world.memberId,
    user_id: userId,
    refresh_token: pair.refreshToken,
  }
}
