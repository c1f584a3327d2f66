import type { PortalKey } from '../store/port.ts'
import { keyOf } from '../store/portal-key.ts'

/**
 * application_tokens that events under proof bring along. Until the authorization server has spoken, other events with the
 * same new token are held beside them: refused, they would be lost, since Bitrix24 sends nothing twice. Bounded
 * by the held events that put them here; the reviewer sets them anew from those that are still under proof.
 */
export class ClaimedTokens {
  readonly #claimed = new Map<string, Set<string>>()

  claim(portal: PortalKey, token: string | undefined): void {
    if (token === undefined) return
    const key = keyOf(portal)
    this.#claimed.set(key, (this.#claimed.get(key) ?? new Set()).add(token))
  }

  isClaimed(portal: PortalKey, token: string | undefined): boolean {
    return token !== undefined && this.#claimed.get(keyOf(portal))?.has(token) === true
  }

  release(portal: PortalKey, token: string | undefined): void {
    const key = keyOf(portal)
    const tokens = this.#claimed.get(key)
    if (token !== undefined && tokens?.delete(token) === true && tokens.size === 0) this.#claimed.delete(key)
  }
}
