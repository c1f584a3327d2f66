import { CodedError } from '@portline/wire/errors.ts'
import { RESEAL_SLICE_BYTES, RESEAL_SLICE_VALUES } from '../limits.ts'
import { LOST_KEYS_NOTE } from '../store/keeping.ts'
import type { SealedSample } from '../store/keeping.ts'
import type { Store } from '../store/port.ts'
import { applicationTokenPurpose } from './application-token.ts'
import { openShared } from './sealed-event.ts'
import { AUDIT_HEAD_PURPOSE, idIn } from './sealer.ts'
import type { KeyRing, Sealer } from './sealer.ts'
import { openAccount } from './token-pair.ts'

/** Opens what a store has sealed, to see whether the key is the right one. Errors: KEY_INVALID. */
function demandOpens(sealer: Sealer, { kind, app, memberId, userId, sealed }: SealedSample): void {
  switch (kind) {
    case 'application_token':
      sealer.open(applicationTokenPurpose({ app, memberId }), sealed)
      return
    case 'tokens':
      openAccount(sealer, { app, memberId, userId, tokens: sealed, master: true, state: 'live', expiresAtMs: 0, obtainedAtMs: 0 })
      return
    case 'auths':
      openShared(sealer, sealed)
  }
}

/**
 * Of a backup: one that was made while the key was changed needs both. A value that was changed though its key is at hand is no matter of
 * the key, nor is what an operator has given up. Errors: KEY_INVALID.
 */
export function demandKeysOfSamples(sealer: KeyRing, samples: readonly SealedSample[], lost: string | undefined): void {
  demandNone(missingKeys(sealer, samples.filter((sample) => !opens(() => demandOpens(sealer, sample))), idsIn(lost)), sealer)
}

/**
 * Tells keys of another store from values that were changed. What opens is sealed with our key, and then one that does not open is
 * no matter of the key; nor is what an operator has given up. Errors: KEY_INVALID with the ids of both, STORE_UNAVAILABLE.
 */
export async function demandKeysOfStore(store: Pick<Store, 'sealedSamples' | 'auditHead' | 'note'>, sealer: KeyRing): Promise<void> {
  const { sealed: seal } = await store.auditHead()
  if (seal !== undefined && opens(() => sealer.open(AUDIT_HEAD_PURPOSE, seal))) return
  const samples = await store.sealedSamples()
  if (samples.some((sample) => opens(() => demandOpens(sealer, sample)))) return
  demandNone(missingKeys(sealer, [...samples, ...(seal === undefined ? [] : [{ sealed: seal }])], await lostKeys(store)), sealer)
}

/**
 * Of values that do not open though others do. A key that several of them name, and that is neither at hand nor given up, was taken away
 * too early; what one alone names may be damage. Errors: KEY_INVALID with the ids of both.
 */
export async function demandNoKeyMissing(store: Pick<Store, 'note'>, sealer: KeyRing, values: readonly Uint8Array[]): Promise<void> {
  if (values.length === 0) return
  const byKey = Map.groupBy(values, idIn)
  const several = values.filter((sealed) => (byKey.get(idIn(sealed))?.length ?? 0) > 1)
  demandNone(missingKeys(sealer, several.map((sealed) => ({ sealed })), await lostKeys(store)), sealer)
}

function missingKeys(sealer: KeyRing, values: readonly Pick<SealedSample, 'sealed'>[], lost: readonly string[]): readonly string[] {
  const missing = new Set(values.map(({ sealed }) => idIn(sealed)))
  for (const id of [...sealer.keyIds, ...lost]) missing.delete(id)
  return [...missing]
}

function demandNone(missing: readonly string[], { keyIds }: KeyRing): void {
  if (missing.length > 0) throw new CodedError('KEY_INVALID', `the store is sealed with the key ${missing.join(', ')}; at hand is ${keyIds.join(', ')}`)
}

const LOOKED_AT_ONCE = { limit: RESEAL_SLICE_VALUES, maxBytes: RESEAL_SLICE_BYTES }
/** No sealed value begins so: all of them are looked at. */
const NO_PREFIX = new Uint8Array([0])

async function lostKeys(store: Pick<Store, 'note'>): Promise<readonly string[]> {
  return idsIn(await store.note(LOST_KEYS_NOTE))
}

function idsIn(note: string | undefined): readonly string[] {
  return note?.split(' ').filter((id) => id !== '') ?? []
}

/**
 * An operator goes ahead without the keys of this store: it may be opened with others from now on, and what is sealed in it stays as it
 * is until they are found. Keys of later, mistyped, are told apart as before. Answers with the ids of those that are lost.
 * Errors: STORE_UNAVAILABLE.
 */
export async function giveUpKeys(store: Pick<Store, 'sealedOtherwise' | 'note' | 'saveNote'>, keyIds: readonly string[]): Promise<readonly string[]> {
  const lost = new Set(await lostKeys(store))
  let after: string | undefined
  do {
    const { values, next } = await store.sealedOtherwise({ prefix: NO_PREFIX, after, ...LOOKED_AT_ONCE })
    for (const { sealed } of values) lost.add(idIn(sealed))
    after = next
  } while (after !== undefined)
  for (const id of keyIds) lost.delete(id)
  await store.saveNote(LOST_KEYS_NOTE, [...lost].join(' '))
  return [...lost]
}

/** Keys that leave although something stays sealed that does not open: damaged values name them for ever. Errors: STORE_UNAVAILABLE. */
export async function noteLostKeys(store: Pick<Store, 'note' | 'saveNote'>, ids: readonly string[]): Promise<void> {
  await store.saveNote(LOST_KEYS_NOTE, [...new Set([...await lostKeys(store), ...ids])].join(' '))
}

function opens(open: () => unknown): boolean {
  try {
    open()
    return true
  } catch {
    return false
  }
}
