import type { FormLimits } from '@portline/wire/form/limits.ts'
import { FORM_LIMITS } from '@portline/wire/form/limits.ts'
import { decodeForm } from '@portline/wire/form/decode.ts'
import { CodedError } from '@portline/wire/errors.ts'
import { PORTAL_LIMITS } from '../limits.ts'
import { multipartToForm } from './multipart.ts'

const FORM_BODY_LIMITS: FormLimits = { ...FORM_LIMITS, maxBodyBytes: PORTAL_LIMITS.maxBodyBytes }
/** Never parameters of a method. */
const AUTH_NAMES = new Set(['AUTH', 'ACCESS_TOKEN'])

/** The parameters of one call. Names are case-insensitive at the top level; below, they are the method's business. */
export class RequestParams {
  readonly #byName = new Map<string, { readonly name: string; readonly value: unknown }>()
  readonly #bearer: string | undefined

  constructor(entries: Iterable<readonly [string, unknown]>, bearer?: string) {
    for (const [name, value] of entries) this.#byName.set(name.toUpperCase(), { name, value })
    this.#bearer = bearer
  }

  get(name: string): unknown {
    return this.#byName.get(name.toUpperCase())?.value
  }

  /** A number or a boolean as its text; undefined when absent, empty, null, a list or a map. */
  text(name: string): string | undefined {
    return plainText(this.get(name))
  }

  /** Bearer header, `auth`, `access_token`: the order in which a portal looks. */
  authToken(): string | undefined {
    return this.#bearer ?? this.text('auth') ?? this.text('access_token')
  }

  /** All but the token, under the names they came with. */
  withoutAuth(): [string, unknown][] {
    return [...this.#byName].filter(([key]) => !AUTH_NAMES.has(key)).map(([, { name, value }]) => [name, value])
  }
}

export function plainText(value: unknown): string | undefined {
  if (typeof value === 'boolean') return value ? '1' : undefined
  if (typeof value === 'number') return String(value)
  return typeof value === 'string' && value !== '' ? value : undefined
}

export interface RawRequest {
  /** Without the question mark. */
  readonly query: string
  readonly contentType: string
  readonly authorization: string | undefined
  readonly body: Uint8Array
}

/**
 * Reads query and body, the body overriding the query. JSON and forms by content type; JSON that can't be read counts as
 * empty, as on a portal. Throws the CodedErrors of the form decoder (413), and NESTING_TOO_DEEP for JSON.
 */
export function readParams(request: RawRequest): RequestParams {
  const fromQuery = Object.entries(decodeForm(request.query, FORM_BODY_LIMITS))
  return new RequestParams([...fromQuery, ...readBody(request)], readBearer(request.authorization))
}

function readBody({ body, contentType }: RawRequest): [string, unknown][] {
  if (body.length === 0) return []
  if (contentType.toLowerCase().startsWith('multipart/form-data')) {
    return Object.entries(decodeForm(multipartToForm(body, contentType), FORM_BODY_LIMITS))
  }
  if (!contentType.toLowerCase().includes('json')) return Object.entries(decodeForm(body, FORM_BODY_LIMITS))
  const text = new TextDecoder().decode(body)
  if (isDeeperThan(text, PORTAL_LIMITS.maxJsonDepth)) throw new CodedError('NESTING_TOO_DEEP')
  try {
    const value: unknown = JSON.parse(text)
    return typeof value === 'object' && value !== null ? Object.entries(value) : []
  } catch {
    return []
  }
}

/** Measured before anything walks the value by recursion. */
function isDeeperThan(json: string, limit: number): boolean {
  let depth = 0
  let inString = false
  for (let index = 0; index < json.length; index++) {
    const char = json[index]
    if (inString) {
      if (char === '\\') index++
      else if (char === '"') inString = false
    } else if (char === '"') inString = true
    else if (char === '{' || char === '[') {
      depth++
      if (depth > limit) return true
    } else if (char === '}' || char === ']') depth--
  }
  return false
}

function readBearer(authorization: string | undefined): string | undefined {
  return /^Bearer\s+(\S+)$/i.exec(authorization ?? '')?.[1]
}
