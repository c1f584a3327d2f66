import type { Clock } from '@portline/runtime/clock.ts'
import { systemClock } from '@portline/runtime/clock.ts'
import type { Log } from '@portline/runtime/log.ts'
import { silentLog } from '@portline/runtime/log.ts'
import { seededRandom } from '@portline/runtime/random.ts'
import type { PortalContext } from './context.ts'
import { domainOf } from './context.ts'
import { Control } from './face/control.ts'
import { addFaceRoutes } from './face/routes.ts'
import { createServer, listen } from './http-server.ts'
import { addAuthorizeRoute, addOAuthRoutes } from './oauth/routes.ts'
import type { QueueOptions } from './queue/queue-server.ts'
import { DEFAULT_QUEUE_OPTIONS, QueueServer } from './queue/queue-server.ts'
import { addRestRoutes } from './rest/routes.ts'
import { defaultWorld } from './world/default-world.ts'
import { loadState, StateFile } from './world/state-file.ts'
import type { WorldState } from './world/state.ts'
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
  /** A snapshot to start from, when no state file is there. */
  readonly state?: WorldState
  /** A refresh token works once; default true. */
  readonly strictRotation?: boolean
  readonly queue?: Partial<QueueOptions>
}

export interface Portal {
  /** Origins without a trailing slash. */
  readonly url: string
  readonly oauthUrl: string
  readonly memberId: string
  /** Host with port. */
  readonly domain: string
  readonly control: Control
  /** Closes both servers and writes the state. What the queue server has not sent yet is dropped. */
  stop(): Promise<void>
}

/**
 * Starts a local Bitrix24 portal with its OAuth server and queue server. Ready when it resolves. Throws CodedError:
 * ADDRESS_IN_USE, CONFIG_INVALID for a state file that is none.
 */
export async function startPortal(options: PortalOptions = {}): Promise<Portal> {
  const { host = '127.0.0.1', port = DEFAULT_PORT, oauthPort = DEFAULT_OAUTH_PORT } = options
  const stopping = new AbortController()
  const context = createContext(options, stopping.signal)
  const stateFile = options.stateFile === undefined ? undefined : keepState(context, options.stateFile)
  const control = new Control(context)
  const portalServer = createServer(context.log)
  const oauthServer = createServer(context.log)
  addRestRoutes(portalServer, context)
  addAuthorizeRoute(portalServer, context)
  addFaceRoutes(portalServer, context, control)
  addOAuthRoutes(oauthServer, context)
  const close = async (): Promise<void> => {
    stopping.abort()
    context.queue.stop()
    await Promise.all([portalServer.close(), oauthServer.close()])
  }
  const stop = async (): Promise<void> => {
    await close()
    stateFile?.flush()
  }
  try {
    context.addresses.oauth = await listen(oauthServer, host, oauthPort)
    context.addresses.portal = await listen(portalServer, host, port)
  } catch (error) {
    // Without a flush: whoever holds the port may be another portal with the same state file.
    await close()
    throw error
  }
  const { portal: url, oauth: oauthUrl } = context.addresses
  return { url, oauthUrl, memberId: context.world.memberId, domain: domainOf(url), control, stop }
}

const DEFAULT_PORT = 4480
const DEFAULT_OAUTH_PORT = 4470

function createContext(options: PortalOptions, stopping: AbortSignal): PortalContext {
  const { clock = systemClock, log = silentLog, seed = 'portline', strictRotation = true } = options
  const saved = options.stateFile === undefined ? undefined : loadState(options.stateFile)
  const world = new World(saved ?? options.state ?? defaultWorld(seed, options.memberId))
  const queue = new QueueServer(clock, seededRandom(`${world.seed}:queue`), { ...DEFAULT_QUEUE_OPTIONS, ...options.queue })
  return { world, clock, log, queue, addresses: { portal: '', oauth: '' }, strictRotation, stopping }
}

function keepState(context: PortalContext, path: string): StateFile {
  return new StateFile(context.world, path, context.clock, (error) => {
    context.log.error({ error, path }, "The portal's state could not be written")
  })
}
