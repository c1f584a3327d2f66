import type { Installation, StoredEvent } from '../store/port.ts'

/**
 * Each store counts a portal's installations for itself, so the number of one says nothing in another. A line of an export says besides
 * whether the event belonged to the installation that was there then: `current`, or `former`, which is also whatever an uninstall ended.
 *
 * What was current is of the installation that is here, unless this store has counted more of them than the other one had and the event
 * was received before the newest began: then the app was installed again since. All else is of a former one and is not handed on.
 */
export type InstallationMark = 'current' | 'former'

/** Of the first one that a store will know, if it knows none. */
const FIRST_GENERATION = 1

/** None where nothing has proven to which it belongs. */
export function markOf({ generation }: StoredEvent, there: Installation | undefined): InstallationMark | undefined {
  if (generation === 0) return undefined
  return generation === (there?.generation ?? FIRST_GENERATION) && there?.status !== 'deleted' ? 'current' : 'former'
}

/** A line of a version that wrote no mark: its number is taken as it is, which is right where it comes back to the store it is from. */
export function generationHere({ generation, receivedAtMs }: Pick<StoredEvent, 'generation' | 'receivedAtMs'>, mark: InstallationMark | undefined, here: Installation | undefined): number {
  if (generation === 0 || mark === undefined) return generation
  const present = here?.generation ?? FIRST_GENERATION
  const isLive = here?.status !== 'deleted'
  if (mark === 'current' && isLive && (generation >= present || receivedAtMs >= begunAtMs(here))) return present
  // Below the first there is no other number than that of what nothing has proven: never that of the installation that is here.
  return Math.min(generation, present - 1)
}

function begunAtMs(here: Installation | undefined): number {
  return here?.installedAtMs ?? here?.installerProvenAtMs ?? Number.POSITIVE_INFINITY
}
