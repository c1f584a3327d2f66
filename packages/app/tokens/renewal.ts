import { sleep } from '@portline/runtime/clock.ts'
import type { Clock } from '@portline/runtime/clock.ts'
import type { Log } from '@portline/runtime/log.ts'
import { CodedError } from '@portline/wire/errors.ts'
import type { TokenResponse } from '@portline/wire/oauth.ts'
import { RENEWAL_CLAIM_MS, RENEWAL_LOOK_MS } from '../limits.ts'
import type { Account } from '../store/accounts.ts'
import type { Installation, InstallationPatch, PortalKey, Store } from '../store/port.ts'
import type { AuthServers, Credentials } from './auth-server.ts'
import { movedTo } from './portal-address.ts'
import type { Moved } from './portal-address.ts'
import type { PortalHosts } from './portal-hosts.ts'
import { isSafeEndpoint } from './safe-endpoint.ts'
import type { Sealer } from './sealer.ts'
import { formerPair, pairOf } from './token-pair.ts'
import type { TokenPair } from './token-pair.ts'
import type { UnsavedPairs } from './unsaved-pairs.ts'

/**
 * One renewal of one account's pair.
 *
 *     wanted ──claimed in the store──> claimed ──the server gives a pair──> issued ──stored──> renewed (the pair before is kept beside it)
 *        │                                │
 *        │                                ├──refused, and so is the pair before, if one is kept──> buried
 *        │                                └──no answer, or one that says nothing of the pair──> released: later
 *        └──somebody else has claimed it──> waits for what comes of that ──> changed: the store is read anew
 *
 * What a crash leaves, step by step, where the server takes each refresh token once only:
 *   before the claim, or claimed     the stored pair is whole. The claim ends by itself.
 *   asked, no answer yet             nobody can tell whether the server has given a pair to nobody. The stored one is tried again: if
 *                                    the question never came, it works. If it came, the pair is lost: what replaced it was never seen.
 *   issued, not stored               the same.
 *   stored                           the new pair is there, and nobody has used it before.
 * So a pair is lost only between the server's writing and ours; no order of steps at our side can close that gap, because the server
 * forgets the old token before we can know the new one. What closes it is what does not hang on this pair: another account of the
 * portal (token-keeper.ts), and else whatever brings its own proof: an installer, a visit of an administrator, an install or update.
 * Where the server goes on taking a used refresh token, nothing is lost at all.
 *
 * The pair before is kept until the new one has proved itself by a call or a renewal. A server that gave a pair and then does not know
 * it (a failover that lost a write) is asked once with the pair before; both refused, the account is dead. What it gives for the pair
 * before is kept beside that one, not beside the pair it does not know: it may lose the next write too.
 */
export interface RenewalParts {
  readonly store: Store
  readonly sealer: Sealer
  readonly authServers: AuthServers
  readonly credentialsOf: (app: string) => Credentials
  readonly clock: Clock
  readonly log: Log
  /** Of this process's claims. */
  readonly owner: string
  /** Where portals may be; anywhere when not given. */
  readonly portalHosts?: PortalHosts
  readonly unsaved: UnsavedPairs
  /** Called after an installation was changed in the store. */
  readonly onChanged: (portal: PortalKey) => Promise<void>
}

/** `changed`: the account is not what it was any more; whoever wants its pair reads it anew. */
export type Renewed = { readonly kind: 'renewed'; readonly pair: TokenPair } | { readonly kind: 'changed' | 'buried' }

/** Errors: RENEWAL_FAILED, AUTH_SERVER_UNKNOWN, STORE_UNAVAILABLE. */
export async function renewAccount(parts: RenewalParts, installation: Installation, account: Account, pair: TokenPair): Promise<Renewed> {
  const { store, clock, owner } = parts
  const claim = await store.claimRenewal(account, { owner, nowMs: clock.now(), forMs: RENEWAL_CLAIM_MS })
  if (claim.kind === 'changed') return { kind: 'changed' }
  if (claim.kind === 'taken') {
    await sleep(clock, Math.max(1, Math.min(RENEWAL_LOOK_MS, claim.untilMs - clock.now())))
    return { kind: 'changed' }
  }
  const { unsaved } = parts
  const asked = await askServer(parts, installation, account, pair).catch(async (error: unknown) => {
    await store.releaseRenewal(account, owner).catch(() => {})
    throw error
  })
  if ('refused' in asked) return bury(parts, account, asked.refused)
  const nowMs = clock.now()
  const renewed = pairOf(asked.response, nowMs)
  const patch: InstallationPatch = {
    ...addressOf(parts, asked.response, installation, nowMs), updatedAtMs: nowMs,
    ...(installation.reason === 'TOKENS_DEAD' ? { clearReason: true } : {}),
  }
  // The claim is left when the store fails: until the pair is stored nobody else is to ask with the one before it.
  const saved = await unsaved.save({ previous: account, pair: renewed, obtainedAtMs: nowMs, patch, former: asked.by })
  return saved ? { kind: 'renewed', pair: renewed } : { kind: 'changed' }
}

/** `by`: the pair that was given for it. */
type Asked = { readonly response: TokenResponse; readonly by: TokenPair } | { readonly refused: string }

async function askServer(parts: RenewalParts, installation: Installation, account: Account, pair: TokenPair): Promise<Asked> {
  const asked = await askWith(parts, installation, pair)
  if ('response' in asked) return asked
  const former = formerPair(parts.sealer, account)
  if (former === undefined) return asked
  const { app, memberId, userId } = account
  parts.log.warn({ app, portal: memberId, user: userId }, 'a renewed pair was refused before it had ever worked: the pair before it is tried once')
  return askWith(parts, installation, former)
}

async function askWith({ authServers, credentialsOf }: RenewalParts, installation: Installation, by: TokenPair): Promise<Asked> {
  const { app, memberId, serverEndpoint } = installation
  try {
    const response = await authServers.renew(serverEndpoint, credentialsOf(app), by.refreshToken)
    if (response.member_id !== memberId) throw new CodedError('RENEWAL_FAILED', 'the new tokens are another portal\'s')
    return { response, by }
  } catch (error) {
    if (error instanceof CodedError && error.code === 'TOKENS_DEAD') return { refused: error.message }
    throw error
  }
}

async function bury({ store, clock, log, onChanged }: RenewalParts, account: Account, reason: string): Promise<Renewed> {
  const { buried, living } = await store.buryAccount(account, { atMs: clock.now(), reason })
  if (!buried) return { kind: 'changed' }
  const { app, memberId, userId } = account
  log.error({ app, portal: memberId, user: userId, code: 'TOKENS_DEAD', reason, otherAccounts: living }, 'the tokens of an account can no longer be renewed')
  await onChanged(account)
  return { kind: 'buried' }
}

/** A renamed portal tells its new address here first; the answer is authenticated, so it is believed, if it is safe and allowed. */
function addressOf({ portalHosts, log }: RenewalParts, response: TokenResponse, installation: Installation, nowMs: number): Moved {
  const clientEndpoint = new URL(response.client_endpoint)
  if (!isSafeEndpoint(clientEndpoint, new URL(installation.serverEndpoint))) return {}
  if (portalHosts?.allows(clientEndpoint.hostname) === false) {
    const { app, memberId } = installation
    log.warn({ app, portal: memberId, host: clientEndpoint.hostname }, 'a portal has moved to a host that PORTLINE_PORTAL_HOSTS does not name: its address is left as it was')
    return {}
  }
  return movedTo(installation, { clientEndpoint: clientEndpoint.href, domain: clientEndpoint.host }, nowMs)
}
