import type { BreakerStatus } from './circuit-breaker.ts'
import type { Destination, DestinationParts, OpenDestination } from './destination.ts'

/** Each destination is opened once per app side, when its first event is due, however many handlers lead to it. */
export class OpenDestinations {
  readonly #parts: DestinationParts
  readonly #open = new Map<Destination, OpenDestination>()

  constructor(parts: DestinationParts) {
    this.#parts = parts
  }

  of(destination: Destination): OpenDestination {
    const open = this.#open.get(destination) ?? destination.open(this.#parts)
    this.#open.set(destination, open)
    return open
  }

  /** Undefined as long as no event was due for it. */
  statusOf(destination: Destination): BreakerStatus | undefined {
    return this.#open.get(destination)?.status()
  }

  async close(): Promise<void> {
    await Promise.all([...this.#open.values()].map((open) => open.close()))
    this.#open.clear()
  }
}
