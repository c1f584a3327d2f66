import type { FastifyRequest } from 'fastify'
import type { PortalContext } from '../context.ts'
import { paramsOf, pathOf } from '../http-server.ts'
import type { OAuthServer } from '../oauth/oauth-server.ts'
import type { TokenKind } from '../oauth/token.ts'
import { examineToken } from '../oauth/tokens.ts'
import type { RequestParams } from '../rest/params.ts'
import { RequestParams as Params } from '../rest/params.ts'
import type { FaultTarget } from './faults.ts'
import type { RoutePlace } from './table.ts'

/** A request a fault may strike, and the portal whose faults are meant. */
export interface RouteTarget extends FaultTarget {
  readonly on: RoutePlace
  readonly context: PortalContext
}

/** Requests to a portal: REST and the authorize page. */
export function portalTarget(context: PortalContext): (request: FastifyRequest) => RouteTarget | undefined {
  return (request) => {
    const path = pathOf(request)
    if (path.startsWith('/rest/')) {
      return { context, on: 'rest', method: methodOf(path), clientId: () => callerOf(context, paramsOrNone(request)) }
    }
    if (!path.startsWith('/oauth/authorize')) return undefined
    return { context, on: 'authorize', clientId: () => paramsOrNone(request).text('client_id') }
  }
}

/** Requests to an OAuth server. Those that name no portal belong to the first that has faults. */
export function oauthTarget(server: OAuthServer): (request: FastifyRequest) => RouteTarget | undefined {
  return (request) => {
    const on = oauthPlace(pathOf(request))
    const faulty = on === undefined ? [] : server.portals().filter(({ faults }) => !faults.isEmpty)
    if (on === undefined || faulty.length === 0) return undefined
    const params = paramsOrNone(request)
    const named = portalNamedBy(server, params)
    const context = named ?? faulty[0]
    if (context === undefined || !faulty.includes(context)) return undefined
    return { context, on, clientId: () => params.text('client_id') ?? callerOf(context, params) }
  }
}

function oauthPlace(path: string): 'token' | 'app_info' | undefined {
  if (path.startsWith('/oauth/token')) return 'token'
  return path.startsWith('/rest/') ? 'app_info' : undefined
}

const GRANTS: readonly [TokenKind, string][] = [['refresh', 'refresh_token'], ['code', 'code']]

function portalNamedBy(server: OAuthServer, params: RequestParams): PortalContext | undefined {
  for (const [kind, name] of GRANTS) {
    const token = params.text(name)
    const portal = token === undefined ? undefined : server.portalOf(kind, token)
    if (portal !== undefined) return portal
  }
  const token = params.authToken()
  return token === undefined ? undefined : server.portalOf('access', token)
}

function callerOf(context: PortalContext, params: RequestParams): string | undefined {
  const token = params.authToken()
  return token === undefined ? undefined : examineToken(context, 'access', token)?.app.clientId
}

/** `/rest/{method}.json` or `/rest/{user}/{code}/{method}`: the last part names the method. */
function methodOf(path: string): string {
  const parts = path.split('/').filter((part) => part !== '')
  return (parts.at(-1) ?? '').replace(/\.(json|xml)$/i, '')
}

/** What can't be read names nobody; the request itself is told so later. */
function paramsOrNone(request: FastifyRequest): RequestParams {
  try {
    return paramsOf(request)
  } catch {
    return new Params([])
  }
}
