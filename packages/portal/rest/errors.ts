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
  PAYMENT_REQUIRED: { status: 401, text: 'Subscription has been ended' },
  expired_token: { status: 401, text: 'The access token provided has expired' },
  insufficient_scope: { status: 401, text: 'The request requires higher privileges than provided by the access token' },
  authorization_error: { status: 401, text: 'Unable to authorize user' },
  INVALID_REQUEST: { status: 401, text: 'Https required.' },
  INVALID_CREDENTIALS: { status: 401, text: 'Invalid request credentials' },
  ACCESS_DENIED: { status: 403, text: 'Access denied!' },
  WRONG_LICENSE: { status: 403, text: 'This feature is not enabled for the current license' },
  WRONG_AUTH_TYPE: { status: 403, text: 'Current authorization type is denied for this method' },
  ERROR_METHOD_NOT_FOUND: { status: 404, text: 'Method not found!' },
  ERROR_ARGUMENT: { status: 400, text: 'Argument is invalid' },
  ERROR_CORE: { status: 400, text: 'Internal error' },
  ERROR_EVENT_NOT_FOUND: { status: 400, text: 'Event not found' },
  ERROR_WRONG_HANDLER_URL: { status: 400, text: 'Wrong handler URL' },
  ERROR_UNSUPPORTED_PROTOCOL: { status: 400, text: 'Unsupported handler protocol' },
  NOT_ACTIVE_LINE: { status: 400, text: 'The line with this ID is inactive or does not exist' },
  IMCONNECTOR_NO_CORRECT_PROVIDER: { status: 400, text: 'Failed to find a suitable provider for the connector' },
  CHAT_RENAMING_FAILED: { status: 400, text: 'Failed to rename the chat' },
  CONFIG_ID_EMPTY: { status: 400, text: "Config ID can't be empty" },
  CONFIG_WRONG_USER_PERMISSION: { status: 403, text: 'Permission denied' },
  INVALID_FORMAT: { status: 400, text: 'A wrong format is passed' },
  ERROR_PLACEMENT_NOT_FOUND: { status: 400, text: 'Placement not found' },
  ERROR_PLACEMENT_USER_MODE: { status: 400, text: 'User mode is not available.' },
  ERROR_PLACEMENT_MAX_COUNT: { status: 400, text: 'Placement max count: 1' },
  /** CRM methods name no code: only the text tells. */
  '': { status: 400, text: 'Access denied.' },
  '0': { status: 400, text: 'wrong task id' },
  '100': { status: 400, text: 'Could not find value for parameter {fields} (internal error)' },
  '1048582': { status: 400, text: 'No access to delete the task' },
  NOT_FOUND: { status: 400, text: 'Smart process not found' },
  INVALID_ARG_VALUE: { status: 400, text: 'Invalid value' },
  CRM_FIELD_ERROR_VALUE_NOT_VALID: { status: 400, text: 'Invalid value' },
  ERROR_NO_GROUP: { status: 400, text: 'Group is specified incorrectly' },
  QUERY_LIMIT_EXCEEDED: { status: 503, text: 'Too many requests' },
  OPERATION_TIME_LIMIT: { status: 429, text: 'Method is blocked due to operation time limit.' },
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

/** A value of another kind than the method takes; the module names the kind only sometimes. */
export function argumentOfType(argument: string, type: string): RestError {
  return argumentWrong(argument, `The value of an argument '${argument}' must be of type ${type}`)
}

export function wrongLicense(feature: string): RestError {
  return new RestError('WRONG_LICENSE', `${REST_ERRORS.WRONG_LICENSE.text}: ${feature}`)
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
