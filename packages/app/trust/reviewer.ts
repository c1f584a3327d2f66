import { sleep } from '@portline/runtime/clock.ts'
import type { Clock, Timer } from '@portline/runtime/clock.ts'
import type { Log } from '@portline/runtime/log.ts'
import { Serial } from '@portline/runtime/serial.ts'
import type { EventEnvelope } from '@portline/wire/envelope.ts'
import { textField } from '@portline/wire/form/value.ts'
import { CodedError } from '@portline/wire/errors.ts'
import { envelopeIfItOpens, envelopeOf } from '../tokens/sealed-event.ts'
import { DRAIN_MS, UNPROVEN_EVENTS_KEPT } from '../limits.ts'
import type { Installations } from '../installations/installations.ts'
import type { HeldSettlement, Installation, PortalKey, Proof, Store, StoredEvent } from '../store/port.ts'
import { keyOf } from '../store/portal-key.ts'
import type { AuthServers, Credentials } from '../tokens/auth-server.ts'
import type { Sealer } from '../tokens/sealer.ts'
import type { TokenKeeper } from '../tokens/token-keeper.ts'
import type { ClaimedTokens } from './claimed-tokens.ts'
import { HeldPairs } from './held-pairs.ts'
import { judge } from './judge.ts'
import { isStillInstalled } from './still-installed.ts'
import { tellUnopened } from './known-portals.ts'
import type { KnownPortals } from './known-portals.ts'
import type { Prover, ProvenInstaller } from './prover.ts'

/**
 * Judges a portal's held events again, whenever something new is known: asks the authorization server about those that
 * bring a token, and ends the hold of those that are decided, all at once and in their order.
 *
 * An uninstall in doubt is decided there and then, whatever the server says or does not say.
 *
 *     held ──review──> pending | done | dead
 *      └──server out of reach──> held, reviewed again after a while
 *
 * One review per portal at a time; reviews of different portals run side by side.
 */
export interface ReviewerParts {
  readonly store: Store
  readonly known: KnownPortals
  readonly claimed: ClaimedTokens
  readonly prover: Prover
  readonly installations: Installations
  readonly tokens: TokenKeeper
  readonly authServers: AuthServers
  readonly sealer: Sealer
  readonly credentialsOf: (app: string) => Credentials
  /** Who sent a held event; empty when nobody knows. */
  readonly senderOf: (eventId: string) => string
  readonly clock: Clock
  readonly log: Log
  /** Ends the installation that a proven uninstall belongs to, as the inbox does with one that nobody doubts. Never rejects. */
  readonly closeNow: (uninstall: StoredEvent) => Promise<void>
  /** Called after events were handed to their lane or closed. */
  readonly onReviewed: (portal: PortalKey, settlements: readonly HeldSettlement[]) => void
}

const REVIEW_AGAIN_MS = [5_000, 15_000, 60_000, 300_000] as const

export class Reviewer {
  readonly #parts: ReviewerParts
  readonly #serial = new Serial()
  readonly #again = new Map<string, { timer: Timer; tries: number; waiting: boolean }>()
  readonly #pairs: HeldPairs
  readonly #running = new Set<Promise<void>>()
  /** Portal → those of its held events that no key opens. */
  readonly #unopened = new Map<string, ReadonlySet<string>>()
  #stopped = false

  constructor(parts: ReviewerParts) {
    this.#parts = parts
    this.#pairs = new HeldPairs(parts)
  }

  review(portal: PortalKey): Promise<void> {
    const reviewing = this.#serial.run(keyOf(portal), async () => {
      try {
        // What was held while its portal was being proven did not see the proof, nor did the proof see it.
        while (await this.#review(portal));
      } catch (error) {
        this.#reviewLater(portal)
        throw error
      }
    })
    this.#running.add(reviewing)
    void reviewing.catch(() => {}).then(() => this.#running.delete(reviewing))
    return reviewing
  }

  /** Takes up what a former process left. */
  async start(): Promise<void> {
    tellUnopened(this.#parts.known, this.#parts.log)
    for (const portal of await this.#parts.store.portalsWithHeld()) this.#start(portal)
  }

  /** Nothing more is asked; what was asked already is waited for: a pair renewed for a proof must come to the disk. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#pairs.stop()
    for (const { timer } of this.#again.values()) timer.cancel()
    await Promise.race([Promise.allSettled(this.#running), sleep(this.#parts.clock, DRAIN_MS)])
  }

  #start(portal: PortalKey): void {
    this.review(portal).catch((error: unknown) => {
      this.#parts.log.error({ app: portal.app, portal: portal.memberId, error: String(error) }, 'held events could not be reviewed')
    })
  }

  /** Whether events were proven. */
  async #review(portal: PortalKey): Promise<boolean> {
    const { store, clock, closeNow, onReviewed } = this.#parts
    const held = this.#openable(portal, await store.heldEvents(portal))
    const decided = new Map<string, HeldSettlement>()
    const refused = new Set<string>()
    let [unavailable, postponed] = [false, false]
    // A proof late in the row may decide what came before it, so the row is read until it tells nothing new.
    for (let before = -1; before < decided.size; ) {
      before = decided.size
      for (const event of held) {
        // Refused by what was known then: a proof since may have brought its application_token.
        const mismatched = decided.get(event.id)?.reason === 'APPLICATION_TOKEN_MISMATCH'
        if (decided.has(event.id) && !mismatched) continue
        const answer = await this.#decide(event, refused)
        if (answer === 'unavailable') unavailable = true
        else if (answer === 'postponed') postponed = true
        else if (answer !== undefined) decided.set(event.id, answer)
      }
    }
    if (unavailable) this.#reviewLater(portal)
    else this.#reviewNoMore(portal)
    this.#keepFollowers(portal, held, decided)
    if (decided.size === 0) return false
    const settlements = held.flatMap((event) => decided.get(event.id) ?? [])
    await store.settleHeld(settlements, clock.now(), UNPROVEN_EVENTS_KEPT).catch((error: unknown) => {
      // All of them are still held, and decided anew: until then their followers wait as before.
      this.#claimAgain(held, decided)
      throw error
    })
    for (const { id } of settlements) this.#pairs.forget(id)
    for (const event of held) {
      const { state, generation } = decided.get(event.id) ?? {}
      if (event.code === 'ONAPPUNINSTALL' && state === 'pending') await closeNow({ ...event, generation: generation ?? 0 })
    }
    onReviewed(portal, settlements)
    return postponed || settlements.some(({ state }) => state === 'pending')
  }

  /** What no key at hand opens stays held by itself: the key may come back before its hold is over. It is told of once. */
  #openable(portal: PortalKey, held: readonly StoredEvent[]): readonly StoredEvent[] {
    const { sealer, log } = this.#parts
    const told = this.#unopened.get(keyOf(portal))
    const unopened = new Set(held.filter((event) => envelopeIfItOpens(sealer, event) === undefined).map(({ id }) => id))
    for (const id of unopened) {
      if (told?.has(id) === true) continue
      log.warn({ app: portal.app, portal: portal.memberId, id, code: 'KEY_INVALID' }, 'a held event opens with no key at hand: nothing can prove it until the key is back')
    }
    if (unopened.size > 0) this.#unopened.set(keyOf(portal), unopened)
    else this.#unopened.delete(keyOf(portal))
    return unopened.size === 0 ? held : held.filter(({ id }) => !unopened.has(id))
  }

  /** An application_token that is still under proof is no mismatch yet: what carries it waits with the event that brought it. */
  #keepFollowers(portal: PortalKey, held: readonly StoredEvent[], decided: Map<string, HeldSettlement>): void {
    const { known, claimed, sealer } = this.#parts
    // Not all of them: what has come in since the held events were read has claims of its own.
    for (const event of held) if (decided.has(event.id)) claimed.release(event.id)
    for (const event of held) {
      if (decided.has(event.id)) continue
      const envelope = envelopeOf(sealer, event)
      const verdict = judge(known.get(event), envelope, event.receivedAtMs)
      if (verdict.kind === 'held' && verdict.provable) claimed.claim(event, envelope.auth.application_token)
    }
    for (const event of held) {
      if (decided.get(event.id)?.reason !== 'APPLICATION_TOKEN_MISMATCH') continue
      if (claimed.isClaimed(portal, envelopeOf(sealer, event).auth.application_token)) decided.delete(event.id)
    }
  }

  #claimAgain(held: readonly StoredEvent[], decided: ReadonlyMap<string, HeldSettlement>): void {
    const { known, claimed, sealer } = this.#parts
    for (const event of held) {
      if (!decided.has(event.id)) continue
      const envelope = envelopeOf(sealer, event)
      const verdict = judge(known.get(event), envelope, event.receivedAtMs)
      if (verdict.kind === 'held' && verdict.provable) claimed.claim(event, envelope.auth.application_token)
    }
  }

  /**
   * `refused` holds the senders of whom an install was refused in this review: what else they sent has its turn in the next, so that
   * a true install does not wait for a crowd of forged ones. Those of unknown senders keep their order.
   */
  async #decide(event: StoredEvent, refused: Set<string>): Promise<HeldSettlement | 'unavailable' | 'postponed' | undefined> {
    const { known, sealer, senderOf } = this.#parts
    const envelope = envelopeOf(sealer, event)
    const portal = known.get(event)
    const verdict = judge(portal, envelope, event.receivedAtMs)
    const settled = { id: event.id, generation: portal?.installation.generation ?? 0 }
    if (verdict.kind === 'proven') return { ...settled, state: 'pending', proof: verdict.proof }
    if (verdict.kind === 'settled') return { ...settled, state: 'done', proof: verdict.proof, reason: verdict.reason }
    if (verdict.kind === 'refused') return { ...settled, state: 'dead', reason: verdict.code }
    if (this.#stopped && (verdict.kind === 'doubted' || verdict.provable)) return 'unavailable'
    if (verdict.kind === 'doubted' && portal !== undefined) return this.#askWhetherInstalled(settled, portal.installation)
    if (verdict.kind !== 'held' || !verdict.provable) return undefined
    const sender = senderOf(event.id)
    if (refused.has(sender)) return 'postponed'
    try {
      const { proof, generation } = await this.#prove(event, envelope)
      return { ...settled, state: 'pending', proof, generation }
    } catch (error) {
      const code = error instanceof CodedError ? error.code : undefined
      if (sender !== '' && code === 'PROOF_REFUSED') refused.add(sender)
      if (code === 'PROOF_REFUSED' || code === 'AUTH_SERVER_UNKNOWN') return { ...settled, state: 'dead', reason: code }
      if (code === undefined) this.#parts.log.error({ error: String(error) }, 'a proof failed')
      return 'unavailable'
    }
  }

  /**
   * The generation is that of the installation in doubt: if another uninstall ends it while the server is being asked, and another
   * install begins the next, a believed one is of a former installation in its lane.
   */
  async #askWhetherInstalled(settled: Pick<HeldSettlement, 'id' | 'generation'>, installation: Installation): Promise<HeldSettlement> {
    const proof = 'application_token'
    if (!(await isStillInstalled(this.#parts, installation))) return { ...settled, state: 'pending', proof }
    return { ...settled, generation: settled.generation - 1, state: 'done', proof, reason: 'FORMER_INSTALLATION' }
  }

  async #prove(event: StoredEvent, envelope: EventEnvelope): Promise<{ proof: Proof; generation: number }> {
    const { prover, installations, tokens, credentialsOf, senderOf, clock } = this.#parts
    const { auth } = envelope
    const current = await installations.get(event)
    const byEvent = auth.access_token !== undefined
    const serverEndpoint = (byEvent ? auth.server_endpoint : undefined) ?? (current?.serverEndpoint || undefined)
    const askedAtMs = clock.now()
    const { clientId } = credentialsOf(event.app)
    const ask = (accessToken: string): Promise<ProvenInstaller> =>
      prover.prove({ clientId, memberId: event.memberId, accessToken, serverEndpoint, sender: senderOf(event.id) })
    let own = byEvent ? await this.#pairs.fresh(event, envelope, serverEndpoint) : undefined
    const proven = await ask(own?.accessToken ?? auth.access_token ?? (await tokens.pair(event)).accessToken).catch(async (error: unknown) => {
      const isRefused = error instanceof CodedError && error.code === 'PROOF_REFUSED'
      const other = isRefused && byEvent ? await this.#pairs.instead(event, envelope, serverEndpoint) : undefined
      if (other === undefined) throw error
      own = other
      return ask(other.accessToken)
    })
    demandInstalled(proven)
    const adopts = byEvent && (event.code === 'ONAPPINSTALL' || current === undefined || current.status === 'deleted')
    const { generation } = await installations.confirm(event, proven, {
      status: 'active',
      askedAtMs,
      applicationToken: auth.application_token,
      language: textField(event.data, 'LANGUAGE_ID'),
      version: textField(event.data, 'VERSION'),
      ts: event.ts,
      pair: adopts ? own : undefined,
      cause: { by: 'event', ref: event.id, proof: byEvent ? 'access_token' : 'installer' },
    })
    return { proof: byEvent ? 'access_token' : 'installer', generation }
  }

  #reviewNoMore(portal: PortalKey): void {
    this.#again.get(keyOf(portal))?.timer.cancel()
    this.#again.delete(keyOf(portal))
  }

  /** What comes in meanwhile is reviewed too, and must not push the next look at the server further away. */
  #reviewLater(portal: PortalKey): void {
    const key = keyOf(portal)
    const before = this.#again.get(key)
    if (this.#stopped || before?.waiting === true) return
    const tries = (before?.tries ?? -1) + 1
    const delayMs = REVIEW_AGAIN_MS[Math.min(tries, REVIEW_AGAIN_MS.length - 1)] ?? 0
    const entry = { tries, waiting: true, timer: this.#parts.clock.setTimer(delayMs, () => {
      entry.waiting = false
      this.#start(portal)
    }) }
    this.#again.set(key, entry)
  }
}

/** An event of an app that the server calls not installed came too early or from elsewhere; both may look again later. */
function demandInstalled(proven: ProvenInstaller): void {
  if (!proven.installed) throw new CodedError('PROOF_UNAVAILABLE', 'the authorization server says the app is not installed')
}
