import type { Clock } from '@portline/runtime/clock.ts'
import type { AppendLease, AppendedEvent, NewEvent, Store } from '../store/port.ts'
import { sealShared } from '../tokens/sealed-event.ts'
import type { OpenedParts } from '../tokens/sealed-event.ts'
import type { Sealer } from '../tokens/sealer.ts'

/**
 * Appends events in groups: while one group is on its way to the disk the next gathers. A group is one transaction, one fsync and
 * one seal, so what they cost is shared by all that came in meanwhile.
 */
export interface AppenderParts {
  readonly store: Store
  readonly sealer: Sealer
  readonly clock: Clock
  readonly lease: () => Omit<AppendLease, 'wanted'>
}

export interface EventToAppend {
  readonly event: NewEvent
  /** What is sealed here of an event with `authShared`. */
  readonly sealed: OpenedParts
  /** Whether it is to be run from memory if its lane is free. */
  readonly wanted: boolean
}

interface Waiting extends EventToAppend {
  readonly resolve: (appended: AppendedEvent) => void
  readonly reject: (error: unknown) => void
}

/** Events in one group: bounds how long those behind it wait. */
const GROUP_MAX_EVENTS = 512

export class Appender {
  readonly #parts: AppenderParts
  #gathering: Waiting[] = []
  #busy = false

  constructor(parts: AppenderParts) {
    this.#parts = parts
  }

  /** Resolves when the event is on disk. Errors: STORE_UNAVAILABLE, and then it is not. */
  append(item: EventToAppend): Promise<AppendedEvent> {
    return new Promise((resolve, reject) => {
      this.#gathering.push({ event: item.event, sealed: item.sealed, wanted: item.wanted, resolve, reject })
      // All that has come in by now goes together.
      if (this.#gathering.length === 1 && !this.#busy) this.#parts.clock.soon(() => this.#send())
    })
  }

  #send(): void {
    if (this.#busy || this.#gathering.length === 0) return
    const group = this.#gathering.splice(0, GROUP_MAX_EVENTS)
    this.#busy = true
    this.#appendGroup(group).then(
      (appended) => {
        this.#busy = false
        this.#send()
        group.forEach((waiting, index) => waiting.resolve(appended[index] ?? { seq: 0, leased: false }))
      },
      (error: unknown) => {
        this.#busy = false
        this.#send()
        for (const waiting of group) waiting.reject(error)
      },
    )
  }

  async #appendGroup(group: readonly Waiting[]): Promise<AppendedEvent[]> {
    const { store, sealer, lease } = this.#parts
    const shared: Record<string, OpenedParts> = {}
    let sharing = false
    for (const { event, sealed } of group) {
      if (event.authShared !== true) continue
      shared[event.id] = sealed
      sharing = true
    }
    return store.appendEvents({
      events: group.map(({ event }) => event),
      lease: { ...lease(), wanted: group.map(({ wanted }) => wanted) },
      ...(sharing ? { sharedAuth: sealShared(sealer, shared) } : {}),
    })
  }
}
