import { hash } from 'node:crypto'
import type { TokenResponse } from '@portline/wire/oauth.ts'
import { ACCESS_TOKEN_LIFETIME_S } from '@portline/wire/oauth.ts'
import type { Account } from '../store/accounts.ts'
import type { PortalKey } from '../store/port.ts'
import { ifItOpens } from './sealer.ts'
import type { Sealer } from './sealer.ts'

/** One user's tokens on one portal, opened. */
export interface TokenPair {
  readonly accessToken: string
  readonly refreshToken: string
  readonly expiresAtMs: number
}

export interface NewAccount {
  readonly portal: PortalKey
  readonly userId: string
  readonly master: boolean
  readonly pair: TokenPair
  readonly nowMs: number
  /** The pair that it was renewed from. */
  readonly former?: TokenPair
}

export function accountPurpose({ app, memberId }: PortalKey, userId: string): string {
  return `tokens:${app}:${memberId}:${userId}`
}

export function sealAccount(sealer: Sealer, { portal, userId, master, pair, nowMs, former }: NewAccount): Account {
  const { app, memberId } = portal
  const sealed = ({ accessToken, refreshToken }: TokenPair): Uint8Array => sealer.seal(accountPurpose(portal, userId), JSON.stringify([accessToken, refreshToken]))
  return {
    app, memberId, userId, master, state: 'live', tokens: sealed(pair), pairId: pairIdOf(pair), expiresAtMs: pair.expiresAtMs, obtainedAtMs: nowMs,
    ...(former === undefined ? {} : { formerTokens: sealed(former) }),
  }
}

export function openAccount(sealer: Sealer, account: Account): TokenPair {
  return { ...openTokens(sealer, account, account.tokens), expiresAtMs: account.expiresAtMs }
}

/** Those whose pair a key at hand opens, in their order. */
export function* openAccounts(sealer: Sealer, accounts: readonly Account[]): Generator<{ readonly account: Account; readonly pair: TokenPair }> {
  for (const account of accounts) {
    const pair = ifItOpens(() => openAccount(sealer, account))
    if (pair !== undefined) yield { account, pair }
  }
}

/** The pair before, while that is kept and opens. Its access token has had its time. */
export function formerPair(sealer: Sealer, account: Account): TokenPair | undefined {
  const { formerTokens } = account
  const tokens = formerTokens === undefined ? undefined : ifItOpens(() => openTokens(sealer, account, formerTokens))
  return tokens === undefined ? undefined : { ...tokens, expiresAtMs: 0 }
}

export function formerRefreshToken(sealer: Sealer, account: Account): string | undefined {
  return formerPair(sealer, account)?.refreshToken
}

function openTokens(sealer: Sealer, account: Account, tokens: Uint8Array): Pick<TokenPair, 'accessToken' | 'refreshToken'> {
  const [accessToken = '', refreshToken = ''] = JSON.parse(sealer.open(accountPurpose(account, account.userId), tokens)) as string[]
  return { accessToken, refreshToken }
}

const PAIR_ID_DIGITS = 32

/** Stored openly: nothing of a token can be guessed from a digest of it. */
export function pairIdOf({ accessToken, refreshToken }: TokenPair): string {
  return hash('sha256', JSON.stringify(['pair', accessToken, refreshToken]), 'hex').slice(0, PAIR_ID_DIGITS)
}

const SECOND_MS = 1_000

export function pairOf(response: TokenResponse, nowMs: number): TokenPair {
  const lifetimeS = Number.isFinite(response.expires_in) ? response.expires_in : ACCESS_TOKEN_LIFETIME_S
  return {
    accessToken: response.access_token,
    refreshToken: response.refresh_token,
    expiresAtMs: nowMs + lifetimeS * SECOND_MS,
  }
}
