import type { Clock } from '@portline/runtime/clock.ts'
import type { AppendLease, AppendedEvent, NewEvent, Store } from '../store/port.ts'
import { sealShared } from '../tokens/sealed-event.ts'
import type { OpenedParts } from '../tokens/sealed-event.ts'
import type { Sealer } from '../tokens/sealer.ts'

/**
 * Appends events in groups. A group is one transaction, one fsync, one
 * seal and one message to the store's thread, so what they cost is shared by all that came in meanwhile.
 *
 *     empty ──append──> gathering ──ripe──> on its way ──on disk──> answered
 *
 * A group is ripe when a turn of the event loop brought nothing more, when it is big, or after a moment: one event alone goes
 * at once, and under load the groups are as big as the load makes them. Groups follow each other without waiting.
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
const RIPE_EVENTS = 32
const RIPE_AFTER_MS = 2

export class Appender {
  readonly #parts: AppenderParts
  #gathering: Waiting[] = []
  #ripening = false

  constructor(parts: AppenderParts) {
    this.#parts = parts
  }

  /** Resolves when the event is on disk. Errors: STORE_UNAVAILABLE, and then it is not. */
  append(item: EventToAppend): Promise<AppendedEvent> {
    return new Promise((resolve, reject) => {
      this.#gathering.push({ event: item.event, sealed: item.sealed, wanted: item.wanted, resolve, reject })
      // At once, in the middle of a turn: the store's thread works while the rest of the turn is read.
      if (this.#gathering.length >= RIPE_EVENTS) this.#send()
      else this.#ripen()
    })
  }

  #ripen(): void {
    if (this.#ripening || this.#gathering.length === 0) return
    const { clock } = this.#parts
    const sinceMs = clock.now()
    const lookAgain = (seen: number): void => {
      const { length } = this.#gathering
      const grows = length > seen && length < RIPE_EVENTS && clock.now() - sinceMs < RIPE_AFTER_MS
      if (grows) return clock.soon(() => lookAgain(length))
      this.#ripening = false
      this.#send()
    }
    this.#ripening = true
    clock.soon(() => lookAgain(0))
  }

  #send(): void {
    if (this.#gathering.length === 0) return
    const group = this.#gathering.splice(0, GROUP_MAX_EVENTS)
    this.#ripen()
    this.#appendGroup(group).then(
      (appended) => group.forEach((waiting, index) => waiting.resolve(appended[index] ?? { seq: 0, leased: false })),
      (error: unknown) => {
        for (const waiting of group) waiting.reject(error)
      },
    )
  }

  async #appendGroup(group: readonly Waiting[]): Promise<AppendedEvent[]> {
    const { store, sealer, lease } = this.#parts
    const shared = group.flatMap(({ event, sealed }) => (event.authShared === true ? [[event.id, sealed] as const] : []))
    return store.appendEvents({
      events: group.map(({ event }) => event),
      lease: { ...lease(), wanted: group.map(({ wanted }) => wanted) },
      ...(shared.length > 0 ? { sharedAuth: sealShared(sealer, shared) } : {}),
    })
  }
}
