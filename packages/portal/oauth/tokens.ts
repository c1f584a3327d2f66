import { ACCESS_TOKEN_LIFETIME_S, CODE_LIFETIME_S, REFRESH_TOKEN_LIFETIME_S } from '@portline/wire/oauth.ts'
import { nowS } from '../context.ts'
import type { PortalContext } from '../context.ts'
import { EVENT_SESSION_START } from '../limits.ts'
import type { App } from '../world/state.ts'
import type { TokenClaims, TokenKind } from './token.ts'
import { isSignedWith, readToken, sealToken } from './token.ts'

export interface TokenPair {
  readonly accessToken: string
  readonly refreshToken: string
  /** Unix seconds: when the access token ends. */
  readonly expiresS: number
}

/** A token that is really one of ours; whether it may still be used is for the caller to say, in its own order of checks. */
export interface ExaminedToken {
  readonly app: App
  readonly claims: TokenClaims
  readonly expired: boolean
  /** The app is active, and the token belongs to its present installation. */
  readonly installed: boolean
}

type Minter = Pick<PortalContext, 'world' | 'clock'>

/** @param session hops the token's calls may still cause: lower for an event's token than for a page's. */
export function mintPair(context: Minter, app: App, userId: number, session: number = EVENT_SESSION_START): TokenPair {
  const expiresS = nowS(context) + ACCESS_TOKEN_LIFETIME_S
  const claims = { appId: app.id, installId: app.installId, userId, serial: context.world.next('token'), session }
  const refreshExpiresS = nowS(context) + REFRESH_TOKEN_LIFETIME_S
  return {
    accessToken: sealToken('access', { ...claims, expiresS }, app.clientSecret),
    refreshToken: sealToken('refresh', { ...claims, expiresS: refreshExpiresS }, app.clientSecret),
    expiresS,
  }
}

export function mintCode(context: Minter, app: App, userId: number): string {
  const serial = context.world.next('token')
  const claims = { appId: app.id, installId: app.installId, userId, serial, session: 0 }
  return sealToken('code', { ...claims, expiresS: nowS(context) + CODE_LIFETIME_S }, app.clientSecret)
}

/** undefined: not a token of this kind, or not minted here. */
export function examineToken(context: Minter, kind: TokenKind, token: string): ExaminedToken | undefined {
  const claims = readToken(kind, token)
  const app = claims === undefined ? undefined : context.world.appById(claims.appId)
  if (claims === undefined || app === undefined || !isSignedWith(kind, token, app.clientSecret)) return undefined
  return {
    app,
    claims,
    expired: claims.expiresS <= nowS(context),
    installed: app.active && !app.deleted && claims.installId === app.installId,
  }
}
