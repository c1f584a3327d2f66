import { RESEAL_SLICE_BYTES, RESEAL_SLICE_VALUES } from '../limits.ts'
import type { Store } from '../store/port.ts'
import type { Resealed, SealedValue } from '../store/sealed.ts'
import { applicationTokenPurpose } from './application-token.ts'
import { SHARED_PURPOSE, authPurpose } from './sealed-event.ts'
import { AUDIT_HEAD_PURPOSE, ifItOpens } from './sealer.ts'
import type { Sealer } from './sealer.ts'
import { accountPurpose } from './token-pair.ts'

/** What a slice, or many of them, came to. */
export interface Reseal {
  readonly resealed: number
  /** Somebody else changed the value meanwhile: looked at again in the next pass. */
  readonly missed: number
  /** No key at hand opens it. It is left as it is. */
  readonly unreadable: number
}

/** Looks at one slice of the store and seals anew what the active key did not seal. Errors: STORE_UNAVAILABLE. */
export async function resealSlice(store: Store, sealer: Sealer, after: string | undefined, upToSeq?: number): Promise<Reseal & { readonly next?: string }> {
  const { values, next } = await store.sealedOtherwise({ prefix: sealer.prefix, after, upToSeq, limit: RESEAL_SLICE_VALUES, maxBytes: RESEAL_SLICE_BYTES })
  const changes = values.flatMap((value) => resealed(sealer, value) ?? [])
  const changed = changes.length === 0 ? 0 : await store.replaceSealed(changes)
  const done = { resealed: changed, missed: changes.length - changed, unreadable: values.length - changes.length }
  return next === undefined ? done : { ...done, next }
}

/** The whole store, without a rest: for one that nobody uses. */
export async function resealStore(store: Store, sealer: Sealer): Promise<Reseal> {
  let total: Reseal = { resealed: 0, missed: 0, unreadable: 0 }
  let after: string | undefined
  do {
    const { next, ...slice } = await resealSlice(store, sealer, after)
    total = sum(total, slice)
    after = next
  } while (after !== undefined)
  return total
}

export function sum(one: Reseal, other: Reseal): Reseal {
  return { resealed: one.resealed + other.resealed, missed: one.missed + other.missed, unreadable: one.unreadable + other.unreadable }
}

function resealed(sealer: Sealer, value: SealedValue): Resealed | undefined {
  const purpose = purposeOf(value)
  const plain = ifItOpens(() => sealer.open(purpose, value.sealed))
  return plain === undefined ? undefined : { value, sealed: sealer.seal(purpose, plain) }
}

/** What comes from elsewhere may be sealed with a former key, and this store must not take such up again. Errors: KEY_INVALID. */
export function underActiveKey(sealer: Sealer, purpose: string, sealed: Uint8Array): Uint8Array {
  if (Buffer.from(sealer.prefix).equals(sealed.subarray(0, sealer.prefix.length))) return sealed
  return sealer.seal(purpose, sealer.open(purpose, sealed))
}

function purposeOf(value: SealedValue): string {
  switch (value.kind) {
    case 'application_token':
      return applicationTokenPurpose(value)
    case 'tokens':
    case 'former_tokens':
      return accountPurpose(value, value.userId)
    case 'auth':
      return authPurpose(value)
    case 'auths':
      return SHARED_PURPOSE
    case 'audit_head':
      return AUDIT_HEAD_PURPOSE
  }
}
