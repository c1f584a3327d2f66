import type { Clock } from '@portline/runtime/clock.ts'

/**
 * Lanes whose handlers never wait for anything would keep the process from reading its sockets. After so many events all lanes
 * pause until whatever else is ready has had its turn: receiving and handing on take turns, and neither starves.
 */
const EVENTS_PER_BREATH = 32

export class Breath {
  readonly #clock: Clock
  readonly #waiting: (() => void)[] = []
  #taken = 0
  #asked = false

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Before an event is started; a promise when it has to wait for its turn. */
  take(): Promise<void> | undefined {
    if (!this.#asked) {
      this.#asked = true
      this.#clock.soon(() => this.#next())
    }
    if (this.#taken < EVENTS_PER_BREATH) {
      this.#taken += 1
      return undefined
    }
    return new Promise((resolve) => this.#waiting.push(resolve))
  }

  #next(): void {
    const released = this.#waiting.splice(0, EVENTS_PER_BREATH)
    this.#taken = released.length
    this.#asked = released.length > 0
    if (this.#asked) this.#clock.soon(() => this.#next())
    for (const resolve of released) resolve()
  }
}
