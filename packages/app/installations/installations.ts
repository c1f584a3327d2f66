import type { Clock } from '@portline/runtime/clock.ts'
import { Serial } from '@portline/runtime/serial.ts'
import { CodedError } from '@portline/wire/errors.ts'
import type { Account, Installation, InstallationPatch, InstallationStatus, PortalKey, Store, StoredEvent } from '../store/port.ts'
import { sealApplicationToken } from '../tokens/application-token.ts'
import { openShared, sealShared } from '../tokens/sealed-event.ts'
import type { Sealer } from '../tokens/sealer.ts'
import { sealAccount } from '../tokens/token-pair.ts'
import type { TokenPair } from '../tokens/token-pair.ts'
import type { KnownPortals } from '../trust/known-portals.ts'
import type { ProvenInstaller } from '../trust/prover.ts'
import { nextStatus } from './states.ts'

/**
 * Every change of an installation, each durable before it is known to the hot path. Nothing here asks whether a change is
 * deserved: whoever calls has a proof.
 */
export interface Installations {
  /**
   * An administrator's token was confirmed: opens the portal, or renews what is known of it. Errors: PROOF_UNAVAILABLE when
   * the portal was uninstalled while the proof was under way.
   */
  confirm(portal: PortalKey, proven: ProvenInstaller, facts: ConfirmedFacts): Promise<Installation>
  patch(portal: PortalKey, patch: Omit<InstallationPatch, 'updatedAtMs'>, account?: Account): Promise<Installation>
  /** Stops all use of tokens at once. Idempotent. */
  close(portal: PortalKey): Promise<void>
  /** CLEAN=1: erases what this uninstall ends, but for a tombstone that recognises a repeated or late event. */
  erase(uninstall: StoredEvent): Promise<void>
  get(portal: PortalKey): Promise<Installation | undefined>
  /** The same from memory, for the path that every event takes. */
  known(portal: PortalKey): Installation | undefined
  /** Somebody else changed the installation in the store. */
  relearn(portal: PortalKey): Promise<void>
  onChange(listener: (installation: Installation) => void): void
}

export interface ConfirmedFacts {
  /** new: its installer is open; active: the portal said the installation is complete. */
  readonly status: 'new' | 'active'
  /** When the authorization server was asked: its answer says nothing of an uninstall since. */
  readonly askedAtMs: number
  readonly applicationToken?: string | undefined
  readonly language?: string | undefined
  readonly version?: string | undefined
  /** The installer's own tokens, if they came along. */
  readonly pair?: TokenPair | undefined
}

export interface InstallationsParts {
  readonly store: Store
  readonly sealer: Sealer
  readonly known: KnownPortals
  readonly clock: Clock
}

export function createInstallations({ store, sealer, known, clock }: InstallationsParts): Installations {
  const listeners: ((installation: Installation) => void)[] = []
  // An uninstall and a proof of the same portal may meet: one must be whole before the other reads.
  const serial = new Serial()
  const inTurn = <Result>({ app, memberId }: PortalKey, task: () => Promise<Result>): Promise<Result> =>
    serial.run(`${app}/${memberId}`, task)

  const learn = (installation: Installation): Installation => {
    known.learn(installation)
    for (const listener of listeners) listener(installation)
    return installation
  }
  const reread = async (portal: PortalKey): Promise<Installation> => {
    const installation = await store.installation(portal)
    if (installation === undefined) throw new CodedError('NOT_FOUND', 'the portal has no installation')
    return learn(installation)
  }

  return {
    get: (portal) => store.installation(portal),
    known: (portal) => known.get(portal)?.installation,
    relearn: async (portal) => void (await reread(portal)),
    onChange: (listener) => listeners.push(listener),

    confirm: (portal, proven, facts) =>
      inTurn(portal, async () => {
        const nowMs = clock.now()
        const current = await store.installation(portal)
        if (current?.status === 'deleted' && (current.deletedAtMs ?? 0) > facts.askedAtMs) {
          throw new CodedError('PROOF_UNAVAILABLE', 'the app was uninstalled while its proof was under way')
        }
        const base = confirmed(portal, current, proven, facts, nowMs)
        const token = facts.applicationToken === undefined ? undefined : sealApplicationToken(sealer, portal, facts.applicationToken)
        const installation = token === undefined ? base : { ...base, applicationToken: token }
        const reopened = installation.generation !== current?.generation
        const { pair } = facts
        const wanted = pair !== undefined && (reopened || (await isNewer(store, portal, pair)))
        const account = wanted ? sealAccount(sealer, { portal, userId: proven.userId, master: true, pair, nowMs }) : undefined
        await store.saveInstallation(installation, account)
        // Events of the former installation are over now: those that wait for another try must not hold up the new one.
        if (reopened) await store.hastenLane(portal)
        return learn(installation)
      }),

    patch: (portal, patch, account) =>
      inTurn(portal, async () => {
        const current = known.get(portal)?.installation.status
        // A deleted installation is not patched at all: whoever comes late finds that out by what is returned.
        if (patch.status !== undefined && current !== 'deleted') nextStatus(current, patch.status)
        await store.patchInstallation(portal, { ...patch, updatedAtMs: clock.now() }, account)
        return reread(portal)
      }),

    close: (portal) =>
      inTurn(portal, async () => {
        const nowMs = clock.now()
        await store.patchInstallation(portal, { status: 'deleted', deletedAtMs: nowMs, updatedAtMs: nowMs })
        await reread(portal)
      }),

    erase: (uninstall) =>
      inTurn(uninstall, async () => {
        await eraseSharedAuths(store, sealer, uninstall)
        await store.erasePortal(uninstall, uninstall.id, uninstall.generation)
        await reread(uninstall)
      }),
  }
}

/** A late copy of an install brings the pair that ours was renewed from: spent, though its access token still proves something. */
async function isNewer(store: Store, portal: PortalKey, pair: TokenPair): Promise<boolean> {
  const master = (await store.accounts(portal)).find((account) => account.master)
  return master === undefined || master.state === 'dead' || pair.expiresAtMs > master.expiresAtMs
}

/** Seals of a batch at once: one answer, one look at memory. */
const SHARES_AT_ONCE = 100

/** The portal's auth blocks that were sealed together with those of others are taken out from among them. */
async function eraseSharedAuths(store: Store, sealer: Sealer, uninstall: StoredEvent): Promise<void> {
  for (;;) {
    const shares = await store.sharedAuths(uninstall, uninstall.id, SHARES_AT_ONCE)
    for (const share of shares) {
      const gone = new Set(share.eventIds)
      const others = Object.entries(openShared(sealer, share.sealed)).filter(([id]) => !gone.has(id))
      await store.replaceSharedAuth(share, sealShared(sealer, others))
    }
    if (shares.length === 0) return
  }
}

function confirmed(
  portal: PortalKey,
  current: Installation | undefined,
  proven: ProvenInstaller,
  facts: ConfirmedFacts,
  nowMs: number,
): Installation {
  const reopened = current === undefined || current.status === 'deleted'
  const status: InstallationStatus = reopened || facts.status === 'active' ? facts.status : current.status
  const { reason, ...known } = current ?? {}
  const healed = reason === 'TOKENS_DEAD' && facts.pair !== undefined
  const kept = reopened ? {} : { ...known, ...(reason === undefined || healed ? {} : { reason }) }
  // A market app keeps its application_token over uninstall and reinstall, so a deleted portal's stays known.
  const token = current?.applicationToken === undefined ? {} : { applicationToken: current.applicationToken }
  const version = facts.version ?? proven.version
  return {
    ...kept,
    ...token,
    app: portal.app,
    memberId: portal.memberId,
    status: nextStatus(current?.status, status),
    generation: reopened ? (current?.generation ?? 0) + 1 : current.generation,
    domain: proven.domain,
    clientEndpoint: proven.clientEndpoint,
    serverEndpoint: proven.serverEndpoint,
    appStatus: proven.appStatus,
    scope: proven.scope,
    installerProvenAtMs: facts.askedAtMs,
    updatedAtMs: nowMs,
    ...(version === '' ? {} : { version }),
    ...(facts.language === undefined ? {} : { language: facts.language }),
    ...(status === 'active' ? { installedAtMs: (reopened ? undefined : current.installedAtMs) ?? nowMs } : {}),
  }
}
