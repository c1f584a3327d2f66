import { CodedError } from './errors.ts'
import type { FormMap } from './form/value.ts'

/**
 * What the portal POSTs to an app's own page when it opens in a frame: the installer, the app itself or a placement
 * (settings/oauth/simple-way.md). It comes through the browser, so nothing in it is true before AUTH_ID is proven.
 */
export interface FramePost {
  readonly memberId: string
  readonly accessToken: string
  readonly refreshToken?: string
  /** Seconds. */
  readonly expiresInS?: number
  /** Older portals omit these three. */
  readonly serverEndpoint?: string
  readonly applicationToken?: string
  readonly scope?: string
  readonly status?: string
  readonly placement: string
  readonly placementOptions: Readonly<Record<string, unknown>>
  readonly domain?: string
  readonly language?: string
}

const MAX_FIELD_LENGTH = 4_096

/** Limits and errors: BAD_REQUEST when a field is missing, not a plain value or longer than 4,096 characters. */
export function readFramePost(form: FormMap, query: URLSearchParams): FramePost {
  const expiresInS = Number(text(form, 'AUTH_EXPIRES') ?? Number.NaN)
  return {
    memberId: required(form, 'member_id'),
    accessToken: required(form, 'AUTH_ID'),
    placement: text(form, 'PLACEMENT') ?? 'DEFAULT',
    placementOptions: readOptions(text(form, 'PLACEMENT_OPTIONS')),
    ...optional('refreshToken', text(form, 'REFRESH_ID')),
    ...optional('serverEndpoint', text(form, 'SERVER_ENDPOINT')),
    ...optional('applicationToken', text(form, 'APPLICATION_TOKEN')),
    ...optional('scope', text(form, 'APPLICATION_SCOPE')),
    ...optional('status', text(form, 'status')),
    ...optional('domain', query.get('DOMAIN') ?? undefined),
    ...optional('language', query.get('LANG') ?? undefined),
    ...(Number.isSafeInteger(expiresInS) && expiresInS > 0 ? { expiresInS } : {}),
  }
}

function optional<Key extends string>(key: Key, value: string | undefined): Partial<Record<Key, string>> {
  return value === undefined ? {} : ({ [key]: value } as Record<Key, string>)
}

function text(form: FormMap, name: string): string | undefined {
  const value = Object.hasOwn(form, name) ? form[name] : undefined
  if (value === undefined || value === '') return undefined
  if (typeof value !== 'string') throw new CodedError('BAD_REQUEST', `${name} is not a plain value`)
  if (value.length > MAX_FIELD_LENGTH) {
    throw new CodedError('BAD_REQUEST', `${name} is longer than ${MAX_FIELD_LENGTH} characters`)
  }
  return value
}

function required(form: FormMap, name: string): string {
  const value = text(form, name)
  if (value === undefined) throw new CodedError('BAD_REQUEST', `${name} is missing`)
  return value
}

function readOptions(json: string | undefined): Record<string, unknown> {
  if (json === undefined) return {}
  try {
    const options: unknown = JSON.parse(json)
    return typeof options === 'object' && options !== null ? { ...options } : {}
  } catch {
    throw new CodedError('BAD_REQUEST', 'PLACEMENT_OPTIONS is not JSON')
  }
}
