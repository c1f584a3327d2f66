import { NOTED_DEATHS_MAX } from '../limits.ts'
import type { Settlement } from '../store/lanes.ts'
import type { Failure } from './failure.ts'
import type { QueuedEvent } from './lane.ts'

/**
 * Events that a process may have died of (states in ../store/lanes.ts). A watched event runs as any other, but its start is on disk
 * first. A suspect runs while no other suspect does: the next death is most likely its own.
 */

/** Whether the start of any of them is to be on disk before it. */
export function needsCare(events: readonly QueuedEvent[]): boolean {
  return events.some(({ caution }) => caution !== undefined)
}

/** One that the process has died with, perhaps by chance: it is handed on by itself, in solitude. */
export function isSuspect(queued: QueuedEvent | undefined): boolean {
  return (queued?.caution?.deaths ?? 0) > 0
}

export interface Death {
  readonly deaths: number
  readonly startedAtMs: number
}

/** The process died while it ran in solitude, and that is not settled yet. A first death convicts nobody. */
export function deathOf(queued: QueuedEvent | undefined): Death | undefined {
  const { deaths = 0, startedAtMs } = queued?.caution ?? {}
  return deaths > 1 && startedAtMs !== undefined ? { deaths, startedAtMs } : undefined
}

/** Every further try is a death for all portals: there are a few of them, whatever the retry schedule says. */
export function withoutHope(failure: Failure, { deaths }: Death): Failure {
  return { ...failure, final: failure.final || deaths >= NOTED_DEATHS_MAX }
}

/** The attempt began when the dead process began it; how long it took nobody knows. */
export function remembering(settlement: Settlement, { deaths, startedAtMs }: Death): Settlement {
  const { attempt } = settlement
  return { ...settlement, ...(attempt === undefined ? {} : { attempt: { ...attempt, startedAtMs } }), ...(settlement.state === 'pending' ? { deaths } : {}) }
}
