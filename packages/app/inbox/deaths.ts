import { DEATH_REST_MS, NOTED_DEATHS_MAX } from '../limits.ts'
import type { Settlement } from '../store/lanes.ts'
import type { QueuedEvent } from './lane.ts'

/**
 * Events that a process may have died of (states in ../store/lanes.ts). A watched event runs as any other, but its start is on disk
 * first. A suspect has its first seconds to itself among suspects: the next death is most likely its own.
 */

/** Whether the start of any of them is to be on disk before it. */
export function needsCare(events: readonly QueuedEvent[]): boolean {
  return events.some(({ caution }) => caution !== undefined)
}

/** One that the process has died with, perhaps by chance: it is handed on by itself, in solitude. */
export function isSuspect(queued: QueuedEvent | undefined): boolean {
  return (queued?.caution?.deaths ?? 0) > 0
}

/** One that a process has died of alone. It runs in no process's first moments: what kills processes there must not convict it again. */
export function isConvicted({ caution }: QueuedEvent): boolean {
  return (caution?.deaths ?? 0) > 1
}

export interface Death {
  readonly deaths: number
  readonly startedAtMs: number
}

/** The process died while it ran as a suspect, and that is not settled yet. A first death convicts nobody. */
export function deathOf({ caution }: QueuedEvent): Death | undefined {
  const { deaths = 0, startedAtMs } = caution ?? {}
  return deaths > 1 && startedAtMs !== undefined ? { deaths, startedAtMs } : undefined
}

/**
 * What becomes of it: an attempt that has failed, however long it took. The handler's schedule has no say. It is tried again after a rest,
 * and a few times only, since each is an outage of all portals.
 */
export function settlementOfDeath({ event }: QueuedEvent, { deaths, startedAtMs }: Death, nowMs: number, { uninstalled, parks }: DeathPolicy): Settlement {
  const error = { code: 'PROCESS_DIED', message: `the process died while it ran, ${deaths} times by now` }
  const attempt = { n: event.attempts + 1, startedAtMs, durationMs: 0, outcome: 'failed', error, calls: [], notes: [] } as const
  const settlement = { id: event.id, seq: event.seq, attempt, atMs: nowMs }
  if (uninstalled) return { ...settlement, state: 'dead', reason: 'INSTALLATION_DELETED' }
  if (deaths >= NOTED_DEATHS_MAX) return { ...settlement, state: 'dead', reason: 'PROCESS_DIED' }
  return { ...settlement, state: 'pending', reason: 'PROCESS_DIED', deaths, dueAtMs: nowMs + DEATH_REST_MS, ...(parks ? { parked: true as const } : {}) }
}

export interface DeathPolicy {
  /** There is nobody left to try again for. */
  readonly uninstalled: boolean
  /** Its lane goes on meanwhile. */
  readonly parks: boolean
}
