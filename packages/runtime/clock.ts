/**
 * Time as a dependency. Everything that needs the hour or a timer takes a `Clock`, so that the same code runs under the
 * real clock, in tests under a virtual one, and in the simulation.
 */
export interface Clock {
  /** Milliseconds since the Unix epoch. */
  now(): number
  /** Runs `task` once after `delayMs`; the returned timer can be cancelled. Never keeps the process alive by itself. */
  setTimer(delayMs: number, task: () => void): Timer
  /** Runs `task` after whatever else is ready has had its turn: requests that came in, answers of the disk. */
  soon(task: () => void): void
}

export interface Timer {
  cancel(): void
}

/** Node caps a timer at 2^31-1 ms and fires at once beyond it; a longer wait is walked in steps of this size. */
const LONGEST_TIMER_MS = 2_147_483_647

export const systemClock: Clock = {
  now: () => Date.now(),
  setTimer(delayMs, task) {
    let handle: NodeJS.Timeout
    const arm = (leftMs: number): void => {
      const stepMs = Math.min(leftMs, LONGEST_TIMER_MS)
      handle = setTimeout(() => (leftMs > stepMs ? arm(leftMs - stepMs) : task()), stepMs)
      handle.unref()
    }
    arm(Math.max(0, delayMs))
    return { cancel: () => clearTimeout(handle) }
  },
  soon: (task) => void setImmediate(task),
}

/** Resolves after `delayMs` of the given clock; rejects with the signal's reason when it is aborted first. */
export function sleep(clock: Clock, delayMs: number, signal?: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted) return reject(signal.reason as Error)
    const onAbort = (): void => {
      timer.cancel()
      reject(signal?.reason as Error)
    }
    const timer = clock.setTimer(delayMs, () => {
      signal?.removeEventListener('abort', onAbort)
      resolve()
    })
    signal?.addEventListener('abort', onAbort, { once: true })
  })
}

interface PendingTimer {
  readonly at: number
  readonly order: number
  readonly task: () => void
}

/** A clock that stands still until it is told to move. Timers fire in order of their time, then of their creation. */
export class VirtualClock implements Clock {
  #nowMs: number
  #order = 0
  readonly #pending = new Set<PendingTimer>()

  constructor(startMs = 1_767_225_600_000) {
    this.#nowMs = startMs
  }

  now(): number {
    return this.#nowMs
  }

  setTimer(delayMs: number, task: () => void): Timer {
    const timer = { at: this.#nowMs + Math.max(0, delayMs), order: this.#order++, task }
    this.#pending.add(timer)
    return { cancel: () => this.#pending.delete(timer) }
  }

  soon(task: () => void): void {
    setImmediate(task)
  }

  /** When the next timer is due, in milliseconds since the Unix epoch; undefined when none is armed. */
  get nextTimerAt(): number | undefined {
    return this.#next()?.at
  }

  /**
   * Moves time forward, firing what falls due on the way. Before the first timer and after each, promises settle, or
   * whatever `settle` waits for: work that takes real time must not find hours gone.
   */
  async advance(byMs: number, settle: () => Promise<void> = letPromisesSettle): Promise<void> {
    const targetMs = this.#nowMs + byMs
    await settle()
    for (let next = this.#next(); next !== undefined && next.at <= targetMs; next = this.#next()) {
      this.#pending.delete(next)
      this.#nowMs = Math.max(this.#nowMs, next.at)
      next.task()
      await settle()
    }
    // Another advance may have gone further meanwhile; time never runs back.
    this.#nowMs = Math.max(this.#nowMs, targetMs)
  }

  #next(): PendingTimer | undefined {
    let first: PendingTimer | undefined
    for (const timer of this.#pending) {
      if (first === undefined || timer.at < first.at || (timer.at === first.at && timer.order < first.order)) first = timer
    }
    return first
  }
}

export function letPromisesSettle(): Promise<void> {
  return new Promise((resolve) => {
    setImmediate(resolve)
  })
}
