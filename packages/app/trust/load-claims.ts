import { CLAIMS_LOADED } from '../limits.ts'
import type { Store } from '../store/port.ts'
import { envelopeIfItOpens } from '../tokens/sealed-event.ts'
import { demandKeysOfStore, demandNoKeyMissing } from '../tokens/sealed-samples.ts'
import type { KeyRing } from '../tokens/sealer.ts'
import type { ClaimedTokens } from './claimed-tokens.ts'
import { judge } from './judge.ts'
import type { KnownPortals } from './known-portals.ts'

export interface LoadClaimsParts {
  readonly store: Store
  readonly sealer: KeyRing
  readonly known: KnownPortals
  readonly claimed: ClaimedTokens
}

const CLAIMING_CODES = ['ONAPPINSTALL', 'ONAPPUPDATE']

/**
 * What a former process left under proof claims its application_token again, before anything can come in that carries it. Only of
 * portals with an installation: what comes of the others is held in any case. Of more than CLAIMS_LOADED the newest count; the
 * first review finds the others. One that opens with no key at hand claims nothing; the first review tells of it.
 *
 * The keys are tried first: with those of another store nobody could claim anything, and nothing must be taken in.
 * Errors: KEY_INVALID, STORE_UNAVAILABLE.
 */
export async function loadClaims({ store, sealer, known, claimed }: LoadClaimsParts): Promise<void> {
  await demandKeys({ store, sealer, known })
  for (const event of await store.heldOfInstalled(CLAIMING_CODES, CLAIMS_LOADED)) {
    const envelope = envelopeIfItOpens(sealer, event)
    if (envelope === undefined) continue
    const verdict = judge(known.get(event), envelope, event.receivedAtMs)
    if (verdict.kind === 'held' && verdict.provable) claimed.claim(event, envelope.auth.application_token)
  }
}

/** What is in memory nearly always tells. Samples of the rest are read by the store's other thread, for which a usual start must not wait. */
async function demandKeys({ store, sealer, known }: Omit<LoadClaimsParts, 'claimed'>): Promise<void> {
  if (known.opensSome()) return demandNoKeyMissing(store, sealer, known.unopened().flatMap(({ applicationToken }) => applicationToken ?? []))
  const isNew = known.installations().next().done === true && (await store.auditHead()).sealed === undefined
  if (!isNew) await demandKeysOfStore(store, sealer)
}
