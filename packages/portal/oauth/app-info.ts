import type { ServerAppInfo } from '@portline/wire/oauth.ts'
import { clientEndpoint, domainOf } from '../context.ts'
import type { PortalContext } from '../context.ts'
import { isoSeconds } from '../rest/envelope.ts'
import type { RequestParams } from '../rest/params.ts'
import type { App } from '../world/state.ts'
import type { OAuthFailure } from './token-endpoint.ts'
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
  notInstalled: { status: 401, error: 'NOT_INSTALLED', text: 'Application not installed' },
  clientInvalid: { status: 401, error: 'invalid_client' },
} as const satisfies Record<string, OAuthFailure>

/** `{server_endpoint}app.info`: whose access token this is, or what a client_id with its secret stands for. */
export function serverAppInfo(context: PortalContext, params: RequestParams): ServerAppInfo | ServerClientInfo | OAuthFailure {
  const token = params.authToken()
  if (token === undefined) return clientInfo(context, params)
  const examined = examineToken(context, 'access', token)
  if (examined === undefined) return FAILURES.tokenUnknown
  if (!examined.installed) return FAILURES.notInstalled
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
    },
    user_id: claims.userId,
  }
}

function clientInfo(context: PortalContext, params: RequestParams): ServerClientInfo | OAuthFailure {
  const clientId = params.text('client_id')
  if (clientId === undefined) return FAILURES.noToken
  const app = context.world.client(clientId)
  if (app === undefined || params.text('client_secret') !== app.clientSecret) return FAILURES.clientInvalid
  return { client_id: app.clientId, scope: app.scope.join(','), type: app.kind }
}
