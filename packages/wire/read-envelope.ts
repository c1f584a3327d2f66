import { AUTH_KEY_ORDER, type AuthBlock, type EventEnvelope } from './envelope.ts'
import { CodedError } from './errors.ts'
import type { FormMap, FormValue } from './form/value.ts'

const EVENT_CODE = /^[0-9A-Z_.]+$/i
/** Characters; the longest documented code has about 50. */
const MAX_EVENT_LENGTH = 100
/** A PHP int of 64 bits has 19 digits at most. */
const WHOLE_NUMBER = /^\d{1,20}$/
/** 32 hex digits in life (md5); the wider set leaves room for other portals' own. */
const MEMBER_ID = /^[0-9A-Za-z_-]{1,64}$/
/** Characters. `scope` lists every permission of the app; the longest others are addresses and tokens. */
const MAX_SCOPE_LENGTH = 4_096
const MAX_FIELD_LENGTH = 1_024

/**
 * Reads the five keys of an event POST out of a decoded form (api-reference/events/index.md). Shape only: nothing in the
 * result is proven. `event` comes out in upper case; empty strings count as absent everywhere but in `data`, which is
 * passed on as it is. `eventId`, which seven pages of the documentation print, is read where `event_handler_id` is absent.
 * Unknown keys, in the auth block too, are left out.
 *
 * Throws CodedError:
 * - EVENT_MISSING: `event` absent or empty.
 * - EVENT_MALFORMED: `event` is not an event code, 1 to 100 of A-Z a-z 0-9 _ and dot, or `ts` or `event_handler_id` is not
 *   1 to 20 digits.
 * - AUTH_MISSING: `auth` absent or empty.
 * - AUTH_MALFORMED: `auth` is a list or a plain value, or a known field is not a string or longer than 1,024 characters
 *   (`scope`: 4,096).
 * - MEMBER_ID_MISSING: `auth[member_id]` absent, empty or not 1 to 64 of A-Z a-z 0-9 _ -.
 */
export function readEnvelope(form: FormMap): EventEnvelope {
  const event = readEventCode(form)
  const handlerId = readWholeNumber(form, 'event_handler_id') ?? readWholeNumber(form, 'eventId')
  const ts = readWholeNumber(form, 'ts')
  const data = own(form, 'data')
  return {
    event,
    ...(handlerId === undefined ? {} : { event_handler_id: handlerId }),
    ...(data === undefined ? {} : { data }),
    ...(ts === undefined ? {} : { ts }),
    auth: readAuth(form),
  }
}

/** A form may have a key named like a member of Object.prototype, so nothing inherited may be taken for a field. */
function own(form: FormMap, key: string): FormValue | undefined {
  return Object.hasOwn(form, key) ? form[key] : undefined
}

function readEventCode(form: FormMap): string {
  const event = own(form, 'event')
  if (event === undefined || event === '') throw new CodedError('EVENT_MISSING')
  if (typeof event !== 'string') throw new CodedError('EVENT_MALFORMED', 'event is not a plain value')
  if (event.length > MAX_EVENT_LENGTH) {
    throw new CodedError('EVENT_MALFORMED', `event has ${event.length} characters, the limit is ${MAX_EVENT_LENGTH}`)
  }
  if (!EVENT_CODE.test(event)) throw new CodedError('EVENT_MALFORMED', 'event has characters no event code has')
  return event.toUpperCase()
}

function readWholeNumber(form: FormMap, key: string): string | undefined {
  const value = own(form, key)
  if (value === undefined || value === '') return undefined
  if (typeof value === 'string' && WHOLE_NUMBER.test(value)) return value
  throw new CodedError('EVENT_MALFORMED', `${key} is not a whole number of at most 20 digits`)
}

function readAuth(form: FormMap): AuthBlock {
  const block = own(form, 'auth')
  if (block === undefined || block === '') throw new CodedError('AUTH_MISSING')
  if (typeof block === 'string') throw new CodedError('AUTH_MALFORMED', 'auth is a plain value')
  if (Array.isArray(block)) throw new CodedError('AUTH_MALFORMED', 'auth is a list')
  const auth: { -readonly [Field in keyof AuthBlock]: AuthBlock[Field] } = {}
  for (const field of AUTH_KEY_ORDER) {
    const value = readAuthField(block, field)
    if (value !== undefined) auth[field] = value
  }
  if (auth.member_id === undefined) throw new CodedError('MEMBER_ID_MISSING')
  if (!MEMBER_ID.test(auth.member_id)) throw new CodedError('MEMBER_ID_MISSING', 'auth[member_id] is not an identifier')
  auth.member_id = copyOf(auth.member_id)
  return auth
}

/** The decoder's strings are views of the whole body, and a portal's name is kept for as long as anything of it is. */
function copyOf(ascii: string): string {
  return Buffer.from(ascii, 'latin1').toString('latin1')
}

function readAuthField(block: FormMap, field: keyof AuthBlock): string | undefined {
  const value = own(block, field)
  if (value === undefined || value === '') return undefined
  if (typeof value !== 'string') throw new CodedError('AUTH_MALFORMED', `auth[${field}] is not a plain value`)
  const limit = field === 'scope' ? MAX_SCOPE_LENGTH : MAX_FIELD_LENGTH
  if (value.length <= limit) return value
  throw new CodedError('AUTH_MALFORMED', `auth[${field}] has ${value.length} characters, the limit is ${limit}`)
}
