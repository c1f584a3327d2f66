import type { Clock } from '@portline/runtime/clock.ts'
import type { Log } from '@portline/runtime/log.ts'
import type { QueueServer } from './queue/queue-server.ts'
import type { World } from './world/world.ts'

/** Where the two servers listen; known once they do, so read it late. */
export interface Addresses {
  /** Origins without a trailing slash. */
  portal: string
  oauth: string
}

/** What every room of the portal may need. */
export interface PortalContext {
  readonly world: World
  readonly clock: Clock
  readonly log: Log
  readonly queue: QueueServer
  readonly addresses: Addresses
  /** A refresh token works once only. */
  readonly strictRotation: boolean
  /** Aborted when the portal stops: an app's page that never answers must not hold it up. */
  readonly stopping: AbortSignal
}

export function nowS(context: Pick<PortalContext, 'clock'>): number {
  return Math.floor(context.clock.now() / 1_000)
}

export function clientEndpoint(context: Pick<PortalContext, 'addresses'>): string {
  return `${context.addresses.portal}/rest/`
}

export function serverEndpoint(context: Pick<PortalContext, 'addresses'>): string {
  return `${context.addresses.oauth}/rest/`
}

/** Host with port, as in `auth[domain]`. */
export function domainOf(origin: string): string {
  return new URL(origin).host
}
