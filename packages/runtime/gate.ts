/**
 * Lets a fixed number of tasks run at once; the others wait in the order they came, up to a limit. Whoever finds the line full may
 * stand by, and is told when somebody has left it.
 */
export class Gate {
  readonly #places: number
  readonly #maxWaiting: number
  readonly #waiting: (() => void)[] = []
  /** They were told, and come in before those who stand by. */
  readonly #told = new Set<string>()
  readonly #standingBy = new Map<string, { readonly told: Promise<void>; readonly tell: () => void }>()
  #running = 0

  constructor(places: number, maxWaiting: number) {
    this.#places = places
    this.#maxWaiting = maxWaiting
  }

  get isFull(): boolean {
    return this.#running >= this.#places && this.#waiting.length >= this.#maxWaiting
  }

  /**
   * Undefined when there is room; else resolves once half of the line has gone, for one after the other of those who stand by, to be
   * asked again: at a line that is just full each would only be told to find it full again. Who stands by already keeps its place, and
   * nobody overtakes them: those in line who come back for more stand by behind them.
   */
  standBy(who: string): Promise<void> | undefined {
    if (this.#isHalfFree || this.#told.delete(who) || (this.#standingBy.size === 0 && !this.isFull)) return undefined
    const standing = this.#standingBy.get(who) ?? promised()
    this.#standingBy.set(who, standing)
    return standing.told
  }

  get #isHalfFree(): boolean {
    return this.#waiting.length * 2 <= this.#maxWaiting
  }

  /**
   * Look at `isFull` first: a task that finds no place to wait is let in beyond the limit rather than lost. `soon` is for one that keeps
   * more than this line waiting: it waits behind the first of the line only. Many such, one after the other, take every other turn.
   */
  async run<Result>(task: () => Promise<Result>, soon?: 'soon'): Promise<Result> {
    const behind = soon === undefined ? this.#waiting.length : 1
    if (this.#running >= this.#places) await new Promise<void>((resolve) => this.#waiting.splice(behind, 0, resolve))
    else this.#running += 1
    try {
      return await task()
    } finally {
      // The place goes straight to the next one, so that nobody slips in between.
      const next = this.#waiting.shift()
      if (next === undefined) this.#running -= 1
      else next()
      if (this.#isHalfFree) this.#tellNext()
    }
  }

  #tellNext(): void {
    const [first] = this.#standingBy
    if (first === undefined) return
    const [who, { tell }] = first
    this.#standingBy.delete(who)
    // Of those who were told and did not come nothing is kept.
    if (this.#told.size > this.#maxWaiting) this.#told.clear()
    this.#told.add(who)
    tell()
  }
}

function promised(): { told: Promise<void>; tell: () => void } {
  const { promise: told, resolve: tell } = Promise.withResolvers<void>()
  return { told, tell }
}
