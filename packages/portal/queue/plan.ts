import type { Delivery } from './delivery-log.ts'

/** How one sending of a delivery goes; what a fault changes of it. Plain data, for it is part of an exported state. */
export interface DeliveryPlan {
  readonly body: string
  /** Milliseconds on top of the queue's own delay. */
  readonly holdMs: number
  /** false: later deliveries may overtake it. */
  readonly inOrder: boolean
  /** Logged as LOST and never sent. */
  readonly lost: boolean
  readonly breakage?: Breakage | undefined
  /** The app is uninstalled at the moment of sending. */
  readonly uninstall: boolean
  /** What has been done to it, for the log. */
  readonly faults: readonly string[]
}

/** How the request itself goes wrong on its way. */
export type Breakage =
  | { readonly kind: 'reset' }
  | { readonly kind: 'slow'; readonly chunkBytes: number; readonly everyMs: number }

export type DeliveryRequest = Pick<Delivery, 'client_id' | 'event' | 'event_handler_id' | 'category' | 'url' | 'body'>

/** Decides how a delivery is sent: once and untouched unless somebody has asked for faults. */
export interface DeliveryShaper {
  /** One plan for each sending, the first one for the delivery itself. */
  plan(delivery: DeliveryRequest): readonly DeliveryPlan[]
  /** Just before it goes out. */
  beforeSending(delivery: Delivery, plan: DeliveryPlan): void
}

export function plainPlan(body: string): DeliveryPlan {
  return { body, holdMs: 0, inOrder: true, lost: false, uninstall: false, faults: [] }
}

export const PLAIN_SHAPER: DeliveryShaper = { plan: ({ body }) => [plainPlan(body)], beforeSending: () => {} }
