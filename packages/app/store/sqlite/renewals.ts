import type { AccountKey, RenewalAnswer, RenewalClaim } from '../accounts.ts'

/** Who renews which account. In memory alone: one process has the file, and its claims end with it. */
export class Renewals {
  readonly #claims = new Map<string, { readonly owner: string; readonly untilMs: number }>()

  claim(account: AccountKey, { owner, nowMs, forMs }: RenewalClaim): RenewalAnswer {
    const claimed = this.#claims.get(keyOf(account))
    if (claimed !== undefined && claimed.owner !== owner && claimed.untilMs > nowMs) return { kind: 'taken', untilMs: claimed.untilMs }
    this.#claims.set(keyOf(account), { owner, untilMs: nowMs + forMs })
    return { kind: 'claimed' }
  }

  end(account: AccountKey, owner?: string): void {
    const key = keyOf(account)
    if (owner === undefined || this.#claims.get(key)?.owner === owner) this.#claims.delete(key)
  }
}

function keyOf({ app, memberId, userId }: AccountKey): string {
  return JSON.stringify([app, memberId, userId])
}
