/** Shapes of the authorization server (settings/oauth/index.md, auto-renewal.md; module source). */

/** Successful answer of `{server}/oauth/token/`. `domain` is the authorization server's host here, by design. */
export interface TokenResponse {
  readonly access_token: string
  readonly refresh_token: string
  /** Unix seconds. The documented first exchange lacks it. */
  readonly expires?: number
  /** Seconds. */
  readonly expires_in: number
  /** Comma-separated. */
  readonly scope: string
  readonly domain: string
  readonly server_endpoint: string
  readonly client_endpoint: string
  readonly status: string
  readonly member_id: string
  readonly user_id?: number
}

/** Result of the authorization server's own `app.info`: proof of an access token. */
export interface ServerAppInfo {
  readonly client_id: string
  readonly scope: string
  /** ISO 8601. */
  readonly expires: string
  readonly install: {
    readonly installed: boolean
    readonly version: string
    readonly status: string
    readonly scope: string
    readonly domain: string
    readonly uri: string
    readonly client_endpoint: string
    readonly member_id: string
    readonly member_type: string
    /** ISO 8601; only with status T or P. */
    readonly date_finish?: string
  }
  /** Documented; an older server does not send it. */
  readonly user_id?: number
}

/** The two public authorization servers (settings/oauth/index.md; on-premise portals may have their own). */
export const PUBLIC_AUTH_SERVERS: readonly string[] = ['https://oauth.bitrix.info', 'https://oauth.bitrix24.tech']

/** Seconds; settings/oauth/index.md. */
export const ACCESS_TOKEN_LIFETIME_S = 3_600
export const REFRESH_TOKEN_LIFETIME_S = 180 * 24 * 3_600
export const CODE_LIFETIME_S = 30
