import type { Clock } from '@portline/runtime/clock.ts'
import type { Log } from '@portline/runtime/log.ts'
import type { Random } from '@portline/runtime/random.ts'
import type { Resolver } from '@portline/runtime/resolver.ts'
import type { FormValue } from '@portline/wire/form/value.ts'
import type { BreakerStatus } from './circuit-breaker.ts'

/** One attempt at handing one event on. Holds no auth block and no token. */
export interface Delivery {
  /** Portline's own id: the same for every attempt and after a replay. */
  readonly id: string
  readonly app: string
  readonly memberId: string
  readonly domain?: string
  readonly code: string
  /** As it is stored: with tokens blotted out. Never what was unsealed. */
  readonly data: FormValue | undefined
  /** The portal's user whose action raised the event. */
  readonly userId?: string
  /** Seconds since the Unix epoch, as Bitrix24 sent them. */
  readonly ts?: string
  readonly receivedAtMs: number
  /** The id of the first, when this is a repeat of it that the app marks. */
  readonly duplicateOf?: string
  /** 1 for the first. */
  readonly attempt: number
}

export interface DestinationParts {
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly resolver: Resolver
}

/** Where events go instead of to a handler in code. A checked description: nothing is opened before `open`. */
export interface Destination {
  readonly kind: 'destination'
  /** To be shown: no credentials, no query. */
  readonly name: string
  /** One delivery has ended by then, connecting included. Waiting for its turn does not count. */
  readonly timeoutMs: number
  /** How many events of a lane it is worth handing over together. */
  readonly maxEvents: number
  /** Once per app side. Opens no connection yet: the first delivery does. */
  open(parts: DestinationParts): OpenDestination
}

export interface OpenDestination {
  /**
   * Resolves when the other side has every one of them, in their order. Ends by itself in its time; an abort rejects with the
   * signal's reason; that of `starts` does so only before it has begun.
   * Errors: NotNow when nothing was sent, which is no attempt; else a DeliveryError, which says how many were taken.
   */
  deliver(deliveries: readonly Delivery[], signal: AbortSignal, starts?: AbortSignal): Promise<void>
  /** Undefined when a delivery may come; else when so many wait for their turn that it had better be asked again later. */
  standBy(who: string): Promise<void> | undefined
  status(): BreakerStatus
  /** Ends connections. What is under way fails. */
  close(): Promise<void>
}

export function isDestination(value: unknown): value is Destination {
  return typeof value === 'object' && value !== null && 'kind' in value && value.kind === 'destination' && 'open' in value
}
