import type { Clock } from '@portline/runtime/clock.ts'
import type { Log } from '@portline/runtime/log.ts'
import type { LaneResults, Settlement } from '../store/lanes.ts'
import type { PortalKey, Store } from '../store/port.ts'
import { keyOf } from '../store/portal-key.ts'

/**
 * Writes what became of events, of all lanes together: while one group is on its way to the disk the next gathers. It goes at the
 * end of a turn of the event loop, so that it shares its commit with the events that came in meanwhile. A group that cannot be
 * written is written again until it can: what has run must not run again for want of a note.
 *
 *     empty ──add──> gathering ──end of the turn, group before on disk──> writing ──on disk──> empty, gathering
 *                                                                            └──store failing──> waiting ──> writing
 */
export interface SettlerParts {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  readonly owner: string
  readonly onSettled: (portal: PortalKey, settlement: Settlement) => void
  readonly onLost: (portal: PortalKey) => void
}

interface Gathered {
  readonly portal: PortalKey
  readonly settlements: Settlement[]
  release: boolean
}

/** A store that can't answer is asked again after this long. */
export const STORE_RETRY_MS = 1_000
/** Beyond it lanes wait for the disk: a crash repeats what is not settled. */
export const UNSETTLED_MAX = 2_048

export class Settler {
  readonly #parts: SettlerParts
  #gathering = new Map<string, Gathered>()
  #count = 0
  #onTheWay = 0
  #writing: Promise<void> | undefined
  #asked = false
  #failing = false
  #waiting: (() => void)[] = []

  constructor(parts: SettlerParts) {
    this.#parts = parts
  }

  /** The disk does not keep up, or fails. */
  get full(): boolean {
    return this.#failing || this.#count + this.#onTheWay > UNSETTLED_MAX
  }

  add(portal: PortalKey, settlements: readonly Settlement[], release: boolean): void {
    const key = keyOf(portal)
    const gathered = this.#gathering.get(key)
    if (gathered === undefined) this.#gathering.set(key, { portal, settlements: [...settlements], release })
    else {
      gathered.settlements.push(...settlements)
      gathered.release ||= release
    }
    this.#count += settlements.length
    this.#writeSoon()
  }

  /** Resolves when all that was added so far is on disk. */
  flushed(): Promise<void> {
    if (this.#gathering.size === 0) return this.#writing ?? Promise.resolve()
    const done = new Promise<void>((resolve) => this.#waiting.push(resolve))
    this.#writeSoon()
    return done
  }

  #writeSoon(): void {
    if (this.#asked || this.#writing !== undefined) return
    this.#asked = true
    this.#parts.clock.soon(() => {
      this.#asked = false
      this.#write()
    })
  }

  /** One group at a time: the store records what became of a lane's events in their order. */
  #write(): void {
    if (this.#writing !== undefined || this.#gathering.size === 0) return
    const group = [...this.#gathering.values()]
    const waiting = this.#waiting
    this.#gathering = new Map()
    this.#waiting = []
    this.#onTheWay = this.#count
    this.#count = 0
    this.#writing = this.#record(group).then(() => {
      this.#onTheWay = 0
      this.#writing = undefined
      for (const resolve of waiting) resolve()
      if (this.#gathering.size > 0) this.#writeSoon()
    })
  }

  async #record(group: readonly Gathered[]): Promise<void> {
    const { store, owner, clock, log, onSettled, onLost } = this.#parts
    const results = group.map(({ portal, settlements, release }): LaneResults => ({ portal, settlements, ...(release ? { release } : {}) }))
    for (;;) {
      try {
        const lost = new Set((await store.settle(owner, results)).map(keyOf))
        this.#failing = false
        for (const { portal, settlements } of results) {
          if (lost.has(keyOf(portal))) onLost(portal)
          else for (const settlement of settlements) onSettled(portal, settlement)
        }
        return
      } catch (error) {
        this.#failing = true
        log.error({ error: String(error), events: results.length }, 'what became of events could not be written; trying again')
        await new Promise<void>((resolve) => clock.setTimer(STORE_RETRY_MS, resolve))
      }
    }
  }
}
