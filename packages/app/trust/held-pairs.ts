import type { Clock } from '@portline/runtime/clock.ts'
import type { Log } from '@portline/runtime/log.ts'
import type { EventEnvelope } from '@portline/wire/envelope.ts'
import { CodedError } from '@portline/wire/errors.ts'
import type { TokenResponse } from '@portline/wire/oauth.ts'
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
import type { Prover } from './prover.ts'
import { RefusedTokens } from './refused-tokens.ts'

/**
 * The pairs that held events bring, kept good for their proof.
 *
 *     as sent ──its hour is over──> renewed, sealed into the event ──settled──> forgotten here
 *                                      │        ↑
 *                                      └──refused: the server may have forgotten it, and is asked with the token before
 *
 * Invariant: a pair that is an account's too (a late copy of the event that brought it) is renewed by the token keeper alone: renewed
 * here, the account would be left with a spent one.
 *
 * Anybody can send a pair that is expired, so a renewal takes its sender's turn like a proof, and what was refused is not asked about again
 * at once: Bitrix24 blocks an app that floods its servers.
 */
export interface HeldPairsParts {
  readonly store: Store
  readonly sealer: Sealer
  readonly tokens: Pick<TokenKeeper, 'renewAged'>
  readonly authServers: AuthServers
  readonly prover: Pick<Prover, 'inTurn'>
  readonly credentialsOf: (app: string) => Credentials
  /** Who sent a held event; empty when nobody knows. */
  readonly senderOf: (eventId: string) => string
  readonly clock: Clock
  readonly log: Log
}

interface Renewed {
  readonly pair: TokenPair
  /** The refresh token that it was got for. In memory alone: it is of use only where a server loses what it wrote. */
  readonly by: string
}

interface Held {
  readonly event: StoredEvent
  readonly envelope: EventEnvelope
  readonly serverEndpoint: string
}

const SECOND_MS = 1_000
/** A store that failed is asked again after this long. */
const STORE_AGAIN_MS = 1_000

export class HeldPairs {
  readonly #parts: HeldPairsParts
  /** Event → its pair, renewed for a proof that came to nothing yet: the pair in the event is spent, and would prove it no more. */
  readonly #renewed = new Map<string, Renewed>()
  readonly #refused: RefusedTokens
  #stopped = false

  constructor(parts: HeldPairsParts) {
    this.#parts = parts
    this.#refused = new RefusedTokens(parts.clock)
  }

  /** The event's own pair; renewed when the event was held until its access token's hour was over. Errors: PROOF_UNAVAILABLE, AUTH_SERVER_UNKNOWN. */
  async fresh(event: StoredEvent, envelope: EventEnvelope, serverEndpoint: string | undefined): Promise<TokenPair | undefined> {
    const renewed = this.#renewed.get(event.id)
    const pair = renewed?.pair ?? pairIn(envelope.auth, event)
    if (pair === undefined || serverEndpoint === undefined || this.#isFresh(pair)) return pair
    const account = renewed === undefined ? await this.#accountWith(event, pair) : undefined
    if (account !== undefined) return (await this.#ofAccount(account)) ?? pair
    // A refresh token that is no good either leaves the access token to speak for itself.
    return (await this.#renew({ event, envelope, serverEndpoint }, pair, renewed?.by)) ?? pair
  }

  /** Another pair, when the one that was renewed here was refused; none when it was the event's own. Errors: PROOF_UNAVAILABLE, AUTH_SERVER_UNKNOWN. */
  async instead(event: StoredEvent, envelope: EventEnvelope, serverEndpoint: string | undefined): Promise<TokenPair | undefined> {
    const renewed = this.#renewed.get(event.id)
    if (renewed === undefined || serverEndpoint === undefined) return undefined
    return this.#renew({ event, envelope, serverEndpoint }, renewed.pair, renewed.by)
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

  async #accountWith(event: StoredEvent, { refreshToken }: Pick<TokenPair, 'refreshToken'>): Promise<Account | undefined> {
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
  async #renew({ event, envelope, serverEndpoint }: Held, pair: TokenPair, before?: string): Promise<TokenPair | undefined> {
    const { authServers, clock } = this.#parts
    const origin = authServers.originOf(serverEndpoint)
    for (const by of before === undefined ? [pair.refreshToken] : [pair.refreshToken, before]) {
      // The token before may have been refused since it was spent, and is good again where the server has lost what it wrote.
      if (by !== before && this.#wasRefused(event, origin, by)) continue
      try {
        const renewed = { pair: pairOf(await this.#askInTurn(event, origin, by, before), clock.now()), by }
        this.#renewed.set(event.id, renewed)
        await this.#keep(event, envelope, renewed)
        return renewed.pair
      } catch (error) {
        if (error instanceof CodedError && error.code === 'RENEWAL_FAILED') throw new CodedError('PROOF_UNAVAILABLE', error.message)
        if (!(error instanceof CodedError && error.code === 'TOKENS_DEAD')) throw error
        this.#refused.add(this.#refusalOf(event, origin, by))
      }
    }
    return undefined
  }

  /** The wait for the turn may be long: what forbids the question is looked at when it is over. */
  #askInTurn(event: StoredEvent, origin: string, by: string, before: string | undefined): Promise<TokenResponse> {
    const { prover, authServers, credentialsOf, senderOf } = this.#parts
    return prover.inTurn(senderOf(event.id), async () => {
      const isAccounts = by !== before && (await this.#accountWith(event, { refreshToken: by })) !== undefined
      if (isAccounts) throw new CodedError('PROOF_UNAVAILABLE', 'the pair has become an account\'s')
      // The store may be closed before the answer comes, and the pair would be in no place at all.
      if (this.#stopped) throw new CodedError('PROOF_UNAVAILABLE', 'nothing more is asked')
      return authServers.renew(origin, credentialsOf(event.app), by)
    })
  }

  #wasRefused(event: StoredEvent, origin: string, refreshToken: string): boolean {
    return this.#refused.has(this.#refusalOf(event, origin, refreshToken))
  }

  /** By its server: whoever names another one for somebody's true token must not spoil it. */
  #refusalOf({ app, memberId }: StoredEvent, origin: string, refreshToken: string): Parameters<RefusedTokens['add']>[0] {
    return { clientId: this.#parts.credentialsOf(app).clientId, memberId, accessToken: `${origin} ${refreshToken}` }
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
