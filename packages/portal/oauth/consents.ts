import { createHmac, timingSafeEqual } from 'node:crypto'
import type { PortalContext } from '../context.ts'
import { PORTAL_LIMITS } from '../limits.ts'
import type { App, User } from '../world/state.ts'

/**
 * Which users have said yes to which apps. A consent is none ──allow──> given ──another scope or installation──> none; it is
 * kept in memory only, so a portal that was started again asks again.
 */
export class Consents {
  readonly #context: PortalContext
  readonly #given = new Set<string>()

  constructor(context: PortalContext) {
    this.#context = context
  }

  has(user: User, app: App): boolean {
    return this.#given.has(keyOf(user, app))
  }

  add(user: User, app: App): void {
    for (const oldest of this.#given) {
      if (this.#given.size < PORTAL_LIMITS.maxConsents) break
      this.#given.delete(oldest)
    }
    this.#given.add(keyOf(user, app))
  }

  /** Goes with the form, so that another page can't say yes in the user's name. */
  proof(user: User, app: App): string {
    const { world } = this.#context
    return createHmac('sha256', `${world.seed}:consent`).update(`${world.memberId}:${keyOf(user, app)}`).digest('hex')
  }

  isProof(given: string, user: User, app: App): boolean {
    const right = this.proof(user, app)
    return given.length === right.length && timingSafeEqual(Buffer.from(given), Buffer.from(right))
  }
}

function keyOf(user: User, app: App): string {
  return JSON.stringify([user.id, app.clientId, app.installId, app.scope])
}
