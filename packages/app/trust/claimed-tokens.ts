import { hash } from 'node:crypto'
import type { PortalKey } from '../store/port.ts'
import { keyOf } from '../store/portal-key.ts'

/**
 * application_tokens that events under proof bring along. Until the authorization server has spoken, other events with the
 * same new token are held beside them: refused, they would be lost, since Bitrix24 sends nothing twice.
 *
 * Each claim is that of one held event and ends with its hold, so there are never more than those; two events may claim one token, and
 * the first of them that is decided leaves the other's claim alone. A token is kept as a digest: it came as a view of a whole body.
 */
export class ClaimedTokens {
  /** What each held event claims. */
  readonly #claims = new Map<string, string>()
  /** How many of them claim it. */
  readonly #claimants = new Map<string, number>()

  claim(event: PortalKey & { readonly id: string }, token: string | undefined): void {
    // An event is judged again in every review of its portal.
    if (token === undefined || this.#claims.has(event.id)) return
    const claimed = claimOf(event, token)
    this.#claims.set(event.id, claimed)
    this.#claimants.set(claimed, (this.#claimants.get(claimed) ?? 0) + 1)
  }

  isClaimed(portal: PortalKey, token: string | undefined): boolean {
    return token !== undefined && this.#claimants.has(claimOf(portal, token))
  }

  /** What this event claims. */
  release(eventId: string): void {
    const claimed = this.#claims.get(eventId)
    if (claimed === undefined) return
    this.#claims.delete(eventId)
    const left = (this.#claimants.get(claimed) ?? 1) - 1
    if (left === 0) this.#claimants.delete(claimed)
    else this.#claimants.set(claimed, left)
  }

  /** Releases what is claimed by events whose hold ended without a word: given up, or erased with their portal. */
  keep(isHeld: (eventId: string) => boolean): void {
    for (const eventId of this.#claims.keys()) if (!isHeld(eventId)) this.release(eventId)
  }
}

function claimOf(portal: PortalKey, token: string): string {
  return `${keyOf(portal)}/${hash('sha256', token)}`
}
