import type { Clock, Timer } from '@portline/runtime/clock.ts'
import { sleep } from '@portline/runtime/clock.ts'
import type { Log } from '@portline/runtime/log.ts'
import type { EventEnvelope } from '@portline/wire/envelope.ts'
import { CodedError } from '@portline/wire/errors.ts'
import type { ErrorCode } from '@portline/wire/errors.ts'
import type { CloneWatch } from '../installations/clone-watch.ts'
import { paid } from '../installations/lifecycle.ts'
import type { Installations } from '../installations/installations.ts'
import { HELD_EVENT_AGE_MS, INLINE_PROOF_MS, UNPROVEN_EVENTS_KEPT } from '../limits.ts'
import type { EventState, NewEvent, PortalKey, Proof, Store } from '../store/port.ts'
import type { Sealer } from '../tokens/sealer.ts'
import type { ClaimedTokens } from '../trust/claimed-tokens.ts'
import { judge } from '../trust/judge.ts'
import type { KnownPortal, KnownPortals } from '../trust/known-portals.ts'
import type { Prover } from '../trust/prover.ts'
import type { Reviewer } from '../trust/reviewer.ts'
import type { Verdict } from '../trust/verdict.ts'
import { fingerprintOf } from './duplicates.ts'
import type { DuplicateWindow, Duplicates } from './duplicates.ts'
import type { Closings } from './closings.ts'
import type { EarlyInstalls } from './early-installs.ts'
import { InFlight } from './in-flight.ts'
import type { HeldCounter } from './held-counter.ts'
import type { Lanes } from './lanes.ts'
import type { RefusalLog } from './refusal-log.ts'
import type { Retention } from './retention.ts'
import { openData, sealParts } from '../tokens/sealed-event.ts'
import type { OpenedParts } from '../tokens/sealed-event.ts'
import type { Appender } from './appender.ts'

/**
 * Takes a decoded event in: verdict, then disk, then the answer. What `accept` resolves with is on disk; what it throws
 * was not kept, or was kept and then found to be forged.
 */
export interface InboxParts {
  readonly store: Store
  readonly appender: Appender
  readonly known: KnownPortals
  readonly claimed: ClaimedTokens
  readonly sealer: Sealer
  readonly installations: Installations
  readonly lanes: Lanes
  readonly reviewer: Reviewer
  readonly prover: Prover
  readonly clientIdOf: (app: string) => string
  readonly refusals: RefusalLog
  readonly clones: CloneWatch
  readonly closings: Closings
  readonly earlyInstalls: EarlyInstalls
  readonly held: HeldCounter
  readonly duplicates: Duplicates
  readonly retention: Retention
  readonly clock: Clock
  readonly log: Log
  /** A new sortable id, later than all before. */
  readonly newId: () => string
  readonly onAccepted: (event: NewEvent) => void
}

export interface Accepted {
  readonly id: string
  readonly state: EventState
  readonly reason?: ErrorCode
  readonly duplicateOf?: string
}

const NOTHING = new Uint8Array()
/** Their own step reads the auth block again, perhaps after a restart. */
const OPENED_CODES: ReadonlySet<string> = new Set(['ONAPPINSTALL', 'ONAPPUPDATE'])

/** Held events that nobody will prove are looked for this often, and erasures that have waited long enough. */
const EXPIRY_SWEEP_MS = 600_000

export class Inbox {
  readonly #parts: InboxParts
  readonly #inFlight = new InFlight()
  #sweep: Timer | undefined
  #stopped = false

  constructor(parts: InboxParts) {
    this.#parts = parts
  }

  async start(): Promise<void> {
    await Promise.all([this.#parts.closings.start(), this.#expireHeld()])
  }

  stop(): void {
    this.#stopped = true
    this.#parts.closings.stop()
    this.#sweep?.cancel()
  }

  /**
   * Errors: APPLICATION_TOKEN_MISSING, APPLICATION_TOKEN_MISMATCH, INSTALLATION_DELETED, PROOF_REFUSED,
   * AUTH_SERVER_UNKNOWN, PORTAL_UNKNOWN (nothing more can be held), STORE_FULL, STORE_UNAVAILABLE.
   * `sender` is where it comes from: what is held of one sender leaves room for others.
   */
  async accept(app: string, envelope: EventEnvelope, bytes: number, sender = ''): Promise<Accepted> {
    // An uninstall comes once, is small, and may make room.
    if (this.#parts.retention.full && envelope.event !== 'ONAPPUNINSTALL') throw new CodedError('STORE_FULL')
    const entered = this.#inFlight.enter()
    try {
      return await this.#accept(app, envelope, bytes, sender)
    } finally {
      this.#inFlight.leave(entered)
    }
  }

  /** Resolves when everything that was judged before now is on disk, or was refused. */
  quiet(): Promise<void> {
    return this.#inFlight.quiet()
  }

  async #accept(app: string, envelope: EventEnvelope, bytes: number, sender: string): Promise<Accepted> {
    const { known, clock, duplicates, clones } = this.#parts
    const portal = { app, memberId: envelope.auth.member_id ?? '' }
    const portalKnown = known.get(portal)
    const nowMs = clock.now()
    const verdict = judge(portalKnown, envelope, nowMs)
    if (verdict.kind !== 'proven') return this.#acceptUnproven(portal, envelope, this.#afterClaims(portal, portalKnown, envelope, verdict), bytes, sender)
    const event = this.#provenEvent(portal, envelope, verdict.proof, nowMs, portalKnown?.installation.generation ?? 0)
    if (portalKnown !== undefined) clones.look(portalKnown.installation, event, envelope.auth.client_endpoint)
    const window = duplicates.windowOf(app)
    return window === undefined ? this.#keep(event, envelope, bytes) : this.#keepOnce(window, event, envelope, bytes)
  }

  /** What is claimed by others, or has been asked about already, has a say in the verdict. */
  #afterClaims(portal: PortalKey, known: KnownPortal | undefined, { auth }: EventEnvelope, judged: Verdict): Verdict {
    const { claimed, prover, clientIdOf } = this.#parts
    const awaited = judged.kind === 'refused' && claimed.isClaimed(portal, auth.application_token)
    if (awaited) return { kind: 'held', provable: false }
    if (judged.kind !== 'held' || !judged.provable || auth.access_token === undefined) return judged
    const serverEndpoint = auth.server_endpoint ?? (known?.installation.serverEndpoint || undefined)
    const code = prover.objection({ clientId: clientIdOf(portal.app), memberId: portal.memberId, accessToken: auth.access_token, serverEndpoint })
    return code === undefined ? judged : { kind: 'refused', code }
  }

  /** Everything but the usual event: refused, held, or done at once. */
  async #acceptUnproven(portal: PortalKey, envelope: EventEnvelope, verdict: Verdict, bytes: number, sender: string): Promise<Accepted> {
    const { claimed, held, appender, onAccepted } = this.#parts
    if (verdict.kind === 'refused') throw this.#refusal(portal, envelope, verdict.code)
    const provable = verdict.kind === 'held' && verdict.provable
    const item = { ...portal, provable, bytes, sender }
    // There is always room for an uninstall that is in doubt: it was proven, and is held for seconds.
    if (verdict.kind === 'held' && !held.hasRoom(item)) throw this.#refusal(portal, envelope, 'PORTAL_UNKNOWN')
    const event = this.#eventOf(portal, envelope, verdict)
    if (event.state === 'held') held.arrive({ ...item, id: event.id })
    if (provable) claimed.claim(event, envelope.auth.application_token)
    try {
      await appender.append({ event, sealed: envelope, wanted: false })
    } catch (error) {
      claimed.release(event.id)
      held.remove([event.id])
      throw error
    }
    held.arrived(event.id)
    onAccepted(event)
    return event.state === 'held' ? this.#hold(event, envelope, provable || verdict.kind === 'doubted') : acceptedOf(event)
  }

  async #keep(event: NewEvent, { auth, data }: EventEnvelope, bytes: number): Promise<Accepted> {
    const { appender, lanes, onAccepted } = this.#parts
    const uninstall = event.code === 'ONAPPUNINSTALL'
    const parts: OpenedParts = data === undefined ? { auth } : { auth, data }
    const sealed = event.data === data ? { auth } : parts
    const { seq, leased } = await appender.append({ event, sealed, wanted: !uninstall && lanes.wants(event) })
    onAccepted(event)
    let begins = false
    if (uninstall) await this.#parts.closings.close(event)
    else begins = lanes.appended({ event: { ...event, seq, attempts: 0, provenAtMs: event.receivedAtMs }, parts, bytes }, leased)
    if (event.code === 'ONAPPPAYMENT') this.#payNow(event)
    this.#parts.earlyInstalls.look(event, auth, !begins)
    return { id: event.id, state: 'pending' }
  }

  /** Of an app that looks for repeats. */
  async #keepOnce(window: DuplicateWindow, event: NewEvent, envelope: EventEnvelope, bytes: number): Promise<Accepted> {
    const fingerprint = fingerprintOf(event, envelope.auth.user_id)
    if (fingerprint === undefined) return this.#keep(event, envelope, bytes)
    const asked = window.claim(fingerprint, event.id, event.receivedAtMs)
    const claimed = asked instanceof Promise ? await asked : asked
    if ('of' in claimed) return this.#keepRepeat({ ...event, fingerprint, duplicateOf: claimed.of }, envelope, bytes, window.mode)
    try {
      const accepted = await this.#keep({ ...event, fingerprint }, envelope, bytes)
      window.settle(claimed.first, true)
      return accepted
    } catch (error) {
      window.settle(claimed.first, false)
      throw error
    }
  }

  /** Kept in any case: whoever thinks it was no repeat can replay it. */
  async #keepRepeat(event: NewEvent & { duplicateOf: string }, envelope: EventEnvelope, bytes: number, mode: 'mark' | 'drop'): Promise<Accepted> {
    const { duplicateOf } = event
    if (mode === 'mark') return { ...(await this.#keep(event, envelope, bytes)), duplicateOf }
    const dropped: NewEvent = { ...event, state: 'done', reason: 'DUPLICATE' }
    await this.#parts.appender.append({ event: dropped, sealed: sealedOf(dropped, envelope), wanted: false })
    this.#parts.onAccepted(dropped)
    return { ...acceptedOf(dropped), duplicateOf }
  }

  /** The usual event, on the path where every microsecond counts. */
  #provenEvent(
    portal: PortalKey,
    envelope: EventEnvelope,
    proof: Proof,
    receivedAtMs: number,
    generation: number,
  ): NewEvent {
    const { event: code, event_handler_id: handlerId, ts, data, auth } = envelope
    const { newId, sealer } = this.#parts
    const open = openData(data)
    const isOpened = open !== data || OPENED_CODES.has(code)
    return {
      app: portal.app, memberId: portal.memberId, id: newId(), code, handlerId, ts, userId: auth.user_id, data: open, generation,
      auth: isOpened ? sealParts(sealer, portal, envelope).auth : NOTHING, authShared: isOpened ? undefined : true,
      state: 'pending', proof, receivedAtMs,
    }
  }

  #refusal(portal: PortalKey, envelope: EventEnvelope, code: ErrorCode): CodedError {
    this.#parts.refusals.add({ ...portal, code, event: envelope.event })
    return new CodedError(code)
  }

  #eventOf(portal: PortalKey, envelope: EventEnvelope, verdict: Exclude<Verdict, { kind: 'refused' }>): NewEvent {
    const { sealer, clock, newId, known } = this.#parts
    return {
      ...portal,
      id: newId(),
      code: envelope.event,
      ...(verdict.kind === 'settled' ? withoutAuth(envelope) : { ...sealParts(sealer, portal, envelope), userId: envelope.auth.user_id }),
      receivedAtMs: clock.now(),
      generation: generationOf(verdict, known.get(portal)),
      ...(envelope.event_handler_id === undefined ? {} : { handlerId: envelope.event_handler_id }),
      ...(envelope.ts === undefined ? {} : { ts: envelope.ts }),
      ...stateAfter(verdict),
    }
  }

  /** The lane does it again in its order; now, because it may be what events before it in the lane wait for. */
  #payNow(event: NewEvent): void {
    const { installations, log } = this.#parts
    paid({ installations }, { event }).catch((error: unknown) => {
      log.warn({ app: event.app, portal: event.memberId, error: String(error) }, 'the payment is noted later, in its lane')
    })
  }

  async #hold(event: NewEvent, envelope: EventEnvelope, decidable: boolean): Promise<Accepted> {
    const { reviewer, known, clock } = this.#parts
    // What proved the portal while this event was on its way to the disk did not see it.
    const overtaken = judge(known.get(event), envelope, clock.now()).kind !== 'held'
    if (!decidable && !overtaken) return acceptedOf(event)
    // By name alone: a review that has to wait must not keep the event's data in memory.
    const reviewing = reviewer.review({ app: event.app, memberId: event.memberId })
    await Promise.race([reviewing.catch(() => {}), sleep(clock, INLINE_PROOF_MS)])
    return this.#answerHeld(event)
  }

  async #answerHeld(event: NewEvent): Promise<Accepted> {
    const { store, refusals } = this.#parts
    const reviewed = await store.event(event.id)
    if (reviewed === undefined) return acceptedOf(event)
    if (reviewed.state === 'dead' && reviewed.reason !== undefined && reviewed.proof === undefined) {
      refusals.add({ app: event.app, memberId: event.memberId, code: reviewed.reason, event: event.code })
      throw new CodedError(reviewed.reason)
    }
    return acceptedOf(reviewed)
  }

  async #expireHeld(): Promise<void> {
    const { store, held, claimed, clock, log } = this.#parts
    try {
      const nowMs = clock.now()
      const expired = await store.expireHeld(nowMs - HELD_EVENT_AGE_MS, nowMs, UNPROVEN_EVENTS_KEPT)
      // Counted anew: an erased portal's held events are gone too.
      await held.load(store)
      claimed.keep((id) => held.isHeld(id))
      if (expired.length > 0) log.info({ expired: expired.length }, 'held events nobody proved were given up')
    } catch (error) {
      log.error({ error: String(error) }, 'held events could not be expired')
    }
    if (!this.#stopped) await this.#parts.closings.eraseOverdue()
    if (!this.#stopped) this.#sweep = clock.setTimer(EXPIRY_SWEEP_MS, () => void this.#expireHeld())
  }
}

function stateAfter(verdict: Exclude<Verdict, { kind: 'refused' }>): Pick<NewEvent, 'state' | 'reason' | 'proof'> {
  if (verdict.kind === 'held' || verdict.kind === 'doubted') return { state: 'held', reason: 'AWAITING_PROOF' }
  if (verdict.kind === 'settled') return { state: 'done', reason: verdict.reason, proof: verdict.proof }
  return { state: 'pending', proof: verdict.proof }
}

/** Nothing is done with it, and its portal may be erased already. */
function withoutAuth({ data }: EventEnvelope): Pick<NewEvent, 'auth' | 'data'> {
  const open = openData(data)
  return { auth: NOTHING, ...(open === undefined ? {} : { data: open }) }
}

/** Of what is held nobody knows it yet; an uninstall that ended a former installation belongs to that one. */
function generationOf(verdict: Verdict, known: KnownPortal | undefined): number {
  const current = known?.installation.generation ?? 0
  if (verdict.kind === 'held' || verdict.kind === 'doubted') return 0
  return verdict.kind === 'settled' && verdict.reason === 'FORMER_INSTALLATION' ? current - 1 : current
}

/** What of it is a secret. */
function sealedOf(event: NewEvent, { auth, data }: EventEnvelope): OpenedParts {
  return data === undefined || event.data === data ? { auth } : { auth, data }
}

function acceptedOf({ id, state, reason }: NewEvent): Accepted {
  return { id, state, ...(reason === undefined ? {} : { reason }) }
}
