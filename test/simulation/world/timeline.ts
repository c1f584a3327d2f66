import type { Clock, Timer } from '@portline/runtime/clock.ts'
import type { Dice } from './dice.ts'

/**
 * The time of a whole run: one queue of tasks, worked off in the order of their time. Between two tasks all promises settle, so
 * whatever happens happens at one of them. Each task belongs to a life; when that ends, its tasks never run.
 *
 * Two clocks, as on a real machine: timers go by one that only ever runs (monotonic), and the hour is that plus an offset that
 * may jump.
 */
export interface Life {
  readonly name: string
  alive: boolean
}

interface Task {
  readonly atMs: number
  readonly order: number
  readonly life: Life
  readonly run: () => void
  cancelled: boolean
}

/** A run has a few thousand: whoever makes so many goes round in circles. */
const TASKS_MOST = 200_000
const START_MS = 1_767_225_600_000

export class Timeline {
  readonly #heap: Task[] = []
  #order = 0
  #offsetMs = START_MS
  /** Milliseconds since the run began; fractions are real time too. */
  monotonicMs = 0
  /** Called after each task, with the number of tasks so far. */
  afterTask: (tasks: number) => void = () => {}
  tasks = 0

  /** Milliseconds since the Unix epoch. */
  now(): number {
    return Math.floor(this.monotonicMs + this.#offsetMs)
  }

  jump(byMs: number): void {
    this.#offsetMs += byMs
  }

  after(life: Life, delayMs: number, run: () => void): Timer {
    const task = { atMs: this.monotonicMs + Math.max(0, delayMs), order: this.#order++, life, run, cancelled: false }
    this.#push(task)
    return { cancel: () => (task.cancelled = true) }
  }

  /** Works off what falls due in the next `forMs`; `until` ends it sooner. */
  async run(forMs: number, until: () => boolean = () => false): Promise<void> {
    const endMs = this.monotonicMs + forMs
    await promisesSettled()
    for (let next = this.#heap[0]; next !== undefined && next.atMs <= endMs; next = this.#heap[0]) {
      this.#pop()
      if (next.cancelled || !next.life.alive) continue
      this.monotonicMs = Math.max(this.monotonicMs, next.atMs)
      next.run()
      await promisesSettled()
      this.afterTask(++this.tasks)
      if (this.tasks > TASKS_MOST) throw new Error(`no end after ${TASKS_MOST} tasks, at ${this.monotonicMs} ms`)
      if (until()) return
    }
    this.monotonicMs = endMs
  }

  #push(task: Task): void {
    const heap = this.#heap
    let place = heap.length
    heap.push(task)
    while (place > 0) {
      const parent = (place - 1) >> 1
      const above = heap[parent]
      if (above === undefined || !isBefore(task, above)) break
      heap[place] = above
      place = parent
    }
    heap[place] = task
  }

  #pop(): void {
    const heap = this.#heap
    const last = heap.pop()
    if (last === undefined || heap.length === 0) return
    let place = 0
    for (;;) {
      let child = 2 * place + 1
      let below = heap[child]
      const right = heap[child + 1]
      if (below !== undefined && right !== undefined && isBefore(right, below)) {
        below = right
        child += 1
      }
      if (below === undefined || !isBefore(below, last)) break
      heap[place] = below
      place = child
    }
    heap[place] = last
  }
}

function isBefore(one: Task, other: Task): boolean {
  return one.atMs < other.atMs || (one.atMs === other.atMs && one.order < other.order)
}

/** Everything that waits for a promise has run by then: nothing in a run waits for the real world. */
function promisesSettled(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}

/** Node's timers come late when the process is busy, and up to a millisecond early by the other clock. */
const LATEST_MS = 3

/** The clock of one process: it ends with the process. */
export function clockOf(timeline: Timeline, life: Life, dice: Dice): Clock {
  return {
    now: () => timeline.now(),
    setTimer: (delayMs, task) => timeline.after(life, Math.max(1, delayMs) + dice.between(-1, LATEST_MS), task),
    soon: (task) => void timeline.after(life, 0, task),
  }
}
