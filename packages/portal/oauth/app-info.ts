import type { ServerAppInfo } from '@portline/wire/oauth.ts'
import { clientEndpoint, domainOf } from '../context.ts'
import { isoSeconds } from '../rest/envelope.ts'
import type { RequestParams } from '../rest/params.ts'
import type { App } from '../world/state.ts'
import type { OAuthFailure } from './failures.ts'
import { notInstalled } from './failures.ts'
import type { OAuthServer } from './oauth-server.ts'
import { examineToken } from './tokens.ts'

/** What a client learns of itself by its credentials alone; no portal and no user are named. */
export interface ServerClientInfo {
  readonly client_id: string
  readonly scope: string
  readonly type: App['kind']
}

const FAILURES = {
  noToken: { status: 401, error: 'NO_AUTH_FOUND', text: 'Wrong authorization data' },
  tokenUnknown: { status: 401, error: 'invalid_token', text: 'The access token provided is invalid' },
  tokenExpired: { status: 401, error: 'expired_token', text: 'The access token provided has expired' },
  clientInvalid: { status: 401, error: 'invalid_client' },
} as const satisfies Record<string, OAuthFailure>

/** `{server_endpoint}app.info`: whose access token this is, or what a client_id with its secret stands for. */
export function serverAppInfo(server: OAuthServer, params: RequestParams): ServerAppInfo | ServerClientInfo | OAuthFailure {
  const token = params.authToken()
  if (token === undefined) return clientInfo(server, params)
  const context = server.portalOf('access', token)
  const examined = context === undefined ? undefined : examineToken(context, 'access', token)
  if (context === undefined || examined === undefined) return FAILURES.tokenUnknown
  if (!examined.installed) return notInstalled(server.options)
  if (examined.expired) return FAILURES.tokenExpired
  const { app, claims } = examined
  const scope = app.scope.join(',')
  return {
    client_id: app.clientId,
    scope,
    expires: isoSeconds(claims.expiresS * 1_000),
    install: {
      installed: app.installed,
      version: app.version,
      status: app.status,
      scope,
      domain: domainOf(context.addresses.portal),
      uri: context.addresses.portal,
      client_endpoint: clientEndpoint(context),
      member_id: context.world.memberId,
      member_type: 'B24',
      ...dateFinish(app),
    },
    user_id: claims.userId,
  }
}

/** A trial or a paid app has one. */
function dateFinish({ status, dateFinish: endS }: App): { date_finish?: string } {
  return endS !== undefined && (status === 'T' || status === 'P') ? { date_finish: isoSeconds(endS * 1_000) } : {}
}

function clientInfo(server: OAuthServer, params: RequestParams): ServerClientInfo | OAuthFailure {
  const clientId = params.text('client_id')
  if (clientId === undefined) return FAILURES.noToken
  const app = server.client(clientId)
  if (app === undefined || params.text('client_secret') !== app.clientSecret) return FAILURES.clientInvalid
  return { client_id: app.clientId, scope: app.scope.join(','), type: app.kind }
}
