import { sleep } from '@portline/runtime/clock.ts'
import type { Clock } from '@portline/runtime/clock.ts'
import { pairIn } from '../installations/lifecycle.ts'
import { UNINSTALL_DOUBT_MS } from '../limits.ts'
import type { Installation, Store } from '../store/port.ts'
import type { AuthServers, Credentials } from '../tokens/auth-server.ts'
import type { Sealer } from '../tokens/sealer.ts'
import { envelopeIfItOpens } from '../tokens/sealed-event.ts'
import { openAccounts } from '../tokens/token-pair.ts'

/** The newest. An install is sent once, and again when its answer was lost. */
const INSTALLS_ASKED = 3
/** One that says yes is enough, and a portal has few administrators. */
const ACCOUNTS_ASKED = 3

export interface StillInstalledParts {
  readonly store: Store
  readonly sealer: Sealer
  readonly authServers: AuthServers
  readonly credentialsOf: (app: string) => Credentials
  readonly clock: Clock
}

/**
 * Whether the portal's authorization server says plainly that the app is installed there, by an access token that is at hand: none
 * is renewed for it. Answers within UNINSTALL_DOUBT_MS of the store's answers, and never rejects: whatever goes wrong is no yes. A slow
 * disk is no silence of the server's, and leaves it its time.
 *
 * Not through the gate of proofs: a flood of installs must not make an uninstall wait. One portal asks one question at a time.
 */
export async function isStillInstalled(parts: StillInstalledParts, installation: Installation): Promise<boolean> {
  try {
    const tokens = [...(await accountTokens(parts, installation)), ...(await waitingTokens(parts, installation))]
    return await Promise.race([ask(parts, installation, tokens), sleep(parts.clock, UNINSTALL_DOUBT_MS).then(() => false)])
  } catch {
    return false
  }
}

function ask({ authServers, credentialsOf }: StillInstalledParts, installation: Installation, tokens: readonly string[]): Promise<boolean> {
  const origin = authServers.originOf(installation.serverEndpoint)
  const says = async (accessToken: string): Promise<boolean> => {
    const { client_id, install } = await authServers.appInfo(origin, accessToken)
    // Of an app whose installer is open nobody says that it is installed; nor has it an uninstall of its own yet.
    const installed = install.installed || installation.status === 'new'
    return installed && client_id === credentialsOf(installation.app).clientId && install.member_id === installation.memberId
  }
  return Promise.any(tokens.map(async (token) => (await says(token)) || Promise.reject(new Error('no'))))
}

/**
 * The master's and others'. Of dead accounts too: what was refused is their refresh token, and until it expires their access token may be
 * all that speaks for a portal whose new pair was lost in a crash.
 */
async function accountTokens({ store, sealer, clock }: StillInstalledParts, installation: Installation): Promise<string[]> {
  const good = (await store.accounts(installation)).filter(({ expiresAtMs }) => expiresAtMs > clock.now())
  // The master comes first.
  const inTurn = [...good.filter(({ state }) => state === 'live'), ...good.filter(({ state }) => state === 'dead')]
  return [...openAccounts(sealer, inTurn)].slice(0, ACCOUNTS_ASKED).map(({ pair }) => pair.accessToken)
}

/** An uninstall revokes the accounts' tokens: when another install waits in its lane, only what it brings is good for an answer. */
async function waitingTokens({ store, sealer, clock }: StillInstalledParts, { app, memberId }: Installation): Promise<string[]> {
  const { events } = await store.listEvents({ app, memberId, state: 'pending', code: 'ONAPPINSTALL', limit: INSTALLS_ASKED })
  const found = await Promise.all(events.map(({ id }) => store.event(id)))
  return found.flatMap((event) => {
    const envelope = event === undefined ? undefined : envelopeIfItOpens(sealer, event)
    const pair = event === undefined || envelope === undefined ? undefined : pairIn(envelope.auth, event)
    return pair === undefined || pair.expiresAtMs <= clock.now() ? [] : [pair.accessToken]
  })
}
