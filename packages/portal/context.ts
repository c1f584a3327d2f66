import type { Clock } from '@portline/runtime/clock.ts'
import type { Log } from '@portline/runtime/log.ts'
import type { Faults } from './faults/faults.ts'
import type { OAuthServer } from './oauth/oauth-server.ts'
import type { TokenVerdicts } from './oauth/token-verdicts.ts'
import type { Doors } from './portal/doors.ts'
import type { QueueServer } from './queue/queue-server.ts'
import type { RestLimits } from './rest/metering/rest-limits.ts'
import type { Features, Variants } from './variants.ts'
import type { World } from './world/world.ts'

/** Where the two servers listen; known once they do, so read it late. */
export interface Addresses {
  /** Origins without a trailing slash. */
  portal: string
  oauth: string
}

/** What every room of the portal may need. */
export interface PortalContext {
  /** Another one after a state was imported, so it is read each time. */
  world: World
  readonly clock: Clock
  readonly log: Log
  readonly queue: QueueServer
  readonly faults: Faults
  readonly addresses: Addresses
  /** Where the portal is registered; it may serve other portals too. */
  readonly oauth: OAuthServer
  /** What the portal remembers of tokens it has asked about. */
  readonly verdicts: TokenVerdicts
  readonly doors: Doors
  readonly variants: Variants
  readonly features: Features
  readonly restLimits: RestLimits
  /** false: an incoming webhook over plain HTTP is refused, as in life. */
  readonly webhookOverHttp: boolean
  /** PEM of the certificate it shows; absent over plain HTTP. */
  readonly certificate?: string
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
