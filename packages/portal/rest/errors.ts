import { CodedError } from '@portline/wire/errors.ts'

/**
 * Bitrix24's own errors, as they go over the wire: code, HTTP status, text. Statuses follow the module source where the
 * documentation differs (docs/portal/fidelity.md).
 */
export const REST_ERRORS = {
  NO_AUTH_FOUND: { status: 401, text: 'Wrong authorization data' },
  invalid_token: { status: 401, text: 'Unable to get application by token' },
  APPLICATION_NOT_FOUND: { status: 401, text: 'Application not found' },
  ERROR_OAUTH: { status: 401, text: 'Application not installed' },
  expired_token: { status: 401, text: 'The access token provided has expired' },
  insufficient_scope: { status: 401, text: 'The request requires higher privileges than provided by the access token' },
  authorization_error: { status: 401, text: 'Unable to authorize user' },
  INVALID_CREDENTIALS: { status: 401, text: 'Invalid request credentials' },
  ACCESS_DENIED: { status: 403, text: 'Access denied!' },
  WRONG_AUTH_TYPE: { status: 403, text: 'Current authorization type is denied for this method' },
  ERROR_METHOD_NOT_FOUND: { status: 404, text: 'Method not found!' },
  ERROR_ARGUMENT: { status: 400, text: 'Argument is invalid' },
  ERROR_CORE: { status: 400, text: 'Internal error' },
  ERROR_EVENT_NOT_FOUND: { status: 400, text: 'Event not found' },
  ERROR_WRONG_HANDLER_URL: { status: 400, text: 'Wrong handler URL' },
  ERROR_UNSUPPORTED_PROTOCOL: { status: 400, text: 'Unsupported handler protocol' },
  CODE_EMPTY: { status: 400, text: "CODE can't be empty" },
  ERROR_BATCH_METHOD_NOT_ALLOWED: { status: 400, text: 'Method is not allowed for batch usage' },
  ERROR_BATCH_LENGTH_EXCEEDED: { status: 400, text: 'Max batch length exceeded' },
  INTERNAL_SERVER_ERROR: { status: 500, text: 'Internal server error' },
} as const satisfies Record<string, { status: number; text: string }>

export type RestErrorCode = keyof typeof REST_ERRORS

/** Thrown by a method; becomes `{error, error_description, [argument]}`. */
export class RestError extends Error {
  readonly code: RestErrorCode
  readonly status: number
  readonly argument: string | undefined

  constructor(code: RestErrorCode, text?: string, options: { argument?: string; status?: number } = {}) {
    super(text ?? REST_ERRORS[code].text)
    this.name = 'RestError'
    this.code = code
    this.status = options.status ?? REST_ERRORS[code].status
    this.argument = options.argument
  }
}

export function argumentMissing(argument: string): RestError {
  return new RestError('ERROR_ARGUMENT', `Argument '${argument}' is null or empty`, { argument })
}

export function argumentWrong(argument: string, text: string): RestError {
  return new RestError('ERROR_ARGUMENT', text, { argument })
}

/** Bitrix24 puts the reason behind its two words. */
export function accessDenied(reason: string): RestError {
  return new RestError('ACCESS_DENIED', `${REST_ERRORS.ACCESS_DENIED.text} ${reason}`)
}

export function asRestError(error: unknown): RestError {
  if (error instanceof RestError) return error
  // A limit of the portal itself, met inside a method.
  if (error instanceof CodedError) return new RestError('ERROR_CORE', error.message)
  return new RestError('INTERNAL_SERVER_ERROR')
}
