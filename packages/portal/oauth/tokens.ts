import { CodedError } from '@portline/wire/errors.ts'
import { nowS } from '../context.ts'
import type { PortalContext } from '../context.ts'
import { EVENT_SESSION_START } from '../limits.ts'
import type { App } from '../world/state.ts'
import type { TokenClaims, TokenKind } from './token.ts'
import { INSTALLS_PER_PORTAL, isSignedWith, readToken, sealToken } from './token.ts'

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

type Minter = Pick<PortalContext, 'world' | 'clock' | 'oauth'>

/** @param session hops the token's calls may still cause: lower for an event's token than for a page's. */
export function mintPair(context: Minter, app: App, userId: number, session: number = EVENT_SESSION_START): TokenPair {
  const { accessLifetimeS, refreshLifetimeS } = context.oauth.options
  const expiresS = nowS(context) + accessLifetimeS
  const claims = { appId: app.id, installId: installIdOf(context, app), userId, serial: context.world.next('token'), session }
  return {
    accessToken: sealToken('access', { ...claims, expiresS }, app.clientSecret),
    refreshToken: sealToken('refresh', { ...claims, expiresS: nowS(context) + refreshLifetimeS }, app.clientSecret),
    expiresS,
  }
}

/** @param lifetimeS the server's own for codes when absent */
export function mintCode(context: Minter, app: App, userId: number, lifetimeS = context.oauth.options.codeLifetimeS): string {
  const serial = context.world.next('token')
  const claims = { appId: app.id, installId: installIdOf(context, app), userId, serial, session: 0 }
  return sealToken('code', { ...claims, expiresS: nowS(context) + lifetimeS }, app.clientSecret)
}

/** undefined: not a token of this kind, not minted here, or for another portal. */
export function examineToken(context: Minter, kind: TokenKind, token: string): ExaminedToken | undefined {
  const claims = readToken(kind, token)
  if (claims === undefined || context.oauth.portalOf(kind, token)?.world !== context.world) return undefined
  const app = context.world.appById(claims.appId)
  if (app === undefined || !isSignedWith(kind, token, app.clientSecret)) return undefined
  return {
    app,
    claims,
    expired: claims.expiresS <= nowS(context),
    installed: app.active && !app.deleted && claims.installId === installIdOf(context, app),
  }
}

/** The number of a new installation on this portal; tokens of a former one are no good for it. */
export function nextInstallId({ world }: Pick<PortalContext, 'world'>): number {
  const installId = world.next('install')
  // A wrap into the next portal's numbers would let a token of one portal work on another.
  if (installId >= INSTALLS_PER_PORTAL) throw new CodedError('BAD_REQUEST', 'The portal has seen too many installations')
  return installId
}

function installIdOf({ world }: Minter, { installId }: App): number {
  return (world.oauthNumber ?? 0) * INSTALLS_PER_PORTAL + installId
}
