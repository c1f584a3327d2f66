import { sleep } from '@portline/runtime/clock.ts'
import type { Clock } from '@portline/runtime/clock.ts'
import { UNINSTALL_DOUBT_MS } from '../limits.ts'
import type { Installation, Store } from '../store/port.ts'
import type { AuthServers, Credentials } from '../tokens/auth-server.ts'
import type { Sealer } from '../tokens/sealer.ts'
import { openAccount } from '../tokens/token-pair.ts'

export interface StillInstalledParts {
  readonly store: Store
  readonly sealer: Sealer
  readonly authServers: AuthServers
  readonly credentialsOf: (app: string) => Credentials
  readonly clock: Clock
}

/**
 * Whether the portal's authorization server says plainly that the app is installed there, by an access token that is at hand: none
 * is renewed for it. Answers within UNINSTALL_DOUBT_MS and never rejects: whatever goes wrong is no yes.
 *
 * Not through the gate of proofs: a flood of installs must not make an uninstall wait. One portal asks one question at a time.
 */
export function isStillInstalled(parts: StillInstalledParts, installation: Installation): Promise<boolean> {
  return Promise.race([ask(parts, installation).catch(() => false), sleep(parts.clock, UNINSTALL_DOUBT_MS).then(() => false)])
}

async function ask({ store, sealer, authServers, credentialsOf, clock }: StillInstalledParts, installation: Installation): Promise<boolean> {
  const accounts = await store.accounts(installation)
  // The master comes first.
  const account = accounts.find(({ state, expiresAtMs }) => state === 'live' && expiresAtMs > clock.now())
  if (account === undefined) return false
  const origin = authServers.originOf(installation.serverEndpoint)
  const { client_id, install } = await authServers.appInfo(origin, openAccount(sealer, account).accessToken)
  // Of an app whose installer is open nobody says that it is installed; nor has it an uninstall of its own yet.
  const installed = install.installed || installation.status === 'new'
  return installed && client_id === credentialsOf(installation.app).clientId && install.member_id === installation.memberId
}
