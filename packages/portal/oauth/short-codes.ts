import type { Clock } from '@portline/runtime/clock.ts'
import { PORTAL_LIMITS } from '../limits.ts'

interface ShortCode {
  readonly clientId: string
  readonly code: string
  readonly expiresMs: number
}

const SECOND_MS = 1_000

/**
 * The six digits a user types into an app that has no redirect_uri, each standing for a code. Kept in memory only. States:
 * shown ──redeemed once, or expired──> gone.
 */
export class ShortCodes {
  readonly #clock: Clock
  readonly #codes = new Map<string, ShortCode>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** @param draw six digits; asked again while they are in use */
  issue(draw: () => string, clientId: string, code: string, lifetimeS: number): string {
    this.#forget()
    let digits = draw()
    while (this.#codes.has(digits)) digits = draw()
    this.#codes.set(digits, { clientId, code, expiresMs: this.#clock.now() + lifetimeS * SECOND_MS })
    return digits
  }

  /** The code behind the digits, once; undefined when they are unknown, another client's or too old. */
  redeem(digits: string, clientId: string): string | undefined {
    const found = this.#codes.get(digits)
    // Another client must not be able to use up the digits of this one.
    if (found === undefined || found.clientId !== clientId) return undefined
    this.#codes.delete(digits)
    return found.expiresMs > this.#clock.now() ? found.code : undefined
  }

  #forget(): void {
    for (const [digits, { expiresMs }] of this.#codes) if (expiresMs <= this.#clock.now()) this.#codes.delete(digits)
    for (const digits of this.#codes.keys()) {
      if (this.#codes.size < PORTAL_LIMITS.maxShortCodes) return
      this.#codes.delete(digits)
    }
  }
}
