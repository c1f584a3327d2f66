import { CodedError } from '@portline/wire/errors.ts'
import type { SealedSample } from '../store/keeping.ts'
import type { Store } from '../store/port.ts'
import { digestOfSealed } from './application-token.ts'
import { openShared } from './sealed-event.ts'
import { AUDIT_HEAD_PURPOSE, idIn } from './sealer.ts'
import type { KeyRing, Sealer } from './sealer.ts'
import { openAccount } from './token-pair.ts'

/** Opens what a store has sealed, to see whether the key is the right one. Errors: KEY_INVALID. */
export function demandOpens(sealer: Sealer, { kind, app, memberId, userId, sealed }: SealedSample): void {
  switch (kind) {
    case 'application_token':
      digestOfSealed(sealer, { app, memberId }, sealed)
      return
    case 'tokens':
      openAccount(sealer, { app, memberId, userId, tokens: sealed, master: true, state: 'live', expiresAtMs: 0, obtainedAtMs: 0 })
      return
    case 'auths':
      openShared(sealer, sealed)
  }
}

/**
 * Tells keys of another store from values that were changed. What opens is sealed with our key, and then one that does not open is
 * no matter of the key. Errors: KEY_INVALID with the ids of both, STORE_UNAVAILABLE.
 */
export async function demandKeysOfStore(store: Pick<Store, 'sealedSamples' | 'auditHead'>, sealer: KeyRing): Promise<void> {
  const samples = await store.sealedSamples()
  const { sealed: seal } = await store.auditHead()
  if (samples.some((sample) => opens(() => demandOpens(sealer, sample)))) return
  if (seal !== undefined && opens(() => sealer.open(AUDIT_HEAD_PURPOSE, seal))) return
  const needed = new Set([...samples.map(({ sealed }) => sealed), ...(seal === undefined ? [] : [seal])].map(idIn))
  for (const id of sealer.keyIds) needed.delete(id)
  if (needed.size === 0) return
  throw new CodedError('KEY_INVALID', `the store is sealed with the key ${[...needed].join(', ')}; at hand is ${sealer.keyIds.join(', ')}`)
}

function opens(open: () => unknown): boolean {
  try {
    open()
    return true
  } catch {
    return false
  }
}
