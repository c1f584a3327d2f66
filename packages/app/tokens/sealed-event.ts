import type { AuthBlock, EventEnvelope } from '@portline/wire/envelope.ts'
import type { FormValue } from '@portline/wire/form/value.ts'
import type { NewEvent, PortalKey, StoredEvent } from '../store/port.ts'
import { ifItOpens } from './sealer.ts'
import type { Sealer } from './sealer.ts'

/**
 * The secrets of an event at rest: its auth block with live tokens, and its data where that holds tokens too
 * (ONAPPMETHODCONFIRM, bot events). The data that is stored openly has them blotted out.
 */
export interface SealedParts {
  readonly auth: Uint8Array
  readonly data?: FormValue
}

export interface OpenedParts {
  readonly auth: AuthBlock
  readonly data?: FormValue
}

const SECRET_KEYS = new Set(['token', 'auth', 'access_token', 'refresh_token', 'application_token', 'client_secret', 'auth_id', 'refresh_id'])
const BLOT = '[sealed]'

export function authPurpose({ app, memberId }: PortalKey): string {
  return `auth:${app}:${memberId}`
}

export function sealParts(sealer: Sealer, portal: PortalKey, { auth, data }: Pick<EventEnvelope, 'auth' | 'data'>): SealedParts {
  const open = data === undefined ? undefined : blotted(data)
  const sealed = sealer.seal(authPurpose(portal), JSON.stringify(open === data ? { auth } : { auth, data }))
  return open === undefined ? { auth: sealed } : { auth: sealed, data: open }
}

/** The data as it may be stored openly; the same object when nothing in it is secret. */
export function openData(data: FormValue | undefined): FormValue | undefined {
  return data === undefined ? undefined : blotted(data)
}

/** What each id names is authenticated with it: the ids stand inside the seal. */
export const SHARED_PURPOSE = 'auths'

/** One seal for many events: a cipher costs as much as all else that is done for an event. */
export function sealShared(sealer: Sealer, parts: readonly (readonly [id: string, parts: OpenedParts])[]): Uint8Array {
  // By hand: an object with a new key per event costs more than its text.
  const members = parts.map(([id, part]) => `${JSON.stringify(id)}:${JSON.stringify(part)}`)
  return sealer.seal(SHARED_PURPOSE, `{${members.join(',')}}`)
}

export function openShared(sealer: Sealer, sealed: Uint8Array): Readonly<Record<string, OpenedParts>> {
  return JSON.parse(sealer.open(SHARED_PURPOSE, sealed)) as Record<string, OpenedParts>
}

/** Events that were leased together share the object too: it is opened once. */
const openedShares = new WeakMap<Uint8Array, Readonly<Record<string, OpenedParts>>>()

function sharedPartsOf(sealer: Sealer, event: NewEvent): OpenedParts {
  const opened = openedShares.get(event.auth) ?? openShared(sealer, event.auth)
  openedShares.set(event.auth, opened)
  return opened[event.id] ?? { auth: {} }
}

/** An event whose portal was erased has no auth block any more. */
export function openParts(sealer: Sealer, event: NewEvent): OpenedParts {
  const open = event.data === undefined ? {} : { data: event.data }
  if (event.auth.length === 0) return { ...open, auth: {} }
  if (event.authShared === true) return { ...open, ...sharedPartsOf(sealer, event) }
  return { ...open, ...(JSON.parse(sealer.open(authPurpose(event), event.auth)) as OpenedParts) }
}

/** The envelope as it was received. */
export function envelopeOf(sealer: Sealer, event: StoredEvent): EventEnvelope {
  const { code, handlerId, ts } = event
  return {
    event: code,
    ...(handlerId === undefined ? {} : { event_handler_id: handlerId }),
    ...(ts === undefined ? {} : { ts }),
    ...openParts(sealer, event),
  }
}

/** Nothing when no key at hand opens it. */
export function envelopeIfItOpens(sealer: Sealer, event: StoredEvent): EventEnvelope | undefined {
  return ifItOpens(() => envelopeOf(sealer, event))
}

/** The value itself when nothing in it is secret, so that the usual event costs no copy. */
function blotted(value: FormValue): FormValue {
  if (!holdsSecret(value)) return value
  if (typeof value === 'string') return value
  if (Array.isArray(value)) return value.map(blotted)
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, isSecret(key) ? BLOT : blotted(item)]))
}

function holdsSecret(value: FormValue): boolean {
  if (typeof value === 'string') return false
  if (Array.isArray(value)) return value.some(holdsSecret)
  for (const key in value) {
    if (!Object.hasOwn(value, key)) continue
    const item = value[key]
    if (isSecret(key) || (item !== undefined && holdsSecret(item))) return true
  }
  return false
}

function isSecret(key: string): boolean {
  return SECRET_KEYS.has(key) || SECRET_KEYS.has(key.toLowerCase())
}
