import { textOfThrown } from '@portline/runtime/thrown.ts'
import type { LaneResults, Settlement, Started } from '../store/lanes.ts'
import type { PortalKey } from '../store/port.ts'
import { keyOf } from '../store/portal-key.ts'
import { SettleApart, tell } from './settle-apart.ts'
import type { SettleParts } from './settle-apart.ts'

/**
 * Writes what became of events, of all lanes together: while one group is on its way to the disk the next gathers. It goes at the
 * end of a turn of the event loop, so that it shares its commit with the events that came in meanwhile. A group that cannot be
 * written is written apart (settle-apart.ts), and what the store could not take then, because it fails, again until it can: what has
 * run must not run again for want of a note.
 *
 * After a stop nothing is tried again: the store is about to be closed, and what it did not take runs again after the next start.
 *
 *     empty ──add──> gathering ──end of the turn, group before on disk──> writing ──on disk──> empty, gathering
 *                                                                          ↑    └──not taken──> apart ──none left──> empty, gathering
 *                                                                          └────── waiting <──store failing──┘
 */
interface Gathered {
  readonly portal: PortalKey
  readonly settlements: Settlement[]
  started?: Started
  release?: true
}

/** A store that can't answer is asked again after this long. */
export const STORE_RETRY_MS = 1_000
/** Beyond it lanes wait for the disk: a crash repeats what is not settled. */
export const UNSETTLED_MAX = 2_048

export class Settler {
  readonly #parts: SettleParts
  readonly #apart: SettleApart
  #gathering = new Map<string, Gathered>()
  #count = 0
  #onTheWay = 0
  #writing: Promise<void> | undefined
  #asked = false
  #failing = false
  #stopped = false
  #waiting: (() => void)[] = []

  constructor(parts: SettleParts) {
    this.#parts = parts
    this.#apart = new SettleApart(parts)
  }

  /** The disk does not keep up, or fails. */
  get full(): boolean {
    return this.#failing || this.#count + this.#onTheWay > UNSETTLED_MAX
  }

  add(portal: PortalKey, settlements: readonly Settlement[], release: boolean): void {
    const gathered = this.#gatheredOf(portal)
    gathered.settlements.push(...settlements)
    if (release) gathered.release = true
    this.#count += settlements.length
    this.#writeSoon()
  }

  /** Events are about to run that are to be started with care. */
  start(portal: PortalKey, { seqs, atMs }: Started): void {
    const gathered = this.#gatheredOf(portal)
    gathered.started = { seqs: [...(gathered.started?.seqs ?? []), ...seqs], atMs }
    this.#writeSoon()
  }

  #gatheredOf(portal: PortalKey): Gathered {
    const key = keyOf(portal)
    let gathered = this.#gathering.get(key)
    if (gathered === undefined) {
      gathered = { portal, settlements: [] }
      this.#gathering.set(key, gathered)
    }
    return gathered
  }

  stop(): void {
    this.#stopped = true
  }

  /** Resolves when all that was added so far is on disk; after a stop also when it is not to come there. */
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

  async #record(group: readonly LaneResults[]): Promise<void> {
    const { store, owner, clock, log } = this.#parts
    let left = group
    for (;;) {
      try {
        const lost = new Set((await store.settle(owner, left)).map(keyOf))
        for (const lane of left) tell(this.#parts, lane, lost.has(keyOf(lane.portal)))
        break
      } catch (error) {
        if (this.#stopped) break
        this.#failing = true
        left = await this.#apart.write(left)
        if (left.length === 0) break
        log.error({ error: textOfThrown(error), lanes: left.length }, 'what became of events could not be written; trying again')
        await new Promise<void>((resolve) => clock.setTimer(STORE_RETRY_MS, resolve))
      }
    }
    this.#failing = false
  }
}
