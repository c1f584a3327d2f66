import type { Clock } from '@portline/runtime/clock.ts'
import type { Log } from '@portline/runtime/log.ts'
import type { EventEnvelope } from '@portline/wire/envelope.ts'
import { CodedError } from '@portline/wire/errors.ts'
import { pairIn } from '../installations/lifecycle.ts'
import { RENEW_BEFORE_EXPIRY_MS } from '../limits.ts'
import type { Account } from '../store/accounts.ts'
import type { Store, StoredEvent } from '../store/port.ts'
import type { AuthServers, Credentials } from '../tokens/auth-server.ts'
import { sealParts } from '../tokens/sealed-event.ts'
import type { Sealer } from '../tokens/sealer.ts'
import type { TokenKeeper } from '../tokens/token-keeper.ts'
import { formerRefreshToken, openAccount, openAccounts, pairOf } from '../tokens/token-pair.ts'
import type { TokenPair } from '../tokens/token-pair.ts'

/**
 * The pairs that held events bring, kept good for their proof.
 *
 *     as sent ──its hour is over──> renewed, sealed into the event ──settled──> forgotten here
 *                                      │        ↑
 *                                      └──refused: the server may have forgotten it, and is asked with the token before
 *
 * Invariant: a pair that is an account's too (a late copy of the event that brought it) is renewed by the token keeper alone: renewed
 * here, the account would be left with a spent one.
 */
export interface HeldPairsParts {
  readonly store: Store
  readonly sealer: Sealer
  readonly tokens: Pick<TokenKeeper, 'renewAged'>
  readonly authServers: AuthServers
  readonly credentialsOf: (app: string) => Credentials
  readonly clock: Clock
  readonly log: Log
}

interface Renewed {
  readonly pair: TokenPair
  /** The refresh token that it was got for. In memory alone: it is of use only where a server loses what it wrote. */
  readonly by: string
}

const SECOND_MS = 1_000
/** A store that failed is asked again after this long. */
const STORE_AGAIN_MS = 1_000

export class HeldPairs {
  readonly #parts: HeldPairsParts
  /** Event → its pair, renewed for a proof that came to nothing yet: the pair in the event is spent, and would prove it no more. */
  readonly #renewed = new Map<string, Renewed>()
  #stopped = false

  constructor(parts: HeldPairsParts) {
    this.#parts = parts
  }

  /** The event's own pair; renewed when the event was held until its access token's hour was over. Errors: PROOF_UNAVAILABLE. */
  async fresh(event: StoredEvent, envelope: EventEnvelope, serverEndpoint: string | undefined): Promise<TokenPair | undefined> {
    const renewed = this.#renewed.get(event.id)
    const pair = renewed?.pair ?? pairIn(envelope.auth, event)
    if (pair === undefined || serverEndpoint === undefined || this.#isFresh(pair)) return pair
    const account = renewed === undefined ? await this.#accountWith(event, pair) : undefined
    if (account !== undefined) return (await this.#ofAccount(account)) ?? pair
    // A refresh token that is no good either leaves the access token to speak for itself.
    return (await this.#renew(event, envelope, serverEndpoint, pair, renewed?.by)) ?? pair
  }

  /** Another pair, when the one that was renewed here was refused; none when it was the event's own. Errors: PROOF_UNAVAILABLE. */
  async instead(event: StoredEvent, envelope: EventEnvelope, serverEndpoint: string | undefined): Promise<TokenPair | undefined> {
    const renewed = this.#renewed.get(event.id)
    if (renewed === undefined || serverEndpoint === undefined) return undefined
    return this.#renew(event, envelope, serverEndpoint, renewed.pair, renewed.by)
  }

  forget(eventId: string): void {
    this.#renewed.delete(eventId)
  }

  stop(): void {
    this.#stopped = true
  }

  /** Not on the point of expiring either: the question may be on its way for a while. */
  #isFresh({ expiresAtMs }: { readonly expiresAtMs: number }): boolean {
    return expiresAtMs - RENEW_BEFORE_EXPIRY_MS > this.#parts.clock.now()
  }

  async #accountWith(event: StoredEvent, { refreshToken }: TokenPair): Promise<Account | undefined> {
    const { store, sealer } = this.#parts
    if ((await store.installation(event))?.status === 'deleted') return undefined
    const live = (await store.accounts(event)).filter(({ state }) => state === 'live')
    for (const { account, pair } of openAccounts(sealer, live)) {
      if ([pair.refreshToken, formerRefreshToken(sealer, account)].includes(refreshToken)) return account
    }
    return undefined
  }

  async #ofAccount(account: Account): Promise<TokenPair | undefined> {
    const { store, sealer, tokens } = this.#parts
    if (this.#isFresh(account)) return openAccount(sealer, account)
    await tokens.renewAged(account).catch((cause: unknown) => Promise.reject(new CodedError('PROOF_UNAVAILABLE', undefined, { cause })))
    const renewed = (await store.accounts(account)).find(({ userId, state }) => userId === account.userId && state === 'live')
    return renewed === undefined ? undefined : openAccount(sealer, renewed)
  }

  /** With the token before, when there is one and the server does not know the pair it gave for it. */
  async #renew(event: StoredEvent, envelope: EventEnvelope, serverEndpoint: string, pair: TokenPair, before?: string): Promise<TokenPair | undefined> {
    const { authServers, credentialsOf, clock } = this.#parts
    for (const by of before === undefined ? [pair.refreshToken] : [pair.refreshToken, before]) {
      try {
        const renewed = { pair: pairOf(await authServers.renew(serverEndpoint, credentialsOf(event.app), by), clock.now()), by }
        this.#renewed.set(event.id, renewed)
        await this.#keep(event, envelope, renewed)
        return renewed.pair
      } catch (error) {
        if (error instanceof CodedError && error.code === 'RENEWAL_FAILED') throw new CodedError('PROOF_UNAVAILABLE', error.message)
      }
    }
    return undefined
  }

  /** On disk too, or the next process would begin with a pair that is spent. */
  async #keep(event: StoredEvent, envelope: EventEnvelope, kept: Renewed): Promise<void> {
    const { store, sealer, clock, log } = this.#parts
    const { auth, data } = envelope
    const { accessToken, refreshToken, expiresAtMs } = kept.pair
    const renewed = { ...auth, access_token: accessToken, refresh_token: refreshToken, expires: String(Math.floor(expiresAtMs / SECOND_MS)) }
    const sealed = sealParts(sealer, event, data === undefined ? { auth: renewed } : { auth: renewed, data })
    await store.resealHeld(event.id, sealed.auth).catch((error: unknown) => {
      log.error({ app: event.app, portal: event.memberId, error: String(error) }, 'the renewed tokens of a held event are in memory alone')
      // Not at the next review alone: a process that ended before it would take the only pair with it.
      clock.setTimer(STORE_AGAIN_MS, () => {
        if (!this.#stopped && this.#renewed.get(event.id) === kept) void this.#keep(event, envelope, kept)
      })
    })
  }
}
