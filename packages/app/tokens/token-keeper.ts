import type { Clock } from '@portline/runtime/clock.ts'
import type { Log } from '@portline/runtime/log.ts'
import { CodedError } from '@portline/wire/errors.ts'
import { RENEW_BEFORE_EXPIRY_MS } from '../limits.ts'
import { keyOf } from '../store/portal-key.ts'
import type { Account, AccountPair, AgingAccount } from '../store/accounts.ts'
import type { Installation, PortalKey, Store } from '../store/port.ts'
import type { AuthServers, Credentials } from './auth-server.ts'
import { RenewalLimits } from './renewal-limits.ts'
import { renewAccount } from './renewal.ts'
import type { RenewalParts } from './renewal.ts'
import type { Sealer } from './sealer.ts'
import { openAccount, openAccounts, pairIdOf } from './token-pair.ts'
import type { TokenPair } from './token-pair.ts'
import { UnsavedPairs } from './unsaved-pairs.ts'

/**
 * Keeps the tokens of the portals' accounts usable. An account:
 *
 *     live ──its pair is refused, and the one before it too──> dead ──an installer or an install brings a new pair──> live
 *
 * One renewal is told in renewal.ts. Which account speaks for the portal: the master, the administrator who installed the app last.
 * When its pair is lost, the living account whose pair is the newest becomes the master: every account was an administrator's when it
 * was kept, and the newest is the likeliest to be one still. With none left the installation is marked NEED_REINSTALL (`onChanged`): an
 * administrator has to open or install the app once; no question is asked meanwhile. One whose pair no key at hand opens is passed over
 * and stays as it is: the key may come back.
 *
 * Invariants: one renewal at a time per account, whoever asks, here and in other processes; what an installer brought meanwhile is
 * never written over; a new pair is in the store before anybody uses it; an account asks its server no more often than
 * renewal-limits.ts allows.
 * A pair is renewed when it is needed and has expired, and once before its refresh token would die of age (age-renewals.ts); never on
 * a schedule: the platform blocks apps that do (settings/oauth/auto-renewal.md).
 */
export interface TokenKeeper {
  /**
   * The pair of the account that speaks for the portal, renewed when it has expired or when the portal has rejected `rejectedToken`.
   * Errors: INSTALLATION_DELETED, TOKENS_MISSING, TOKENS_DEAD, KEY_INVALID when no key at hand opens the pair of any account,
   * RENEWAL_FAILED, STORE_UNAVAILABLE.
   */
  pair(portal: PortalKey, rejectedToken?: string): Promise<TokenPair>
  /** A call with this access token succeeded. */
  proved(portal: PortalKey, accessToken: string): void
  /**
   * The portal knows the token and turns its user away (dismissed, or shut out of the app). If another account lives, that one speaks
   * for the portal from now on; else nothing changes. Whether it does.
   */
  turnedAway(portal: PortalKey, accessToken: string, reason: string): Promise<boolean>
  /** Stores what is not on disk yet, if the store lets it. Before the store is closed. */
  stop(): Promise<void>
  /** Renews a pair that nobody needed for long, if it still is the one of then. Errors: RENEWAL_FAILED, STORE_UNAVAILABLE. */
  renewAged(aging: AgingAccount): Promise<void>
}

export interface TokenKeeperParts extends Omit<RenewalParts, 'unsaved'> {
  readonly store: Store
  readonly sealer: Sealer
  readonly authServers: AuthServers
  readonly credentialsOf: (app: string) => Credentials
  readonly clock: Clock
  readonly log: Log
}

interface Unproven {
  readonly accessToken: string
  readonly account: AccountPair
}

export function createTokenKeeper(given: TokenKeeperParts): TokenKeeper {
  const { store, sealer, clock, log } = given
  const parts: TokenKeeperParts & RenewalParts = { ...given, unsaved: new UnsavedPairs(given) }
  const limits = new RenewalLimits(clock)
  /** At a portal's tokens is one at a time; whoever wants the same waits for what comes of it. */
  const atWork = new Map<string, Promise<TokenPair | undefined>>()
  /** Portal → a pair whose former one is still kept. */
  const unproven = new Map<string, Unproven>()

  const give = (account: Account, pair: TokenPair, hasFormer: boolean): TokenPair => {
    const { app, memberId, userId } = account
    if (hasFormer) unproven.set(keyOf(account), { accessToken: pair.accessToken, account: { app, memberId, userId, pairId: pairIdOf(pair) } })
    return pair
  }

  const renewOnce = async (installation: Installation, account: Account, pair: TokenPair): Promise<TokenPair | undefined> => {
    const name = JSON.stringify([account.app, account.memberId, account.userId])
    limits.demandCool(name)
    try {
      const renewed = await renewAccount(parts, installation, account, pair)
      if (renewed.kind !== 'changed') limits.ended(name)
      return renewed.kind === 'renewed' ? renewed.pair : undefined
    } catch (error) {
      if (error instanceof CodedError && error.code === 'RENEWAL_FAILED') limits.failed(name, error)
      throw error
    }
  }

  const current = async (portal: PortalKey, rejectedToken: string | undefined): Promise<TokenPair> => {
    for (let rejections = 0; ; ) {
      await parts.unsaved.flush(portal)
      const { installation, accounts } = await read(store, portal)
      const live = accounts.filter(({ state }) => state === 'live')
      if (live.length === 0) {
        // A process that died between the last account's burial and this has not said so.
        if (installation.reason !== 'NEED_REINSTALL') await parts.onChanged(portal)
        throw new CodedError('TOKENS_DEAD')
      }
      const [speaking] = openAccounts(sealer, live)
      if (speaking === undefined) throw new CodedError('KEY_INVALID', 'the tokens of the portal open with no key at hand')
      const { account, pair } = speaking
      const fresh = pair.expiresAtMs - RENEW_BEFORE_EXPIRY_MS > clock.now()
      if (fresh && pair.accessToken !== rejectedToken) return give(account, pair, account.formerTokens !== undefined)
      if (fresh && rejections++ === 0) limits.countRejection(keyOf(portal))
      const renewed = await renewOnce(installation, account, pair)
      if (renewed !== undefined) return give(account, renewed, true)
    }
  }

  /** Never more than one at a time: the last of those who waited is not the first to see that it is free. */
  const alone = async <Result extends TokenPair | undefined>(key: string, work: () => Promise<Result>): Promise<Result> => {
    const task = work()
    atWork.set(key, task)
    try {
      return await task
    } finally {
      atWork.delete(key)
    }
  }

  return {
    stop: () => parts.unsaved.stop(),

    async pair(portal, rejectedToken) {
      const key = keyOf(portal)
      for (let running = atWork.get(key); running !== undefined; running = atWork.get(key)) {
        const pair = await running
        // What another caller just read from the store may be the very token the portal has rejected.
        if (pair !== undefined && pair.accessToken !== rejectedToken) return pair
      }
      return alone(key, () => current(portal, rejectedToken))
    },

    proved(portal, accessToken) {
      const found = unproven.get(keyOf(portal))
      if (found?.accessToken !== accessToken) return
      unproven.delete(keyOf(portal))
      // When it fails the former pair is kept on: the next process that reads the account asks again.
      store.forgetFormerTokens(found.account).catch(() => {})
    },

    async turnedAway(portal, accessToken, reason) {
      const [speaking, other] = openAccounts(sealer, (await store.accounts(portal)).filter(({ state }) => state === 'live'))
      if (speaking === undefined || other === undefined || speaking.pair.accessToken !== accessToken) return false
      const { account } = speaking
      const { buried } = await store.buryAccount(account, { atMs: clock.now(), reason })
      if (!buried) return false
      log.error({ app: account.app, portal: account.memberId, user: account.userId, reason }, 'the portal turns the user of an account away: another one speaks for it')
      await parts.onChanged(portal)
      return true
    },

    async renewAged(aging) {
      const key = keyOf(aging)
      for (let running = atWork.get(key); running !== undefined; running = atWork.get(key)) await running.catch(() => {})
      let failure: unknown
      await alone(key, async () => {
        try {
          // What the store has may be spent.
          await parts.unsaved.flush(aging)
          const { installation, accounts } = await read(store, aging)
          const account = accounts.find(({ userId, state }) => userId === aging.userId && state === 'live')
          if (account?.obtainedAtMs !== aging.obtainedAtMs) return undefined
          await renewOnce(installation, account, openAccount(sealer, account))
        } catch (error) {
          // Not for those who wait for the portal's pair: it may not even be this account's.
          failure = error
        }
        return undefined
      })
      if (failure !== undefined) throw failure as Error
    },
  }
}

/** Errors: TOKENS_MISSING, INSTALLATION_DELETED. */
async function read(store: Store, portal: PortalKey): Promise<{ installation: Installation; accounts: readonly Account[] }> {
  const installation = await store.installation(portal)
  if (installation === undefined) throw new CodedError('TOKENS_MISSING')
  if (installation.status === 'deleted') throw new CodedError('INSTALLATION_DELETED')
  const accounts = await store.accounts(portal)
  if (accounts.length === 0) throw new CodedError('TOKENS_MISSING')
  return { installation, accounts }
}
