import { hash } from 'node:crypto'
import type { Clock, Timer } from '@portline/runtime/clock.ts'
import type { Log } from '@portline/runtime/log.ts'
import { AGE_AGAIN_MS, AGE_JITTER_MS, AGE_RENEWALS_PER_SWEEP, AGE_RENEWAL_MS, AGE_SWEEP_ACCOUNTS, AGE_SWEEP_MS } from '../limits.ts'
import type { AccountKey, AgingAccount } from '../store/accounts.ts'
import type { Store } from '../store/port.ts'
import type { TokenKeeper } from './token-keeper.ts'

/**
 * Renews pairs that nobody needed for so long that their refresh tokens would die of age: 180 days (settings/oauth/auto-renewal.md).
 * Once, at an age of 130 to 150 days, which is each account's own; a bounded number an hour; one that fails a day later again.
 * All accounts, not the masters alone: the others are what a portal falls back on.
 */
export interface AgeRenewalsParts {
  readonly store: Store
  readonly tokens: TokenKeeper
  readonly clock: Clock
  readonly log: Log
}

export class AgeRenewals {
  readonly #parts: AgeRenewalsParts
  /** Account → when it may be tried again. */
  readonly #failed = new Map<string, number>()
  #timer: Timer | undefined
  #sweep: Promise<void> | undefined
  #stopped = false

  constructor(parts: AgeRenewalsParts) {
    this.#parts = parts
  }

  /** The first look is a while after the start: a process that is started again and again must not renew again and again. */
  start(): void {
    this.#timer = this.#parts.clock.setTimer(AGE_SWEEP_MS, () => {
      this.#sweep = this.sweep()
        .catch((error: unknown) => this.#parts.log.warn({ error: String(error) }, 'ageing tokens could not be looked for'))
        .then(() => {
          if (!this.#stopped) this.start()
        })
    })
  }

  async stop(): Promise<void> {
    this.#stopped = true
    this.#timer?.cancel()
    await this.#sweep
  }

  /** One look; answers with the number of those that were renewed. */
  async sweep(): Promise<number> {
    const { store, tokens, clock, log } = this.#parts
    const nowMs = clock.now()
    const aging = await store.agingAccounts(nowMs - AGE_RENEWAL_MS + AGE_JITTER_MS, AGE_SWEEP_ACCOUNTS)
    const due = aging.filter((account) => dueAtMs(account) <= nowMs && (this.#failed.get(nameOf(account)) ?? 0) <= nowMs)
    let renewed = 0
    for (const account of due.slice(0, AGE_RENEWALS_PER_SWEEP)) {
      if (this.#stopped) break
      try {
        await tokens.renewAged(account)
        this.#failed.delete(nameOf(account))
        renewed += 1
      } catch (error) {
        this.#failed.set(nameOf(account), nowMs + AGE_AGAIN_MS)
        log.warn({ app: account.app, portal: account.memberId, user: account.userId, error: String(error) }, 'an ageing pair could not be renewed; tried again in a day')
      }
    }
    return renewed
  }
}

const DIGITS = 8

function dueAtMs(account: AgingAccount): number {
  // Drawn from the account itself, so that each process and each look finds the same.
  const fraction = Number.parseInt(hash('sha256', `${nameOf(account)} ${account.obtainedAtMs}`, 'hex').slice(0, DIGITS), 16) / 16 ** DIGITS
  return account.obtainedAtMs + AGE_RENEWAL_MS - Math.floor(fraction * AGE_JITTER_MS)
}

function nameOf({ app, memberId, userId }: AccountKey): string {
  return JSON.stringify([app, memberId, userId])
}
