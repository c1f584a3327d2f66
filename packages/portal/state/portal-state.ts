import { CodedError } from '@portline/wire/errors.ts'
import { z } from 'zod'
import type { PortalClock } from '../clock/portal-clock.ts'
import type { PortalContext } from '../context.ts'
import { faultsStateSchema } from '../faults/faults.ts'
import type { FaultsState } from '../faults/faults.ts'
import { queueStateSchema } from '../queue/queue-state.ts'
import type { QueueState } from '../queue/queue-state.ts'
import { isWorldState } from '../world/state-file.ts'
import type { WorldState } from '../world/state.ts'
import { World } from '../world/world.ts'

/**
 * A whole portal as plain JSON: its world, what its queue server still has to send, its faults and its time. A portal that
 * takes it over goes on just as the first one would have: same ids, tokens, delays and strikes. Deliveries under way at the
 * export are on their way already and not in it, nor are the log of deliveries and what was counted against rate limits.
 */
export interface PortalState extends WorldState {
  readonly queue?: QueueState
  readonly faults?: FaultsState
  /** Milliseconds since the Unix epoch. */
  readonly now_ms?: number
}

const extrasSchema = z.object({
  queue: queueStateSchema.optional(),
  faults: faultsStateSchema.optional(),
  now_ms: z.number().optional(),
})

export function portalState({ world, queue, faults, clock }: PortalContext): PortalState {
  return { ...world.snapshot(), queue: queue.snapshot(), faults: faults.snapshot(), now_ms: clock.now() }
}

/** BAD_REQUEST when it is not the state of a portal. */
export function readPortalState(value: unknown): PortalState {
  const extras = extrasSchema.safeParse(value)
  if (!isWorldState(value) || !extras.success) throw new CodedError('BAD_REQUEST', 'Not the state of a portal')
  return value
}

/**
 * Puts the running portal in the place of the exported one. Under a virtual clock time moves on to the export's, unless that has
 * passed already. What waited in the queue is dropped. CONFIG_INVALID when another portal of the OAuth server is in the way.
 */
export function takeOver(context: PortalContext, clock: PortalClock, state: PortalState): void {
  const before = context.world
  const { queue, faults, now_ms, ...world } = state
  context.oauth.detach(context)
  context.world = new World(world)
  try {
    context.oauth.attach(context)
  } catch (error) {
    context.world = before
    context.oauth.attach(context)
    throw error
  }
  before.handOver(context.world)
  context.queue.restore({ last_id: 0, waiting: [], last_due_ms: {} })
  if (clock.mode === 'virtual' && now_ms !== undefined) clock.skipTo(now_ms)
  takeOverRest(context, state)
  if (faults === undefined) context.faults.clear()
  if (queue === undefined) context.queue.restore({ last_id: 0, waiting: [], last_due_ms: {} })
}

/** All but the world: at the start of a portal its world was made from the state already. */
export function takeOverRest({ queue, faults }: PortalContext, state: PortalState): void {
  const extras = extrasSchema.parse(state)
  if (extras.queue !== undefined) queue.restore(extras.queue)
  if (extras.faults !== undefined) faults.restore(extras.faults)
}
