import { REST_ERRORS } from '../rest/errors.ts'
import type { ParsedFault } from './schema.ts'
import type { RoutePlace } from './table.ts'

/** What is answered instead of carrying the request out. */
export interface FaultAnswer {
  readonly status: number
  readonly contentType: string
  readonly body: string
  readonly location?: string
}

/** On the OAuth server the codes are the same; statuses and texts are its own (protocol facts, error-codes.md). */
const OAUTH_ERRORS = {
  expired_token: { status: 401, text: 'The access token provided has expired' },
  invalid_grant: { status: 400, text: undefined },
  PAYMENT_REQUIRED: { status: 401, text: 'Payment required' },
} as const

const TITLE = 'Service unavailable'
const HTML = `<!DOCTYPE html>\n<html><head><title>${TITLE}</title></head><body><h1>${TITLE}</h1></body></html>\n`

/** undefined: the fault is not one that answers in the place of the portal. */
export function answerOf(fault: ParsedFault, place: RoutePlace, url: string): FaultAnswer | undefined {
  const isRest = place === 'rest'
  switch (fault.fault) {
    case 'empty_answer':
      return fault.when === 'before' ? { status: 200, contentType: 'application/json; charset=utf-8', body: '' } : undefined
    case 'query_limit':
      return restError('QUERY_LIMIT_EXCEEDED')
    case 'operation_time_limit':
      return restError('OPERATION_TIME_LIMIT')
    case 'expired_token':
      return isRest ? restError('expired_token') : oauthError('expired_token')
    case 'invalid_grant':
      return oauthError('invalid_grant')
    case 'payment_required':
      return isRest ? restError('PAYMENT_REQUIRED') : oauthError('PAYMENT_REQUIRED')
    case 'error_answer':
      return errorAnswer(fault.status, fault.error, fault.error_description)
    case 'html_answer':
      return { status: fault.status, contentType: 'text/html; charset=utf-8', body: HTML }
    case 'renamed_portal':
      return { status: 302, contentType: 'text/html; charset=utf-8', body: '', location: new URL(url, fault.to).href }
    default:
      return undefined
  }
}

function restError(code: keyof typeof REST_ERRORS): FaultAnswer {
  const { status, text } = REST_ERRORS[code]
  return errorAnswer(status, code, text)
}

function oauthError(code: keyof typeof OAUTH_ERRORS): FaultAnswer {
  const { status, text } = OAUTH_ERRORS[code]
  return errorAnswer(status, code, text)
}

function errorAnswer(status: number, error: string, text: string | undefined): FaultAnswer {
  const body = JSON.stringify({ error, ...(text === undefined ? {} : { error_description: text }) })
  return { status, contentType: 'application/json; charset=utf-8', body }
}
