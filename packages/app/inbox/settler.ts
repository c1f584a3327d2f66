import type { Clock } from '@portline/runtime/clock.ts'
import type { Log } from '@portline/runtime/log.ts'
import type { LaneResults, PortalKey, Settlement, Store } from '../store/port.ts'
import { keyOf } from '../store/portal-key.ts'

/**
 * Writes what became of events, of all lanes together: while one group is on its way to the disk the next gathers. A group that
 * cannot be written is written again until it can: what has run must not run again for want of a note.
 *
 *     empty ──add──> gathering ──> writing ──on disk──> empty, gathering
 *                        ↑            └──store failing──> waiting ──> writing
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
  #writing = 0
  #busy = false
  #failing = false
  #waiting: (() => void)[] = []

  constructor(parts: SettlerParts) {
    this.#parts = parts
  }

  /** The disk does not keep up, or fails. */
  get full(): boolean {
    return this.#failing || this.#count + this.#writing > UNSETTLED_MAX
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
    if (!this.#busy) {
      this.#busy = true
      queueMicrotask(() => this.#write())
    }
  }

  /** Resolves when all that was added so far is on disk. */
  flushed(): Promise<void> {
    if (!this.#busy) return Promise.resolve()
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  #write(): void {
    const group = [...this.#gathering.values()]
    const waiting = this.#waiting
    this.#gathering = new Map()
    this.#waiting = []
    this.#writing = this.#count
    this.#count = 0
    void this.#record(group).then(() => {
      this.#writing = 0
      if (this.#gathering.size > 0) this.#write()
      else {
        this.#busy = false
        // Who asked while nothing more was gathered waited for this group.
        waiting.push(...this.#waiting.splice(0))
      }
      for (const resolve of waiting) resolve()
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
