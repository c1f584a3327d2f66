import type { OAuthOptions } from './options.ts'

export interface OAuthFailure {
  readonly status: number
  readonly error: string
  readonly text?: string
}

/**
 * Errors of the token endpoint (settings/oauth/error-codes.md; statuses and texts from what SDKs met and an old server;
 * docs/portal/fidelity.md).
 */
export const TOKEN_FAILURES = {
  grantTypeMissing: { status: 400, error: 'invalid_request', text: 'Invalid grant_type parameter or parameter missing' },
  grantTypeUnknown: { status: 400, error: 'unsupported_grant_type' },
  codeMissing: { status: 400, error: 'invalid_request' },
  refreshTokenMissing: { status: 400, error: 'invalid_request', text: 'No "refresh_token" parameter found' },
  grantInvalid: { status: 400, error: 'invalid_grant' },
  paymentRequired: { status: 401, error: 'PAYMENT_REQUIRED', text: 'Payment required' },
} as const satisfies Record<string, OAuthFailure>

export function clientUnknown({ wrongClientStatus }: OAuthOptions): OAuthFailure {
  return { status: wrongClientStatus, error: 'wrong_client' }
}

export function secretWrong({ invalidClientStatus }: OAuthOptions): OAuthFailure {
  return { status: invalidClientStatus, error: 'invalid_client' }
}

export function notInstalled({ notInstalledError, invalidClientStatus }: OAuthOptions): OAuthFailure {
  const status = notInstalledError === 'NOT_INSTALLED' ? 401 : invalidClientStatus
  return { status, error: notInstalledError, text: 'Application not installed' }
}

export function grantExpired(error: OAuthOptions['expiredRefreshError']): OAuthFailure {
  return error === 'expired_token'
    ? { status: 401, error, text: 'The token provided has expired' }
    : TOKEN_FAILURES.grantInvalid
}

export function scopeTooWide({ wideScopeError }: OAuthOptions): OAuthFailure {
  return { status: 400, error: wideScopeError, text: 'The scope requested is wider than the application has' }
}
