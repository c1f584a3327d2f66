import type { Clock, Timer } from '@portline/runtime/clock.ts'
import { systemClock, VirtualClock } from '@portline/runtime/clock.ts'

/**
 * The one clock of a portal: tokens, codes, queue, offline events and payment all read it, so moving it moves them together.
 *
 *     real ──useVirtual()──> virtual (stands still, moved by advance()) ──useReal()──> real
 *
 * Invariants: time never runs back, also not across a change of mode (real time goes on from where virtual time stood); a
 * timer armed in one mode fires in the other after as much time as was left.
 */
export class PortalClock implements Clock {
  #source: Clock
  /** Milliseconds that real time is behind this clock. */
  #offsetMs = 0
  readonly #timers = new Set<PortalTimer>()

  constructor(source: Clock = systemClock) {
    this.#source = source
  }

  get mode(): ClockMode {
    return this.#source instanceof VirtualClock ? 'virtual' : 'real'
  }

  get offsetMs(): number {
    return this.#offsetMs
  }

  /** Milliseconds since the Unix epoch, or undefined when no timer is armed. */
  get nextTimerAt(): number | undefined {
    let first: number | undefined
    for (const { at } of this.#timers) if (first === undefined || at < first) first = at
    return first
  }

  now(): number {
    return this.#source.now() + this.#offsetMs
  }

  setTimer(delayMs: number, task: () => void): Timer {
    const timer: PortalTimer = { at: this.now() + Math.max(0, delayMs), task, armed: undefined }
    this.#timers.add(timer)
    this.#arm(timer)
    return {
      cancel: () => {
        timer.armed?.cancel()
        this.#timers.delete(timer)
      },
    }
  }

  soon(task: () => void): void {
    this.#source.soon(task)
  }

  useVirtual(): void {
    if (this.mode === 'virtual') return
    this.#goOnWith(new VirtualClock(this.now()), 0)
  }

  useReal(): void {
    if (this.mode === 'real') return
    this.#goOnWith(systemClock, this.now() - systemClock.now())
  }

  /** Moves time forward, in either mode. `settle` runs before the first timer and after each, see VirtualClock. */
  async advance(byMs: number, settle?: () => Promise<void>): Promise<void> {
    const wasReal = this.mode === 'real'
    this.useVirtual()
    if (this.#source instanceof VirtualClock) await this.#source.advance(byMs, settle)
    if (wasReal) this.useReal()
  }

  /** Stands at a later time at once; what falls due on the way fires when the clock is moved next. Virtual mode only. */
  skipTo(nowMs: number): void {
    if (this.mode === 'virtual' && nowMs > this.now()) this.#goOnWith(this.#source, this.#offsetMs + nowMs - this.now())
  }

  #goOnWith(source: Clock, offsetMs: number): void {
    for (const timer of this.#timers) timer.armed?.cancel()
    this.#source = source
    this.#offsetMs = offsetMs
    for (const timer of this.#timers) this.#arm(timer)
  }

  #arm(timer: PortalTimer): void {
    timer.armed = this.#source.setTimer(timer.at - this.now(), () => {
      this.#timers.delete(timer)
      timer.task()
    })
  }
}

/** The clock itself when it is one already: portals of one OAuth server share theirs, so that moving it moves them all. */
export function asPortalClock(clock: Clock): PortalClock {
  return clock instanceof PortalClock ? clock : new PortalClock(clock)
}

export type ClockMode = 'real' | 'virtual'

interface PortalTimer {
  readonly at: number
  readonly task: () => void
  armed: Timer | undefined
}
