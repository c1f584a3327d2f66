import type { Network } from '@portline/runtime/network.ts'
import { CodedError } from '@portline/wire/errors.ts'
import type { ServerAppInfo, TokenResponse } from '@portline/wire/oauth.ts'
import { REMOTE_ANSWER_MAX_BYTES, REMOTE_ANSWER_MS } from '../limits.ts'
import { isSafeEndpoint } from './safe-endpoint.ts'

/**
 * Talks to authorization servers, and only to known ones: client_secret never leaves for any other host, whatever an
 * event or a page claims (settings/oauth/index.md, auto-renewal.md).
 */
export interface AuthServers {
  /** The trusted origin of a `server_endpoint`. Errors: AUTH_SERVER_UNKNOWN. */
  originOf(serverEndpoint: string): string
  /** All trusted origins, for a token of which nobody said whose it is. */
  readonly origins: readonly string[]
  /** Errors: PROOF_REFUSED when the server says no; PROOF_UNAVAILABLE when it can't be asked or says neither yes nor no. */
  appInfo(origin: string, accessToken: string): Promise<ServerAppInfo>
  /** Errors: TOKENS_DEAD when the pair is lost for good; RENEWAL_FAILED when it may work later. Their cause is the server's code. */
  renew(origin: string, credentials: Credentials, refreshToken: string): Promise<TokenResponse>
}

export interface Credentials {
  readonly clientId: string
  readonly clientSecret: string
}

const LIMITS = { timeoutMs: REMOTE_ANSWER_MS, maxBytes: REMOTE_ANSWER_MAX_BYTES }

/**
 * Errors of the token endpoint after which this refresh token never works again (settings/oauth/error-codes.md). Not
 * wrong_client and invalid_client: they may speak of our own credentials, and one mistyped secret must not end every portal.
 */
const DEAD_PAIR_ERRORS = new Set(['invalid_grant', 'expired_token', 'NOT_INSTALLED'])
/**
 * Errors of app.info that speak of the access token itself (_includes/system-errors.md; module source, rest/lib/oauth/auth.php), and of
 * its client: none but the token names one there. Any other may pass (a limit, an unpaid portal, a code that nobody has met yet), and
 * taken for a "no" it would end a true install for good.
 */
const REFUSED_TOKEN_ERRORS = new Set([
  'NO_AUTH_FOUND', 'invalid_token', 'expired_token', 'invalid_grant', 'invalid_client', 'wrong_client', 'NOT_INSTALLED', 'ERROR_OAUTH',
])
const TOO_MANY_REQUESTS_STATUS = 429
const SERVER_ERROR_STATUS = 500

/** Errors: CONFIG_INVALID for an origin at which client_secret would go over a network in the clear, whoever that may be. */
export function createAuthServers(trustedOrigins: readonly string[], network: Network): AuthServers {
  const origins = trustedOrigins.map((trusted) => {
    const url = new URL(trusted)
    if (!isSafeEndpoint(url, url)) throw new CodedError('CONFIG_INVALID', `the authorization server ${url.origin} must be https: plain http is for this machine only`)
    return url.origin
  })

  const originOf = (serverEndpoint: string): string => {
    const origin = URL.canParse(serverEndpoint) ? new URL(serverEndpoint).origin : 'null'
    if (!origins.includes(origin)) throw new CodedError('AUTH_SERVER_UNKNOWN')
    return origin
  }

  return {
    origins,
    originOf,

    async appInfo(origin, accessToken) {
      const answer = await network
        .postForm(`${originOf(origin)}/rest/app.info`, { auth: accessToken }, LIMITS)
        .catch((cause: unknown) => Promise.reject(new CodedError('PROOF_UNAVAILABLE', undefined, { cause })))
      const { appInfoSchema, failureSchema } = await import('./auth-answers.ts')
      const info = appInfoSchema.safeParse(answer.json)
      if (info.success) return info.data.result
      const failure = failureSchema.safeParse(answer.json)
      const error = failure.success ? failure.data.error : ''
      if (refusesToken(answer.status, error)) throw new CodedError('PROOF_REFUSED', `the authorization server answered ${error}`)
      throw new CodedError('PROOF_UNAVAILABLE', `the authorization server answered ${answer.status} ${error} without a verdict`)
    },

    async renew(origin, { clientId, clientSecret }, refreshToken) {
      const form = { grant_type: 'refresh_token', client_id: clientId, client_secret: clientSecret, refresh_token: refreshToken }
      const answer = await network
        .postForm(`${originOf(origin)}/oauth/token/`, form, LIMITS)
        .catch((cause: unknown) => Promise.reject(new CodedError('RENEWAL_FAILED', undefined, { cause })))
      const { failureSchema, tokenSchema } = await import('./auth-answers.ts')
      // Judged by the body: some refusals come with status 200.
      const failure = failureSchema.safeParse(answer.json)
      if (failure.success) throw renewalError(failure.data.error)
      const tokens = tokenSchema.safeParse(answer.json)
      if (!tokens.success) throw new CodedError('RENEWAL_FAILED', `the authorization server answered ${answer.status} without tokens`)
      return tokens.data
    },
  }
}

function refusesToken(status: number, error: string): boolean {
  return REFUSED_TOKEN_ERRORS.has(error) && status < SERVER_ERROR_STATUS && status !== TOO_MANY_REQUESTS_STATUS
}

function renewalError(error: string): CodedError {
  const code = DEAD_PAIR_ERRORS.has(error) ? 'TOKENS_DEAD' : 'RENEWAL_FAILED'
  return new CodedError(code, `the authorization server answered ${error}`, { cause: error })
}
