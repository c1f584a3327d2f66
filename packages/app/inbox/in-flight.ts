/**
 * What is being taken in: judged by what was known then, and perhaps not on disk yet.
 *
 *     enter ──taken in, or failed──> leave
 *
 * Counted by stretches of time, so that whoever wants all that was judged before now does not wait for what comes after.
 */
export interface Stretch {
  open: number
  readonly over: Promise<void>
  readonly end: () => void
}

export class InFlight {
  #now = stretch()
  readonly #former = new Set<Stretch>()

  enter(): Stretch {
    this.#now.open += 1
    return this.#now
  }

  leave(entered: Stretch): void {
    entered.open -= 1
    if (entered.open > 0 || entered === this.#now) return
    this.#former.delete(entered)
    entered.end()
  }

  /** Resolves when all that has entered by now has left. */
  async quiet(): Promise<void> {
    if (this.#now.open > 0) {
      this.#former.add(this.#now)
      this.#now = stretch()
    }
    await Promise.all([...this.#former].map(({ over }) => over))
  }
}

function stretch(): Stretch {
  const { promise, resolve } = Promise.withResolvers<void>()
  return { open: 0, over: promise, end: resolve }
}
