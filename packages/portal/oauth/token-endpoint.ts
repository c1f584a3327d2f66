import type { TokenResponse } from '@portline/wire/oauth.ts'
import { clientEndpoint, domainOf, nowS, serverEndpoint } from '../context.ts'
import type { PortalContext } from '../context.ts'
import { EVENT_SESSION_START } from '../limits.ts'
import type { RequestParams } from '../rest/params.ts'
import type { App } from '../world/state.ts'
import type { ExaminedToken } from './tokens.ts'
import { examineToken, mintPair } from './tokens.ts'

export interface OAuthFailure {
  readonly status: number
  readonly error: string
  readonly text?: string
}

/** Errors of the token endpoint (settings/oauth/error-codes.md; statuses from what SDKs met; docs/portal/fidelity.md). */
const FAILURES = {
  grantTypeMissing: { status: 400, error: 'invalid_request', text: 'Invalid grant_type parameter or parameter missing' },
  grantTypeUnknown: { status: 400, error: 'unsupported_grant_type' },
  codeMissing: { status: 400, error: 'invalid_request' },
  refreshTokenMissing: { status: 400, error: 'invalid_request', text: 'No "refresh_token" parameter found' },
  clientUnknown: { status: 200, error: 'wrong_client' },
  secretWrong: { status: 400, error: 'invalid_client' },
  grantInvalid: { status: 400, error: 'invalid_grant' },
  notInstalled: { status: 401, error: 'NOT_INSTALLED' },
} as const satisfies Record<string, OAuthFailure>

/** `{server}/oauth/token/`: a code or a refresh token for a new pair (settings/oauth/index.md, auto-renewal.md). */
export function exchangeToken(context: PortalContext, params: RequestParams): TokenResponse | OAuthFailure {
  const grantType = params.text('grant_type')
  if (grantType === undefined) return FAILURES.grantTypeMissing
  if (grantType !== 'authorization_code' && grantType !== 'refresh_token') return FAILURES.grantTypeUnknown
  const app = context.world.client(params.text('client_id') ?? '')
  if (app === undefined) return FAILURES.clientUnknown
  if (params.text('client_secret') !== app.clientSecret) return FAILURES.secretWrong
  return grantType === 'refresh_token' ? renew(context, app, params) : redeemCode(context, app, params)
}

function renew(context: PortalContext, app: App, params: RequestParams): TokenResponse | OAuthFailure {
  const token = params.text('refresh_token')
  if (token === undefined) return FAILURES.refreshTokenMissing
  const examined = examineToken(context, 'refresh', token)
  const failure = refusal(context, app, token, examined)
  if (failure !== undefined || examined === undefined) return failure ?? FAILURES.grantInvalid
  if (context.strictRotation) context.world.spend(token, examined.claims.expiresS, nowS(context))
  // A renewed pair keeps the counter of the one it came from: renewing must not be a way round the loop guard.
  return respond(context, app, examined.claims.userId, examined.claims.session)
}

function redeemCode(context: PortalContext, app: App, params: RequestParams): TokenResponse | OAuthFailure {
  const code = params.text('code')
  if (code === undefined) return FAILURES.codeMissing
  const examined = examineToken(context, 'code', code)
  const failure = refusal(context, app, code, examined)
  if (failure !== undefined || examined === undefined) return failure ?? FAILURES.grantInvalid
  context.world.spend(code, examined.claims.expiresS, nowS(context))
  return respond(context, app, examined.claims.userId, EVENT_SESSION_START)
}

function refusal(context: PortalContext, app: App, token: string, examined: ExaminedToken | undefined): OAuthFailure | undefined {
  if (examined === undefined || examined.app.clientId !== app.clientId) return FAILURES.grantInvalid
  if (!examined.installed) return FAILURES.notInstalled
  if (examined.expired || context.world.isSpent(token)) return FAILURES.grantInvalid
  return undefined
}

function respond(context: PortalContext, app: App, userId: number, session: number): TokenResponse {
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
