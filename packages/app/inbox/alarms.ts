import type { Clock, Timer } from '@portline/runtime/clock.ts'
import type { PortalKey } from '../store/port.ts'
import { keyOf } from '../store/portal-key.ts'

/**
 * When lanes are to be looked at again: one alarm a lane, for the first of the things that it waits for.
 *
 * A timer counts time and not the hour. Where the clock jumps ahead, or the machine sleeps, it rings too late by that: each further thing
 * that the lane waits for arms it anew, and `isDue` tells whoever sweeps of an alarm that has not rung.
 */
export class Alarms {
  readonly #clock: Clock
  readonly #ring: (portal: PortalKey) => void
  readonly #alarms = new Map<string, { readonly atMs: number; readonly timer: Timer }>()
  #stopped = false

  constructor(clock: Clock, ring: (portal: PortalKey) => void) {
    this.#clock = clock
    this.#ring = ring
  }

  set(portal: PortalKey, atMs: number): void {
    if (this.#stopped) return
    const key = keyOf(portal)
    const before = this.#alarms.get(key)
    const firstAtMs = Math.min(before?.atMs ?? atMs, atMs)
    before?.timer.cancel()
    const timer = this.#clock.setTimer(firstAtMs - this.#clock.now(), () => this.#ring(portal))
    this.#alarms.set(key, { atMs: firstAtMs, timer })
  }

  /** By the hour. */
  isDue(key: string): boolean {
    const alarm = this.#alarms.get(key)
    return alarm !== undefined && alarm.atMs <= this.#clock.now()
  }

  clear(key: string): void {
    this.#alarms.get(key)?.timer.cancel()
    this.#alarms.delete(key)
  }

  stop(): void {
    this.#stopped = true
    for (const { timer } of this.#alarms.values()) timer.cancel()
  }
}
