import type { Clock } from '@portline/runtime/clock.ts'
import type { Log } from '@portline/runtime/log.ts'
import { CodedError } from '@portline/wire/errors.ts'
import type { TokenResponse } from '@portline/wire/oauth.ts'
import { RENEW_BEFORE_EXPIRY_MS } from '../limits.ts'
import type { Account, Installation, InstallationPatch, PortalKey, Store } from '../store/port.ts'
import type { AuthServers, Credentials } from './auth-server.ts'
import { isSafeEndpoint } from './safe-endpoint.ts'
import type { Sealer } from './sealer.ts'
import { openAccount, pairOf, sealAccount } from './token-pair.ts'
import type { TokenPair } from './token-pair.ts'

/**
 * Keeps the tokens of the portals' master accounts usable.
 *
 *     live ──expired──> renewing ──stored──> live
 *                          ├──server refuses the refresh token──> dead (until the app is installed or opened again)
 *                          └──server not reachable──> live (tried again at the next need)
 *
 * Invariants: one renewal at a time per portal, whoever asks; what an installer brought meanwhile is never written over; a
 * new pair is in the store before anybody uses it; a pair that could not be stored is kept here and stored as soon as it can be, and
 * before it is used, because the old one may be spent already.
 * Nothing is renewed on a schedule: the platform blocks apps that do (settings/oauth/auto-renewal.md).
 */
export interface TokenKeeper {
  /**
   * The master account's pair, renewed when it has expired or when the portal has rejected `rejectedToken`.
   * Errors: INSTALLATION_DELETED, TOKENS_MISSING, TOKENS_DEAD, RENEWAL_FAILED, STORE_UNAVAILABLE.
   */
  pair(portal: PortalKey, rejectedToken?: string): Promise<TokenPair>
}

export interface TokenKeeperParts {
  readonly store: Store
  readonly sealer: Sealer
  readonly authServers: AuthServers
  readonly credentialsOf: (app: string) => Credentials
  readonly clock: Clock
  readonly log: Log
  /** Called after an installation was changed in the store. */
  readonly onChanged: (portal: PortalKey) => Promise<void>
}

interface Unsaved {
  readonly previous: Account
  readonly patch: InstallationPatch
  readonly account: Account
}

export function createTokenKeeper(parts: TokenKeeperParts): TokenKeeper {
  const renewals = new Map<string, Promise<TokenPair>>()
  const unsaved = new Map<string, Unsaved>()

  return {
    async pair(portal, rejectedToken) {
      const key = `${portal.app}/${portal.memberId}`
      for (let running = renewals.get(key); running !== undefined; running = renewals.get(key)) {
        const pair = await running
        // What another caller just read from the store may be the very token the portal has rejected.
        if (pair.accessToken !== rejectedToken) return pair
      }
      const work = current(parts, unsaved, key, portal, rejectedToken)
      renewals.set(key, work)
      try {
        return await work
      } finally {
        renewals.delete(key)
      }
    },
  }
}

async function current(
  parts: TokenKeeperParts,
  unsaved: Map<string, Unsaved>,
  key: string,
  portal: PortalKey,
  rejectedToken: string | undefined,
): Promise<TokenPair> {
  const { store, sealer, clock } = parts
  const left = unsaved.get(key)
  if (left !== undefined) {
    await store.replaceAccount(left.previous, left.account, left.patch)
    unsaved.delete(key)
    await parts.onChanged(portal)
  }
  const installation = await store.installation(portal)
  if (installation === undefined) throw new CodedError('TOKENS_MISSING')
  if (installation.status === 'deleted') throw new CodedError('INSTALLATION_DELETED')
  const account = (await store.accounts(portal)).find((candidate) => candidate.master)
  if (account === undefined) throw new CodedError('TOKENS_MISSING')
  if (account.state === 'dead') throw new CodedError('TOKENS_DEAD')
  const pair = openAccount(sealer, account)
  const fresh = pair.expiresAtMs - RENEW_BEFORE_EXPIRY_MS > clock.now()
  if (fresh && pair.accessToken !== rejectedToken) return pair
  return renew(parts, unsaved, key, { installation, account, pair })
}

async function renew(
  parts: TokenKeeperParts,
  unsaved: Map<string, Unsaved>,
  key: string,
  { installation, account, pair }: { installation: Installation; account: Account; pair: TokenPair },
): Promise<TokenPair> {
  const { store, sealer, authServers, credentialsOf, clock, log } = parts
  let response: TokenResponse
  try {
    response = await authServers.renew(installation.serverEndpoint, credentialsOf(installation.app), pair.refreshToken)
  } catch (error) {
    if (error instanceof CodedError && error.code === 'TOKENS_DEAD') {
      log.warn({ app: installation.app, portal: installation.memberId, code: error.code }, 'the tokens can no longer be renewed')
      const marked = await store.replaceAccount(account, { ...account, state: 'dead' }, { reason: 'TOKENS_DEAD', updatedAtMs: clock.now() })
      await parts.onChanged(installation)
      if (!marked) return current(parts, unsaved, key, installation, pair.accessToken)
    }
    throw error
  }
  if (response.member_id !== installation.memberId) throw new CodedError('RENEWAL_FAILED', 'the new tokens are another portal\'s')
  const nowMs = clock.now()
  const renewed = pairOf(response, nowMs)
  const next = {
    previous: account,
    patch: { ...addressOf(response, installation.serverEndpoint), updatedAtMs: nowMs },
    account: sealAccount(sealer, { portal: account, userId: account.userId, master: account.master, pair: renewed, nowMs }),
  }
  unsaved.set(key, next)
  const saved = await store.replaceAccount(account, next.account, next.patch).catch((error: unknown) => {
    storeLater(parts, unsaved, key)
    throw error
  })
  unsaved.delete(key)
  await parts.onChanged(installation)
  return saved ? renewed : current(parts, unsaved, key, installation, pair.accessToken)
}

/** A store that failed is asked again after this long. */
export const STORE_AGAIN_MS = 1_000

/** Not at the next need alone: a process that ended before it would take the only pair with it. */
function storeLater(parts: TokenKeeperParts, unsaved: Map<string, Unsaved>, key: string): void {
  const store = async (): Promise<void> => {
    const left = unsaved.get(key)
    if (left === undefined) return
    await parts.store.replaceAccount(left.previous, left.account, left.patch)
    if (unsaved.get(key) === left) unsaved.delete(key)
    await parts.onChanged(left.account)
  }
  parts.clock.setTimer(STORE_AGAIN_MS, () => void store().catch(() => storeLater(parts, unsaved, key)))
}

/** A renamed portal tells its new address here first; the answer is authenticated, so it is believed, if it is safe. */
function addressOf(response: TokenResponse, serverEndpoint: string): Partial<Pick<Installation, 'clientEndpoint' | 'domain'>> {
  const clientEndpoint = new URL(response.client_endpoint)
  if (!isSafeEndpoint(clientEndpoint, new URL(serverEndpoint))) return {}
  return { clientEndpoint: clientEndpoint.href, domain: clientEndpoint.host }
}
