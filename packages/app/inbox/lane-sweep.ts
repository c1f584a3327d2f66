import type { Clock, Timer } from '@portline/runtime/clock.ts'
import type { Log } from '@portline/runtime/log.ts'
import { LANE_SWEEP_LANES, LANE_SWEEP_MS } from '../limits.ts'
import type { PortalKey, Store } from '../store/port.ts'

/**
 * Looks through the store, now and again, for lanes that are due and that nobody woke: what a former process left, a lease that has
 * ended, a clock that jumped. Blocked lanes have alarms of their own; the sweep need not be on the dot for the others.
 */
export interface LaneSweepParts {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  /** Lanes in memory: those that stand by or rest are due for the store, and must not be all that it names. */
  readonly known: () => number
  readonly onDue: (portal: PortalKey) => void
}

const MIN_SWEEP_MS = 250

export class LaneSweep {
  readonly #parts: LaneSweepParts
  #timer: Timer | undefined
  #stopped = false

  constructor(parts: LaneSweepParts) {
    this.#parts = parts
  }

  /** Never rejects. */
  async start(): Promise<void> {
    const { store, clock, log, known, onDue } = this.#parts
    let nextMs = LANE_SWEEP_MS
    try {
      const { lanes, nextDueAtMs } = await store.dueLanes(clock.now(), LANE_SWEEP_LANES + known())
      for (const portal of lanes) onDue(portal)
      nextMs = Math.max(MIN_SWEEP_MS, Math.min(LANE_SWEEP_MS, (nextDueAtMs ?? Number.POSITIVE_INFINITY) - clock.now()))
    } catch (error) {
      log.error({ error: String(error) }, 'the store could not be searched for lanes')
    }
    if (!this.#stopped) this.#timer = clock.setTimer(nextMs, () => void this.start())
  }

  stop(): void {
    this.#stopped = true
    this.#timer?.cancel()
  }
}
