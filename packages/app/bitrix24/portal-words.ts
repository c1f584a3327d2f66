import { ATTEMPT_TEXT_LENGTH } from '../limits.ts'

/** What a portal said when it refused a call. */
export interface PortalWords {
  /** Empty where it named none: many CRM methods say what is wrong in words alone. */
  readonly code: string
  readonly description: string
}

/** The SDK takes it for no code either. */
const NO_CODE = '0'
/** AjaxError, AxiosError, and what somebody wrapped around them. */
const DEEPEST = 5

/** Of an answer's body, each part one line and cut to what an attempt's record keeps; undefined when it is none of Bitrix24's refusals. */
export function wordsOf(data: unknown): PortalWords | undefined {
  const error = fieldOf(data, 'error')
  // The third version of the REST has an object there.
  const [code, description] = typeof error === 'object' && error !== null
    ? [textOf(fieldOf(error, 'code')), textOf(fieldOf(error, 'message'))]
    : [textOf(error), textOf(fieldOf(data, 'error_description'))]
  if (code === '' && description === '') return undefined
  return { code: code === NO_CODE ? '' : code, description }
}

/** Of what a call through the SDK threw, which has its own words where the portal gave no code. */
export function wordsOfError(error: unknown): PortalWords | undefined {
  let current = error
  for (let depth = 0; depth < DEEPEST && current !== undefined && current !== null; depth++) {
    const words = wordsOf(fieldOf(fieldOf(current, 'response'), 'data'))
    if (words !== undefined) return words
    current = fieldOf(current, 'originalError') ?? fieldOf(current, 'cause')
  }
  return undefined
}

function fieldOf(value: unknown, name: string): unknown {
  return typeof value === 'object' && value !== null ? Reflect.get(value, name) : undefined
}

function textOf(value: unknown): string {
  return typeof value === 'string' || typeof value === 'number' ? String(value).replaceAll(/\s+/g, ' ').trim().slice(0, ATTEMPT_TEXT_LENGTH) : ''
}
