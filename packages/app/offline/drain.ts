import { CodedError } from '@portline/wire/errors.ts'
import { OFFLINE_BATCH_EVENTS } from '../limits.ts'
import type { OfflineQueue, Reservation } from './offline-queue.ts'

/**
 * Empties one offline queue into the store: reserve, store, then clear. What is cleared on the portal is on disk here; what a crash
 * left reserved is found by its process_id, and stored once, however often it is fetched.
 *
 *     take ──rows──> store ──on disk──> clear ──> take … ──no more──> look for reserved rows ──none──> forget
 *       └──crash, lost answer──> reserved ──next start, next look──> retake ──> store (those unknown) ──> clear
 *
 * The queue must have no other taker: whatever is reserved in it counts as left over from here.
 */
export interface DrainParts {
  readonly queue: OfflineQueue
  /** Resolves with how many were new, when all are on disk. */
  readonly store: (reservation: Reservation) => Promise<number>
  /** The portal holds none of what was stored any more. */
  readonly forget: () => Promise<void>
  /** Asked before each batch; false leaves the rest for later. */
  readonly goesOn: () => boolean
}

export interface DrainPlan {
  /** Looks for what is reserved already, before anything else. */
  readonly recover: boolean
  /** Takes rows that are marked as failed, too. */
  readonly errors: boolean
}

export interface Drained {
  readonly taken: number
  /** Of these, from rows that were marked as failed. */
  readonly fromErrors: number
  /** The queue may have more. */
  readonly more: boolean
}

export async function drain(parts: DrainParts, { recover, errors }: DrainPlan): Promise<Drained> {
  const { queue, goesOn } = parts
  let taken = recover ? await recoverReserved(parts) : 0
  let kept = 0
  const keep = async (reservation: Reservation): Promise<number> => {
    const stored = await parts.store(reservation)
    await queue.clear(reservation)
    kept += reservation.rows.length
    return stored
  }
  let fromErrors = 0
  for (let lookForErrors = errors; lookForErrors && goesOn(); ) {
    const reservation = await queue.takeErrors()
    lookForErrors = reservation.rows.length > 0
    if (lookForErrors) fromErrors += await keep(reservation)
  }
  let more = true
  while (goesOn()) {
    const reservation = await queue.take()
    more = reservation.rows.length >= OFFLINE_BATCH_EVENTS
    if (reservation.rows.length > 0) taken += await keep(reservation)
    if (!more) break
  }
  // Not before it was looked: what is still reserved would be stored a second time.
  if (kept > 0) taken += await recoverReserved(parts)
  return { taken: taken + fromErrors, fromErrors, more }
}

/** Until none is reserved. */
async function recoverReserved({ queue, store, forget, goesOn }: DrainParts): Promise<number> {
  const seen = new Set<string>()
  let taken = 0
  for (let reserved = await queue.reserved(); reserved.length > 0; reserved = await queue.reserved()) {
    for (const process of reserved) {
      if (!goesOn()) return taken
      const reservation = await queue.retake(process)
      const keys = reservation.rows.map(({ id }) => `${process.processId} ${id}`)
      // Listed again after it was cleared, or listed and not given: asking for ever would not change it.
      if (keys.length === 0 || keys.some((key) => seen.has(key))) throw new CodedError('REST_FAILED', 'event.offline: reserved rows are neither given nor cleared')
      for (const key of keys) seen.add(key)
      taken += await store(reservation)
      await queue.clear(reservation)
    }
  }
  await forget()
  return taken
}
