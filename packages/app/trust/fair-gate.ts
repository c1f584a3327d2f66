/**
 * Lets a fixed number of tasks run at once. The others wait, and whoever they are for has a turn one after another: a crowd of one
 * sender does not make the next one wait longer. Nor may a sender have more waiting than there is room left, so whoever comes next
 * finds some.
 */
export class FairGate {
  readonly #places: number
  readonly #maxWaiting: number
  /** In the order in which the senders have their turn. */
  readonly #queues = new Map<string, (() => void)[]>()
  #running = 0
  #waiting = 0

  constructor(places: number, maxWaiting: number) {
    this.#places = places
    this.#maxWaiting = maxWaiting
  }

  hasRoom(sender: string): boolean {
    if (this.#running < this.#places) return true
    return (this.#queues.get(sender)?.length ?? 0) < this.#maxWaiting - this.#waiting
  }

  /** Look at `hasRoom` first: a task that finds no place to wait is let in beyond the limit rather than lost. */
  async run<Result>(sender: string, task: () => Promise<Result>): Promise<Result> {
    if (this.#running >= this.#places) await new Promise<void>((resolve) => this.#wait(sender, resolve))
    else this.#running += 1
    try {
      return await task()
    } finally {
      // The place goes straight to the next one, so that nobody slips in between.
      const next = this.#next()
      if (next === undefined) this.#running -= 1
      else next()
    }
  }

  #wait(sender: string, go: () => void): void {
    const queue = this.#queues.get(sender) ?? []
    queue.push(go)
    this.#queues.set(sender, queue)
    this.#waiting += 1
  }

  #next(): (() => void) | undefined {
    for (const [sender, queue] of this.#queues) {
      const go = queue.shift()
      this.#queues.delete(sender)
      // Behind all others now.
      if (queue.length > 0) this.#queues.set(sender, queue)
      this.#waiting -= 1
      return go
    }
    return undefined
  }
}
