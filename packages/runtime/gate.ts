/** Lets a fixed number of tasks run at once; the others wait in the order they came, up to a limit. */
export class Gate {
  readonly #places: number
  readonly #maxWaiting: number
  readonly #waiting: (() => void)[] = []
  #running = 0

  constructor(places: number, maxWaiting: number) {
    this.#places = places
    this.#maxWaiting = maxWaiting
  }

  get isFull(): boolean {
    return this.#running >= this.#places && this.#waiting.length >= this.#maxWaiting
  }

  /** Look at `isFull` first: a task that finds no place to wait is let in beyond the limit rather than lost. */
  async run<Result>(task: () => Promise<Result>): Promise<Result> {
    if (this.#running >= this.#places) await new Promise<void>((resolve) => this.#waiting.push(resolve))
    else this.#running += 1
    try {
      return await task()
    } finally {
      // The place goes straight to the next one, so that nobody slips in between.
      const next = this.#waiting.shift()
      if (next === undefined) this.#running -= 1
      else next()
    }
  }
}
