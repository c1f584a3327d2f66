import { CLAIMS_LOADED } from '../limits.ts'
import type { Store } from '../store/port.ts'
import { envelopeOf } from '../tokens/sealed-event.ts'
import type { Sealer } from '../tokens/sealer.ts'
import type { ClaimedTokens } from './claimed-tokens.ts'
import { judge } from './judge.ts'
import type { KnownPortals } from './known-portals.ts'

export interface LoadClaimsParts {
  readonly store: Store
  readonly sealer: Sealer
  readonly known: KnownPortals
  readonly claimed: ClaimedTokens
}

const CLAIMING_CODES = ['ONAPPINSTALL', 'ONAPPUPDATE']

/**
 * What a former process left under proof claims its application_token again, before anything can come in that carries it. Only of
 * portals with an installation: what comes of the others is held in any case. Of more than CLAIMS_LOADED the newest count; the
 * first review finds the others.
 */
export async function loadClaims({ store, sealer, known, claimed }: LoadClaimsParts): Promise<void> {
  for (const event of await store.heldOfInstalled(CLAIMING_CODES, CLAIMS_LOADED)) {
    const envelope = envelopeOf(sealer, event)
    const verdict = judge(known.get(event), envelope, event.receivedAtMs)
    if (verdict.kind === 'held' && verdict.provable) claimed.claim(event, envelope.auth.application_token)
  }
}
