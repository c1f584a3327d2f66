import type { SealedSample } from '../store/keeping.ts'
import { digestOfSealed } from './application-token.ts'
import { openShared } from './sealed-event.ts'
import type { Sealer } from './sealer.ts'
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
