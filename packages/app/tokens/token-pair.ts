import type { TokenResponse } from '@portline/wire/oauth.ts'
import { ACCESS_TOKEN_LIFETIME_S } from '@portline/wire/oauth.ts'
import type { Account, PortalKey } from '../store/port.ts'
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
}

function purposeOf(portal: PortalKey, userId: string): string {
  return `tokens:${portal.app}:${portal.memberId}:${userId}`
}

export function sealAccount(sealer: Sealer, { portal, userId, master, pair, nowMs }: NewAccount): Account {
  const tokens = sealer.seal(purposeOf(portal, userId), JSON.stringify([pair.accessToken, pair.refreshToken]))
  const { app, memberId } = portal
  return { app, memberId, userId, master, state: 'live', tokens, expiresAtMs: pair.expiresAtMs, obtainedAtMs: nowMs }
}

export function openAccount(sealer: Sealer, account: Account): TokenPair {
  const [accessToken = '', refreshToken = ''] = JSON.parse(sealer.open(purposeOf(account, account.userId), account.tokens)) as string[]
  return { accessToken, refreshToken, expiresAtMs: account.expiresAtMs }
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
