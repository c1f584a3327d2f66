import type { Clock } from '@portline/runtime/clock.ts'
import type { Log } from '@portline/runtime/log.ts'
import { silentLog } from '@portline/runtime/log.ts'
import { addDateHeader } from './clock/date-header.ts'
import { asPortalClock } from './clock/portal-clock.ts'
import type { FastifyInstance } from 'fastify'
import type { PortalContext } from './context.ts'
import { domainOf } from './context.ts'
import { Control } from './face/control.ts'
import { addFaceRoutes } from './face/routes.ts'
import { Faults } from './faults/faults.ts'
import { addFaultHooks } from './faults/route-faults.ts'
import { portalTarget } from './faults/route-target.ts'
import { FaultShaper } from './faults/shape-delivery.ts'
import { createServer } from './http-server.ts'
import type { OAuthServer } from './oauth/oauth-server.ts'
import type { OAuthOptions } from './oauth/options.ts'
import { addAuthorizeRoutes } from './oauth/authorize-routes.ts'
import { TokenVerdicts } from './oauth/token-verdicts.ts'
import { Doors } from './portal/doors.ts'
import { redirectFormerAddresses } from './portal/rename.ts'
import type { QueueOptions } from './queue/options.ts'
import { QueueServer } from './queue/queue-server.ts'
import type { LimitSettings } from './rest/metering/rest-limits.ts'
import { RestLimits } from './rest/metering/rest-limits.ts'
import { addRestRoutes } from './rest/routes.ts'
import type { PortalState } from './state/portal-state.ts'
import { takeOverRest } from './state/portal-state.ts'
import type { TlsOption } from './tls/tls-option.ts'
import { certificateFor } from './tls/tls-option.ts'
import type { Features, Variants } from './variants.ts'
import { ALL_FEATURES, SOURCE_VARIANTS } from './variants.ts'
import type { KeyAndCertificate } from './tls/self-signed.ts'
import { oauthServerOptions, startOAuthServer } from './start-oauth-server.ts'
import { defaultWorld } from './world/default-world.ts'
import { loadState, StateFile } from './world/state-file.ts'
import { createWebServer } from './web-server.ts'
import { World } from './world/world.ts'

export interface PortalOptions {
  /** Default 127.0.0.1. The control API answers this machine only, whatever the host. */
  readonly host?: string
  /** Default 4480; 0: any free port. */
  readonly port?: number
  /** The OAuth server's; default 4470; 0: any free port. */
  readonly oauthPort?: number
  /** member_id, secrets, tokens and delays follow from it; default `portline`. */
  readonly seed?: string
  /** 32 hex digits; follows from the seed when not given. To replay what was recorded on another portal. */
  readonly memberId?: string
  readonly clock?: Clock
  readonly log?: Log
  /** Loaded when it is there, then kept up to date; its member_id and seed win. */
  readonly stateFile?: string
  /**
   * A snapshot or an exported state to start from, when no state file is there. Its time is the clock's business: give
   * `new VirtualClock(state.now_ms)` to go on from there.
   */
  readonly state?: PortalState
  /** A refresh token works once; default true. The same as `oauthOptions.strictRotation`. */
  readonly strictRotation?: boolean
  /** How the portal's own OAuth server behaves. */
  readonly oauthOptions?: Partial<OAuthOptions>
  /**
   * A server of startOAuthServer() to register with, instead of one of its own. `oauthPort`, `oauthOptions` and
   * `strictRotation` are that server's then, and its clock is this portal's unless another one is given.
   */
  readonly oauth?: OAuthServer
  /** Build the web server at the first connection only: where there are hundreds of portals. */
  readonly late?: boolean
  /** Seconds for which the portal remembers what it learnt of a token; 0, the default: not at all. A real one: 3,600. */
  readonly tokenVerdictS?: number
  readonly queue?: Partial<QueueOptions>
  /**
   * https for the portal and its own OAuth server. true: a self-signed certificate, offered by control.certificate and
   * GET /control/certificate; or a key and a certificate of one's own, both PEM. Default: plain HTTP.
   */
  readonly tls?: TlsOption
  /** The documentation's side where it contradicts the module source. */
  readonly variants?: Partial<Variants>
  /** Switches of the portal's licence; all on by default. */
  readonly features?: Partial<Features>
  /** false: incoming webhooks need https, as in life (INVALID_REQUEST); default true. */
  readonly webhookOverHttp?: boolean
  /** The limits of limits.md; all off by default, and changed later by control.limits(). */
  readonly limits?: Partial<LimitSettings>
}

export interface Portal extends AsyncDisposable {
  /** Origins without a trailing slash. `url` and `domain` are others after control.rename(). */
  readonly url: string
  readonly oauthUrl: string
  readonly oauth: OAuthServer
  /** Another one after control.reRegister(). */
  readonly memberId: string
  /** Host with port. */
  readonly domain: string
  readonly control: Control
  /** Closes the portal and an OAuth server of its own, and writes the state. What the queue server still has is dropped. */
  stop(): Promise<void>
}

/**
 * Starts a local Bitrix24 portal with its OAuth server and queue server. Ready when it resolves. Throws CodedError:
 * ADDRESS_IN_USE; CONFIG_INVALID for a state file that is none, or when the OAuth server has a portal with that member_id.
 */
export async function startPortal(options: PortalOptions = {}): Promise<Portal> {
  const { host = '127.0.0.1', port = DEFAULT_PORT } = options
  const stopping = new AbortController()
  const world = loadWorld(options)
  const tls = certificateFor(options.tls, host)
  const oauth = options.oauth ?? await startOAuthServer(oauthServerOptions({ ...options, tls: tls ?? false }))
  const context = createContext(options, world, oauth, stopping.signal, tls?.cert)
  const stateFile = options.stateFile === undefined ? undefined : keepState(context, options.stateFile)
  const control = new Control(context)
  const webServer = createWebServer({
    doors: context.doors, build: () => buildServer(context, control, tls), secure: tls !== undefined, late: options.late ?? false,
  })
  const close = async (): Promise<void> => {
    stopping.abort()
    context.queue.stop()
    context.oauth.detach(context)
    await Promise.all([webServer.close(), options.oauth === undefined ? oauth.stop() : undefined])
  }
  const stop = async (): Promise<void> => {
    await close()
    stateFile?.flush()
  }
  try {
    context.oauth.attach(context)
    context.addresses.portal = await webServer.open(host, port)
    if (options.state !== undefined) takeOverRest(context, options.state)
  } catch (error) {
    // Without a flush: whoever holds the port may be another portal with the same state file.
    await close()
    throw error
  }
  return describePortal(context, control, stop)
}

const DEFAULT_PORT = 4480

function buildServer(context: PortalContext, control: Control, tls: KeyAndCertificate | undefined): FastifyInstance {
  const server = createServer(context.log, tls)
  addDateHeader(server, context.clock)
  redirectFormerAddresses(server, context)
  addFaultHooks(server, portalTarget(context))
  addRestRoutes(server, context)
  addAuthorizeRoutes(server, context)
  addFaceRoutes(server, context, control)
  return server
}

/** What a rename or a new registration changes is read each time. */
function describePortal(context: PortalContext, control: Control, stop: () => Promise<void>): Portal {
  const { addresses, oauth } = context
  return {
    get url() {
      return addresses.portal
    },
    get domain() {
      return domainOf(addresses.portal)
    },
    get memberId() {
      return context.world.memberId
    },
    oauthUrl: addresses.oauth,
    oauth,
    control,
    stop,
    [Symbol.asyncDispose]: stop,
  }
}

function loadWorld({ stateFile, state, seed = 'portline', memberId }: PortalOptions): World {
  const saved = stateFile === undefined ? undefined : loadState(stateFile)
  return new World(saved ?? state ?? defaultWorld(seed, memberId))
}

function createContext(
  options: PortalOptions, world: World, oauth: OAuthServer, stopping: AbortSignal, certificate: string | undefined,
): PortalContext {
  const { log = silentLog, tokenVerdictS = 0 } = options
  // A server of its own has the portal's clock; a shared one brings its clock unless the portal is to have another.
  const clock = options.oauth === undefined ? oauth.clock : asPortalClock(options.clock ?? oauth.clock)
  const seed = (): string => context.world.seed
  const context: PortalContext = {
    world, clock, log, oauth, stopping,
    queue: new QueueServer(clock, seed, options.queue),
    faults: new Faults(seed),
    ...(certificate === undefined ? {} : { certificate }),
    addresses: { portal: '', oauth: oauth.url },
    verdicts: new TokenVerdicts(tokenVerdictS),
    doors: new Doors(),
    restLimits: new RestLimits(options.limits, options.variants?.operatingLimit === 'source'),
    variants: { ...SOURCE_VARIANTS, ...options.variants },
    features: { ...ALL_FEATURES, ...options.features },
    webhookOverHttp: options.webhookOverHttp ?? true,
  }
  context.queue.shapeWith(new FaultShaper(context))
  return context
}

function keepState(context: PortalContext, path: string): StateFile {
  return new StateFile(() => context.world, path, context.clock, (error) => {
    context.log.error({ error, path }, "The portal's state could not be written")
  })
}
