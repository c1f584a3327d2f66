import { ACCESS_TOKEN_LIFETIME_S, CODE_LIFETIME_S, REFRESH_TOKEN_LIFETIME_S } from '@portline/wire/oauth.ts'

/**
 * How an authorization server behaves. The defaults are what is documented, or what was observed where nothing is; the other
 * values are what another source says (docs/portal/fidelity.md).
 */
export interface OAuthOptions {
  /** Seconds; 3,600. */
  readonly accessLifetimeS: number
  /** Seconds; 180 days. An old server had 30 days. */
  readonly refreshLifetimeS: number
  /** Seconds; 30. */
  readonly codeLifetimeS: number
  /** Seconds a person has to type in the six digits shown when the card has no redirect_uri. Undocumented. */
  readonly shortCodeLifetimeS: number
  /** A refresh token works once. */
  readonly strictRotation: boolean
  /** An expired refresh token or code: `invalid_grant` with 400 is documented, `expired_token` with 401 was an old server's. */
  readonly expiredRefreshError: 'invalid_grant' | 'expired_token'
  readonly expiredCodeError: 'invalid_grant' | 'expired_token'
  /** A wrong client_secret: SDKs met 400, one expects 401. */
  readonly invalidClientStatus: 400 | 401
  /** An unknown client_id: 200 with an error body was observed. */
  readonly wrongClientStatus: 200 | 400 | 401
  /** The app is gone from the portal: `NOT_INSTALLED` with 401, or `invalid_client` as the documentation words it. */
  readonly notInstalledError: 'NOT_INSTALLED' | 'invalid_client'
  /** A `scope` wider than the card; the documentation names both. */
  readonly wideScopeError: 'invalid_scope' | 'insufficient_scope'
  /** The documented answer to a code lacks `expires` and `user_id`. */
  readonly firstExchange: 'full' | 'documented'
  /** Renew tokens during the 14 days of grace after a paid term too; the documentation has the server refuse. */
  readonly graceTokens: boolean
}

const FIVE_MINUTES_S = 300

export const DEFAULT_OAUTH_OPTIONS: OAuthOptions = {
  accessLifetimeS: ACCESS_TOKEN_LIFETIME_S,
  refreshLifetimeS: REFRESH_TOKEN_LIFETIME_S,
  codeLifetimeS: CODE_LIFETIME_S,
  shortCodeLifetimeS: FIVE_MINUTES_S,
  strictRotation: true,
  expiredRefreshError: 'invalid_grant',
  expiredCodeError: 'invalid_grant',
  invalidClientStatus: 400,
  wrongClientStatus: 200,
  notInstalledError: 'NOT_INSTALLED',
  wideScopeError: 'invalid_scope',
  firstExchange: 'full',
  graceTokens: false,
}
