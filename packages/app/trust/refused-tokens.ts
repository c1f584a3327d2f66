import { hash } from 'node:crypto'
import type { Clock } from '@portline/runtime/clock.ts'
import { REFUSED_TOKENS_REMEMBERED, REFUSED_TOKEN_MS } from '../limits.ts'

/**
 * Access tokens that a server has refused just now: who sends one again is answered without another question. By digest, since a
 * token may be refused here and good elsewhere. Short, because a user may have been made an administrator meanwhile. Somebody's true
 * token can't be spoiled by naming it for another portal: it is refused for that one alone.
 */
export class RefusedTokens {
  readonly #clock: Clock
  /** Digest → until when, in the order of their refusal. */
  readonly #refused = new Map<string, number>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  add(claim: RefusedClaim): void {
    const key = keyOf(claim)
    this.#refused.delete(key)
    this.#refused.set(key, this.#clock.now() + REFUSED_TOKEN_MS)
    for (const [oldest, untilMs] of this.#refused) {
      if (this.#refused.size <= REFUSED_TOKENS_REMEMBERED && untilMs > this.#clock.now()) return
      this.#refused.delete(oldest)
    }
  }

  has(claim: RefusedClaim): boolean {
    const untilMs = this.#refused.get(keyOf(claim))
    return untilMs !== undefined && untilMs > this.#clock.now()
  }
}

interface RefusedClaim {
  readonly clientId: string
  readonly memberId: string
  readonly accessToken: string
}

function keyOf({ clientId, memberId, accessToken }: RefusedClaim): string {
  return hash('sha256', JSON.stringify([clientId, memberId, accessToken]), 'base64')
}
