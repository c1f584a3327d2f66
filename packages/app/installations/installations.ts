import type { Clock } from '@portline/runtime/clock.ts'
import { Serial } from '@portline/runtime/serial.ts'
import { CodedError } from '@portline/wire/errors.ts'
import type { AuditCause } from '../store/audit.ts'
import { installationChanges } from '../store/audit-changes.ts'
import type { Account } from '../store/accounts.ts'
import type {
  Installation, InstallationPatch, InstallationStatus, ListedEvent, NewEvent, PortalKey, Store,
} from '../store/port.ts'
import { keyOf } from '../store/portal-key.ts'
import { digestOfSealed, hasDigest, sealApplicationToken } from '../tokens/application-token.ts'
import { addressAfter, replacedBy } from '../tokens/portal-address.ts'
import type { Sealer } from '../tokens/sealer.ts'
import { placeOf } from '../tokens/account-place.ts'
import { sealAccount } from '../tokens/token-pair.ts'
import type { TokenPair } from '../tokens/token-pair.ts'
import { believedRaisedAtMs, raisedAtMs } from '../raised-at.ts'
import type { KnownPortals } from '../trust/known-portals.ts'
import type { ProvenInstaller } from '../trust/prover.ts'
import { ChangeLimits } from './change-limits.ts'
import { PORTAL_BLOCKS, isHeldByOperator, nextStatus } from './states.ts'
import type { BlockReason } from './states.ts'
import { uninstallMark, withMark } from './uninstall-mark.ts'

/**
 * Every change of an installation, each durable before it is known to the hot path. Nothing here asks whether a change is
 * deserved: whoever calls has a proof.
 */
export interface Installations {
  /**
   * An administrator's token was confirmed: opens the portal, or renews what is known of it. Errors: PROOF_UNAVAILABLE when
   * the portal was uninstalled while the proof was under way, or
   * was changed by proofs too often in this hour.
   */
  confirm(portal: PortalKey, proven: ProvenInstaller, facts: ConfirmedFacts): Promise<Installation>
  patch(portal: PortalKey, patch: Omit<InstallationPatch, 'updatedAtMs'>, account?: Account, cause?: AuditCause): Promise<Installation>
  /** Stops all use of tokens at once, and remembers by which uninstall. Idempotent; an uninstall of another generation changes nothing. */
  close(portal: PortalKey, uninstall: Uninstall, cause?: AuditCause): Promise<void>
  /**
   * What was told of an earlier time than what is known already changes nothing, nor what events tell too often (change-limits.ts). An
   * operator's block is never written over. Idempotent.
   */
  block(portal: PortalKey, reason: BlockReason, cause: AuditCause, atMs: number): Promise<void>
  /** Of a portal that is blocked for one of these reasons. Idempotent. */
  unblock(portal: PortalKey, reasons: readonly BlockReason[], cause: AuditCause, atMs: number): Promise<void>
  /** Two portals speak in its name: marks it, and leaves everything else as it is. Idempotent. */
  noticeClone(portal: PortalKey, cause: AuditCause): Promise<void>
  /**
   * CLEAN=1: begins to erase what this uninstall ends (and ends it, if it has not been), but for a tombstone that recognises a repeated or late event. What is left to
   * do then stands in the store.
   */
  erase(uninstall: ListedEvent): Promise<void>
  get(portal: PortalKey): Promise<Installation | undefined>
  /** The same from memory, for the path that every event takes. */
  known(portal: PortalKey): Installation | undefined
  /** Somebody else changed the installation in the store. */
  relearn(portal: PortalKey): Promise<void>
  onChange(listener: (installation: Installation) => void): void
}

export type Uninstall = Pick<NewEvent, 'id' | 'generation' | 'ts' | 'data'>

export interface ConfirmedFacts {
  /** new: its installer is open; active: the portal said the installation is complete. */
  readonly status: 'new' | 'active'
  /** When the authorization server was asked: its answer says nothing of an uninstall since. */
  readonly askedAtMs: number
  readonly applicationToken?: string | undefined
  readonly language?: string | undefined
  readonly version?: string | undefined
  /** By the portal's clock: `ts` of the event that brought the proof. */
  readonly ts?: string | undefined
  /** The installer's own tokens, if they came along. */
  readonly pair?: TokenPair | undefined
  /** Who brought the proof. */
  readonly cause?: AuditCause | undefined
}

export interface InstallationsParts {
  readonly store: Store
  readonly sealer: Sealer
  readonly known: KnownPortals
  readonly clock: Clock
  /** An erasure was begun. */
  readonly onErasing?: () => void
  /** Makes due now what waits in the portal's lane: by way of its lane, which may have outcomes on their way to the disk. */
  readonly hasten?: (portal: PortalKey) => Promise<void>
}

const BY_ITSELF: AuditCause = { by: 'app side' }

/** An event is the cause of what its step changes. */
export function byEvent({ id, proof, userId }: Pick<NewEvent, 'id' | 'proof' | 'userId'>): AuditCause {
  return { by: 'event', ref: id, ...(proof === undefined ? {} : { proof }), ...(userId === undefined ? {} : { userId }) }
}

export function createInstallations({ store, sealer, known, clock, onErasing, hasten = (portal) => store.hastenLane(portal) }: InstallationsParts): Installations {
  const listeners: ((installation: Installation) => void)[] = []
  // An uninstall and a proof of the same portal may meet: one must be whole before the other reads.
  const serial = new Serial()
  const limits = new ChangeLimits(clock)
  const inTurn = <Result>({ app, memberId }: PortalKey, task: () => Promise<Result>): Promise<Result> =>
    serial.run(`${app}/${memberId}`, task)

  /** Uninstalls that the store has and whose closing it has not taken yet. */
  const unclosed = new Map<string, { readonly uninstall: Uninstall; readonly cause: AuditCause | undefined; readonly atMs: number }>()

  const learn = (installation: Installation): Installation => {
    const closing = unclosed.get(keyOf(installation))
    known.learn(closing?.uninstall.generation === installation.generation ? { ...installation, ...closed(installation, closing.uninstall, closing.atMs) } : installation)
    for (const listener of listeners) listener(installation)
    return installation
  }
  const reread = async (portal: PortalKey): Promise<Installation> => {
    const installation = await store.installation(portal)
    if (installation === undefined) throw new CodedError('NOT_FOUND', 'the portal has no installation')
    return learn(installation)
  }

  /** Says so while no account of the portal has usable tokens, and no longer. */
  const markReinstall = async (installation: Installation): Promise<void> => {
    const { status, reason } = installation
    if (status === 'deleted' || status === 'blocked') return
    const accounts = await store.accounts(installation)
    const isDead = accounts.length > 0 && accounts.every(({ state }) => state === 'dead')
    if (isDead === (reason === 'NEED_REINSTALL')) return
    const patch = isDead ? { reason: 'NEED_REINSTALL' as const } : { clearReason: true as const }
    await store.patchInstallation(installation, { ...patch, updatedAtMs: clock.now() })
    await reread(installation)
  }
  const markReplaced = async (replaced: Installation, cause: AuditCause): Promise<void> => {
    if (replaced.status === 'blocked') return
    await store.patchInstallation(replaced, { reason: 'PORTAL_REPLACED', updatedAtMs: clock.now() }, undefined, cause)
    await reread(replaced)
  }

  /**
   * The uninstall itself is on disk: where the store does not take its closing just now, the installation counts as closed all the same,
   * and nothing opens it before it is. Else an install that comes in meanwhile would become a part of what is to be closed.
   */
  const closeNow = async (portal: PortalKey, uninstall: Uninstall, cause: AuditCause | undefined): Promise<void> => {
    const key = keyOf(portal)
    const seen = known.get(portal)?.installation
    if (seen?.generation === uninstall.generation && seen.status !== 'deleted') {
      unclosed.set(key, { uninstall, cause, atMs: clock.now() })
      learn(seen)
    }
    const current = await store.installation(portal)
    if (current?.generation === uninstall.generation) await store.patchInstallation(portal, closed(current, uninstall, unclosed.get(key)?.atMs ?? clock.now()), undefined, cause)
    // Another one's closing may still be owed.
    if (unclosed.get(key)?.uninstall.generation === uninstall.generation) unclosed.delete(key)
    if (current?.generation === uninstall.generation) await reread(portal)
  }
  const closeFirst = async (portal: PortalKey): Promise<void> => {
    const closing = unclosed.get(keyOf(portal))
    if (closing !== undefined) await closeNow(portal, closing.uninstall, closing.cause)
  }

  /** Nobody but an operator changes a deleted installation. */
  const liftDeleted = async (deleted: Installation, cause: AuditCause): Promise<void> => {
    const { reason: _, ...installation } = deleted
    await store.saveInstallation({ ...installation, updatedAtMs: clock.now() }, undefined, cause)
    await reread(installation)
  }

  return {
    get: (portal) => store.installation(portal),
    known: (portal) => known.get(portal)?.installation,
    // In turn: an installer may bring new tokens just now.
    relearn: (portal) => inTurn(portal, async () => void (await markReinstall(await reread(portal)))),
    onChange: (listener) => listeners.push(listener),

    confirm: (portal, proven, facts) =>
      inTurn(portal, async () => {
        await closeFirst(portal)
        const nowMs = clock.now()
        const current = await store.installation(portal)
        if (current?.status === 'deleted' && (current.deletedAtMs ?? 0) > facts.askedAtMs) {
          throw new CodedError('PROOF_UNAVAILABLE', 'the app was uninstalled while its proof was under way')
        }
        const base = confirmed(portal, current, proven, facts, nowMs)
        const token = isOvertaken(current, facts) ? undefined : newToken(sealer, portal, current, facts.applicationToken)
        const installation = token === undefined ? base : { ...base, applicationToken: token }
        const cause = { ...BY_ITSELF, ...facts.cause, userId: proven.userId }
        const reopened = installation.generation !== current?.generation
        const { pair } = facts
        const place = pair === undefined ? 'none' : reopened ? 'master' : placeOf(await store.accounts(portal), proven.userId, pair)
        const account = pair === undefined || place === 'none' ? undefined
          : sealAccount(sealer, { portal, userId: proven.userId, master: place === 'master', pair, nowMs })
        const changes = account !== undefined || installationChanges(current, installation, cause).length > 0
        if (changes && !limits.take(portal, 'proof')) throw new CodedError('PROOF_UNAVAILABLE', 'the installation was changed too often in this hour')
        await store.saveInstallation(installation, account, cause)
        for (const replaced of replacedBy(installation, known.installations())) await markReplaced(replaced, cause)
        const learnt = learn(installation)
        // Events of the former installation are over now: those that wait for another try must not hold up the new one.
        if (reopened) await hasten(portal)
        return learnt
      }),

    patch: (portal, patch, account, cause) =>
      inTurn(portal, async () => {
        const current = known.get(portal)?.installation
        const { status, clearReason, ...rest } = withinLimits(patch, current, () => cause?.by !== 'event' || limits.take(portal, 'version'))
        // Only what ends the reason ends the block.
        const staysBlocked = current?.status === 'blocked' && status !== 'deleted' && (isHeldByOperator(current) || clearReason !== true)
        const allowed: Omit<InstallationPatch, 'updatedAtMs'> = {
          ...rest, ...(staysBlocked || status === undefined ? {} : { status }), ...(staysBlocked || clearReason === undefined ? {} : { clearReason }),
        }
        // A deleted installation is not patched at all: whoever comes late finds that out by what is returned.
        if (allowed.status !== undefined && current?.status !== 'deleted') nextStatus(current?.status, allowed.status)
        await store.patchInstallation(portal, { ...allowed, updatedAtMs: clock.now() }, account, cause)
        return reread(portal)
      }),

    close: (portal, uninstall, cause) => inTurn(portal, () => closeNow(portal, uninstall, cause)),

    block: (portal, reason, cause, atMs) =>
      inTurn(portal, async () => {
        const current = await store.installation(portal)
        if (current === undefined || current.status === 'deleted' || isHeldByOperator(current)) return
        const wasToldLater = reason !== 'PORTAL_BLOCKED' && (current.statusAtMs ?? 0) > atMs
        if (wasToldLater || current.reason === reason) return
        nextStatus(current.status, 'blocked')
        if (cause.by === 'event' && !limits.take(portal, 'block')) return
        await store.patchInstallation(portal, { status: 'blocked', reason, statusAtMs: atMs, updatedAtMs: clock.now() }, undefined, cause)
        await reread(portal)
      }),

    unblock: (portal, reasons, cause, atMs) =>
      inTurn(portal, async () => {
        const current = await store.installation(portal)
        const wanted: readonly (string | undefined)[] = reasons
        if (current?.status === 'deleted' && isHeldByOperator(current) && wanted.includes(current.reason)) return liftDeleted(current, cause)
        if (current === undefined || current.status === 'deleted' || (current.statusAtMs ?? 0) > atMs) return
        const ends = current.status === 'blocked' && wanted.includes(current.reason)
        if (ends && cause.by === 'event' && !limits.take(portal, 'unblock')) return
        const patch = ends ? { status: nextStatus(current.status, statusUnblocked(current)), clearReason: true as const } : {}
        await store.patchInstallation(portal, { ...patch, statusAtMs: atMs, updatedAtMs: clock.now() }, undefined, cause)
        const unblocked = await reread(portal)
        // What waited for this is due now. Only now: what fails from here on does so in the open.
        if (ends) await hasten(portal)
        await markReinstall(unblocked)
      }),

    noticeClone: (portal, cause) =>
      inTurn(portal, async () => {
        const current = await store.installation(portal)
        if (current === undefined || current.status === 'deleted' || current.status === 'blocked' || current.reason === 'PORTAL_CLONED') return
        await store.patchInstallation(portal, { reason: 'PORTAL_CLONED', updatedAtMs: clock.now() }, undefined, cause)
        await reread(portal)
      }),

    erase: (uninstall) =>
      inTurn(uninstall, async () => {
        const { app, memberId, id: eventId, seq: upToSeq, generation } = uninstall
        // Its own step may never have come to it.
        await closeNow(uninstall, uninstall, byEvent(uninstall))
        await store.beginErasure({ app, memberId, eventId, upToSeq, generation, begunAtMs: clock.now() })
        // There is none where an import brought the uninstall.
        const current = await store.installation(uninstall)
        if (current !== undefined) learn(current)
        onErasing?.()
      }),
  }
}

function closed(current: Installation, uninstall: Uninstall, nowMs: number) {
  const mark = uninstallMark(uninstall)
  const raised = believedRaisedAtMs(uninstall.ts, nowMs)
  return {
    status: 'deleted' as const, deletedAtMs: nowMs, updatedAtMs: nowMs,
    ...(mark === undefined ? {} : { uninstalls: withMark(current.uninstalls, mark) }),
    ...(raised === undefined ? {} : { uninstallRaisedAtMs: raised }),
  }
}

type Patch = Omit<InstallationPatch, 'updatedAtMs'>

/** Without another version, when there were too many. */
function withinLimits({ version, ...patch }: Patch, current: Installation | undefined, hasRoom: () => boolean): Patch {
  return version === undefined || (version !== current?.version && !hasRoom()) ? patch : { ...patch, version }
}

/** Sealed anew only when it is another: the same one would look like a change. */
function newToken(sealer: Sealer, portal: PortalKey, current: Installation | undefined, token: string | undefined): Uint8Array | undefined {
  if (token === undefined) return undefined
  const sealed = current?.applicationToken
  const isKnown = sealed !== undefined && hasDigest(token, digestOfSealed(sealer, portal, sealed))
  return isKnown ? undefined : sealApplicationToken(sealer, portal, token)
}

/**
 * Its proof came so late that a newer install or update is applied already: the application_token and the version of then are past, and
 * a portal whose token were turned back would be locked out.
 */
function isOvertaken(current: Installation | undefined, { ts }: ConfirmedFacts): boolean {
  if (current === undefined || current.status === 'deleted' || current.applicationToken === undefined) return false
  const raised = raisedAtMs(ts)
  return raised !== undefined && raised < (current.raisedAtMs ?? 0)
}

/** What an installer who has just been proven puts right. A portal that refuses calls would not have confirmed an administrator. */
const HEALED_BY_INSTALLER: ReadonlySet<string | undefined> = new Set(['TOKENS_DEAD', 'NEED_REINSTALL', 'PORTAL_UNPAID', 'PORTAL_INACTIVE', 'PORTAL_CLONED', 'PORTAL_REPLACED'])

/** The same without tokens of theirs: the portal has answered. */
const HEALED_BY_PROOF: ReadonlySet<string | undefined> = new Set([...PORTAL_BLOCKS, 'PORTAL_REPLACED'])

function statusConfirmed(current: Installation, wanted: 'new' | 'active', healed: boolean): InstallationStatus {
  if (wanted === 'active') return 'active'
  return current.status === 'blocked' && healed ? statusUnblocked(current) : current.status
}

function statusUnblocked({ installedAtMs }: Installation): 'new' | 'active' {
  return installedAtMs === undefined ? 'new' : 'active'
}

function newer(one: number | undefined, other: number | undefined): number | undefined {
  return one === undefined || other === undefined ? (one ?? other) : Math.max(one, other)
}

function confirmed(
  portal: PortalKey,
  current: Installation | undefined,
  proven: ProvenInstaller,
  facts: ConfirmedFacts,
  nowMs: number,
): Installation {
  const reopened = current === undefined || current.status === 'deleted'
  const { reason, ...known } = current ?? {}
  const healed = HEALED_BY_INSTALLER.has(reason) && (facts.pair !== undefined || HEALED_BY_PROOF.has(reason))
  const blocked = current !== undefined && isHeldByOperator(current)
  const status = blocked ? 'blocked' : reopened ? facts.status : statusConfirmed(current, facts.status, healed)
  const kept = reopened ? (blocked && reason !== undefined ? { reason } : {}) : { ...known, ...(reason === undefined || healed ? {} : { reason }) }
  // A market app keeps its application_token over uninstall and reinstall, so a deleted portal's stays known.
  const token = current?.applicationToken === undefined ? {} : { applicationToken: current.applicationToken }
  const uninstalls = current?.uninstalls === undefined ? {} : { uninstalls: current.uninstalls }
  const raised = newer(believedRaisedAtMs(facts.ts, nowMs), reopened ? undefined : current.raisedAtMs)
  const version = (isOvertaken(current, facts) ? undefined : facts.version) ?? proven.version
  return {
    ...kept,
    ...token,
    ...uninstalls,
    ...(raised === undefined ? {} : { raisedAtMs: raised }),
    app: portal.app,
    memberId: portal.memberId,
    status: nextStatus(current?.status, status),
    generation: reopened ? (current?.generation ?? 0) + 1 : current.generation,
    ...addressAfter(reopened ? undefined : current, proven, nowMs),
    serverEndpoint: proven.serverEndpoint,
    appStatus: proven.appStatus,
    scope: proven.scope,
    installerProvenAtMs: facts.askedAtMs,
    updatedAtMs: nowMs,
    ...(version === '' ? {} : { version }),
    ...(facts.language === undefined ? {} : { language: facts.language }),
    // Blocked or not: it tells what it is once it is unblocked.
    ...(status === 'active' || (blocked && facts.status === 'active') ? { installedAtMs: (reopened ? undefined : current.installedAtMs) ?? nowMs } : {}),
  }
}
