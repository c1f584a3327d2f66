import type { Clock } from '@portline/runtime/clock.ts'
import { systemClock } from '@portline/runtime/clock.ts'
import type { Log } from '@portline/runtime/log.ts'
import { silentLog } from '@portline/runtime/log.ts'
import { addDateHeader } from './clock/date-header.ts'
import { asPortalClock } from './clock/portal-clock.ts'
import { addFaultHooks } from './faults/route-faults.ts'
import { oauthTarget } from './faults/route-target.ts'
import { createServer, listen } from './http-server.ts'
import { addFrontRoutes } from './oauth/front-routes.ts'
import { OAuthServer } from './oauth/oauth-server.ts'
import type { OAuthOptions } from './oauth/options.ts'
import { DEFAULT_OAUTH_OPTIONS } from './oauth/options.ts'
import { addOAuthRoutes } from './oauth/routes.ts'
import type { TlsOption } from './tls/tls-option.ts'
import { certificateFor } from './tls/tls-option.ts'

export interface OAuthServerOptions extends Partial<OAuthOptions> {
  /** Default 127.0.0.1. */
  readonly host?: string
  /** Default 4470; 0: any free port. */
  readonly port?: number
  /** Also the default clock of the portals that are started with this server. */
  readonly clock?: Clock
  readonly log?: Log
  /** true: a self-signed certificate of its own; or a key and a certificate, both PEM. Default: plain HTTP. */
  readonly tls?: TlsOption
}

/**
 * Starts an authorization server for portals to share: startPortal({ oauth }). Each portal keeps its own member_id, users
 * and apps; a market app registered on several of them with one client_id is one app. Throws CodedError: ADDRESS_IN_USE.
 */
export async function startOAuthServer(options: OAuthServerOptions = {}): Promise<OAuthServer> {
  const { host = '127.0.0.1', port = DEFAULT_OAUTH_PORT, clock, log = silentLog, tls, ...given } = options
  const server = createServer(log, certificateFor(tls, host))
  const oauth = new OAuthServer({ ...DEFAULT_OAUTH_OPTIONS, ...given }, asPortalClock(clock ?? systemClock))
  addDateHeader(server, oauth.clock)
  addFaultHooks(server, oauthTarget(oauth))
  addOAuthRoutes(server, oauth)
  addFrontRoutes(server, oauth)
  try {
    oauth.opened(await listen(server, host, port), () => server.close())
  } catch (error) {
    await server.close()
    throw error
  }
  return oauth
}

const DEFAULT_OAUTH_PORT = 4470

/** Which of a portal's options are its OAuth server's. */
interface PortalsPart {
  readonly host?: string
  readonly oauthPort?: number
  readonly clock?: Clock
  readonly log?: Log
  readonly tls?: TlsOption
  readonly strictRotation?: boolean
  readonly oauthOptions?: Partial<OAuthOptions>
}

export function oauthServerOptions(options: PortalsPart): OAuthServerOptions {
  const { host, oauthPort, clock, log, tls, strictRotation, oauthOptions } = options
  return {
    ...(host === undefined ? {} : { host }),
    ...(oauthPort === undefined ? {} : { port: oauthPort }),
    ...(clock === undefined ? {} : { clock }),
    ...(log === undefined ? {} : { log }),
    ...(tls === undefined ? {} : { tls }),
    ...(strictRotation === undefined ? {} : { strictRotation }),
    ...oauthOptions,
  }
}
