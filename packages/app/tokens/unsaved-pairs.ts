import type { Clock } from '@portline/runtime/clock.ts'
import type { Account, AccountKey } from '../store/accounts.ts'
import type { InstallationPatch, PortalKey, Store } from '../store/port.ts'
import type { Sealer } from './sealer.ts'
import { sealAccount } from './token-pair.ts'
import type { TokenPair } from './token-pair.ts'

/**
 * Pairs that a server has given and that are not on disk yet. The one before may be spent, so each is the only one there is: it is kept
 * here until the store has taken it, or has said that the account holds another pair by now.
 *
 *     issued ──stored, or not wanted any more──> gone
 *        └──the store fails──> kept ──tried each second, before the next use, and once more at a stop──> gone
 *
 * Sealed anew at each try: the key may have been changed meanwhile, and what the former key sealed must not come to the store late.
 */
export interface UnsavedPairsParts {
  readonly store: Store
  readonly sealer: Sealer
  readonly clock: Clock
  readonly onChanged: (portal: PortalKey) => Promise<void>
}

export interface UnsavedPair {
  readonly previous: Account
  readonly former?: TokenPair
  readonly pair: TokenPair
  readonly obtainedAtMs: number
  readonly patch: InstallationPatch
}

/** A store that failed is asked again after this long. */
export const STORE_AGAIN_MS = 1_000

export class UnsavedPairs {
  readonly #parts: UnsavedPairsParts
  readonly #kept = new Map<string, UnsavedPair>()
  #stopped = false

  constructor(parts: UnsavedPairsParts) {
    this.#parts = parts
  }

  /** false: the account holds another pair by now. Errors: STORE_UNAVAILABLE; then it is kept. */
  async save(unsaved: UnsavedPair): Promise<boolean> {
    const key = keyOf(unsaved.previous)
    this.#kept.set(key, unsaved)
    try {
      return await this.#store(key, unsaved)
    } catch (error) {
      this.#storeLater(key)
      throw error
    }
  }

  /** Stores what is left of the portal's accounts. Errors: STORE_UNAVAILABLE. */
  async flush(portal: PortalKey): Promise<void> {
    for (const [key, unsaved] of this.#kept) {
      const { app, memberId } = unsaved.previous
      if (app === portal.app && memberId === portal.memberId) await this.#store(key, unsaved)
    }
  }

  /** Before the store is closed: nobody tries again afterwards. */
  async stop(): Promise<void> {
    this.#stopped = true
    await Promise.allSettled([...this.#kept].map(([key, unsaved]) => this.#store(key, unsaved)))
  }

  async #store(key: string, unsaved: UnsavedPair): Promise<boolean> {
    const { store, sealer, onChanged } = this.#parts
    const { previous, former, pair, obtainedAtMs, patch } = unsaved
    const { userId, master } = previous
    const account = sealAccount(sealer, { portal: previous, userId, master, pair, nowMs: obtainedAtMs, ...(former === undefined ? {} : { former }) })
    const saved = await store.replaceAccount(previous, account, patch)
    if (this.#kept.get(key) === unsaved) this.#kept.delete(key)
    await onChanged(previous)
    return saved
  }

  /** Not at the next need alone: a process that ended before it would take the only pair with it. */
  #storeLater(key: string): void {
    if (this.#stopped) return
    this.#parts.clock.setTimer(STORE_AGAIN_MS, () => {
      if (this.#stopped) return
      const unsaved = this.#kept.get(key)
      if (unsaved !== undefined) void this.#store(key, unsaved).catch(() => this.#storeLater(key))
    })
  }
}

function keyOf({ app, memberId, userId }: AccountKey): string {
  return JSON.stringify([app, memberId, userId])
}
