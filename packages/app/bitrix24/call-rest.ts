import type { B24OAuth } from '@bitrix24/b24jssdk'
import { CodedError } from '@portline/wire/errors.ts'
import { wordsOfError } from './portal-words.ts'

/** A call that Bitrix24 answered with an error of its own. `restCode` is Bitrix24's code, empty where it gave none. */
export class RestError extends CodedError {
  readonly restCode: string
  readonly restDescription: string

  constructor(method: string, restCode: string, restDescription: string, cause?: unknown) {
    super('REST_FAILED', `${method}: ${`${restCode} ${restDescription}`.trim()}`, { cause })
    this.restCode = restCode
    this.restDescription = restDescription
  }
}

/** One REST call through the SDK, with its two ways of failing made one. Errors: RestError, and those of the token keeper. */
export async function callRest(b24: B24OAuth, method: string, params: Record<string, unknown> = {}): Promise<unknown> {
  try {
    const answer = await b24.actions.v2.call.make({ method, params })
    if (!answer.isSuccess) throw restError(method, [...answer.getErrors()][0])
    return answer.getData()?.result
  } catch (error) {
    throw error instanceof CodedError ? error : (codedCauseOf(error) ?? restError(method, error))
  }
}

/** The SDK wraps what a renewal threw; the code that says what to do is further in. */
export function codedCauseOf(error: unknown): CodedError | undefined {
  const deepest = 5
  let current = error
  for (let depth = 0; depth < deepest && typeof current === 'object' && current !== null; depth++) {
    if (current instanceof CodedError) return current
    current = 'originalError' in current ? current.originalError : 'cause' in current ? current.cause : undefined
  }
  return undefined
}

function restError(method: string, error: unknown): RestError {
  const words = wordsOfError(error)
  if (words !== undefined) return new RestError(method, words.code, words.description, error)
  const code = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'UNKNOWN'
  return new RestError(method, code, error instanceof Error ? error.message.replaceAll(/\s+/g, ' ') : '', error)
}
