import type { AuthBlock, EventEnvelope } from '@portline/wire/envelope.ts'
import type { FormValue } from '@portline/wire/form/value.ts'
import type { NewEvent, PortalKey, StoredEvent } from '../store/port.ts'
import type { Sealer } from '../tokens/sealer.ts'

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

function purposeOf({ app, memberId }: PortalKey): string {
  return `auth:${app}:${memberId}`
}

export function sealParts(sealer: Sealer, portal: PortalKey, { auth, data }: Pick<EventEnvelope, 'auth' | 'data'>): SealedParts {
  const open = data === undefined ? undefined : blotted(data)
  const sealed = sealer.seal(purposeOf(portal), JSON.stringify(open === data ? { auth } : { auth, data }))
  return open === undefined ? { auth: sealed } : { auth: sealed, data: open }
}

/** An event whose portal was erased has no auth block any more. */
export function openParts(sealer: Sealer, event: NewEvent): OpenedParts {
  const open = event.data === undefined ? {} : { data: event.data }
  if (event.auth.length === 0) return { ...open, auth: {} }
  return { ...open, ...(JSON.parse(sealer.open(purposeOf(event), event.auth)) as OpenedParts) }
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

/** The value itself when nothing in it is secret, so that the usual event costs no copy. */
function blotted(value: FormValue): FormValue {
  if (typeof value === 'string') return value
  if (Array.isArray(value)) {
    const items = value.map(blotted)
    return items.every((item, index) => item === value[index]) ? value : items
  }
  const entries = Object.entries(value).map(([key, item]) => [key, SECRET_KEYS.has(key.toLowerCase()) ? BLOT : blotted(item)] as const)
  return entries.every(([key, item]) => item === value[key]) ? value : Object.fromEntries(entries)
}
