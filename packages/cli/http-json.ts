import { CodedError } from '@portline/wire/errors.ts'
import { isErrorCode } from './failure.ts'

/** The operator API and the portal's control API, as the command line and the demo use them: JSON over HTTP. */
export interface JsonClient {
  /** Errors: SERVER_UNREACHABLE, and whatever code the server answers with. */
  get<Answer>(path: string): Promise<Answer>
  /** A text is sent as lines of JSON. */
  post<Answer>(path: string, body?: object | string): Promise<Answer>
}

/** An install page may ask an authorization server and the portal; both have 10 s. */
const ANSWER_MS = 30_000
const SECOND_MS = 1_000

export function jsonClient(baseUrl: string, token?: string, answerMs = ANSWER_MS): JsonClient {
  const request = async <Answer>(method: 'GET' | 'POST', path: string, body?: object | string): Promise<Answer> => {
    const url = `${baseUrl}${path}`
    const init: RequestInit = {
      method,
      headers: { ...(token === undefined ? {} : { authorization: `Bearer ${token}` }), ...(body === undefined ? {} : typeof body === 'string' ? LINES_BODY : JSON_BODY) },
      signal: AbortSignal.timeout(answerMs),
      redirect: 'error',
      ...(body === undefined ? {} : { body: typeof body === 'string' ? body : JSON.stringify(body) }),
    }
    const response = await fetch(url, init).catch((cause: unknown) => {
      const waited = init.signal?.aborted === true ? ` within ${answerMs / SECOND_MS} s; what it was asked for may still go on there` : ''
      throw new CodedError('SERVER_UNREACHABLE', `${baseUrl} does not answer${waited}`, { cause })
    })
    const answer: unknown = await response.json().catch(() => undefined)
    if (!response.ok || answer === undefined) throw refusal(baseUrl, response.status, answer)
    // Both ends of these APIs are built from the same types and run from the same version.
    return answer as Answer
  }
  return { get: (path) => request('GET', path), post: (path, body) => request('POST', path, body) }
}

const JSON_BODY = { 'content-type': 'application/json' }
const LINES_BODY = { 'content-type': 'application/x-ndjson' }

export function refusal(baseUrl: string, status: number, answer: unknown): CodedError {
  const code = field(answer, 'error')
  if (!isErrorCode(code)) return new CodedError('SERVER_UNREACHABLE', `${baseUrl} answered ${status}, and not as Portline does`)
  return new CodedError(code, field(answer, 'error_description') || undefined)
}

function field(answer: unknown, name: string): string {
  const value: unknown = typeof answer === 'object' && answer !== null ? Reflect.get(answer, name) : undefined
  return typeof value === 'string' ? value : ''
}
