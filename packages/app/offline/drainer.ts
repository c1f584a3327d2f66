import type { Clock, Timer } from '@portline/runtime/clock.ts'
import { Gate } from '@portline/runtime/gate.ts'
import type { Log } from '@portline/runtime/log.ts'
import type { Random } from '@portline/runtime/random.ts'
import { Serial } from '@portline/runtime/serial.ts'
import { CodedError } from '@portline/wire/errors.ts'
import type { ErrorCode } from '@portline/wire/errors.ts'
import type { RestClients } from '../bitrix24/rest-clients.ts'
import {
  OFFLINE_BATCHES_PER_TURN, OFFLINE_DRAINS_AT_ONCE, OFFLINE_CARE_MS, OFFLINE_JITTER, OFFLINE_POLL_MAX_MS, OFFLINE_POLL_MS, OFFLINE_REST_MS,
  OFFLINE_START_MS,
} from '../limits.ts'
import type { Installation, NewEvent, PortalKey, Store } from '../store/port.ts'
import { keyOf } from '../store/portal-key.ts'
import type { Sealer } from '../tokens/sealer.ts'
import { drain } from './drain.ts'
import { takenRow } from './event-of-row.ts'
import { OfflineQueue } from './offline-queue.ts'
import type { Reservation } from './offline-queue.ts'

/**
 * Fetches what waits in the offline queues of portals that have offline bindings.
 *
 *     resting ──timer, ONOFFLINEEVENT──> draining ──nothing there──> resting (OFFLINE_POLL_MS)
 *                                           ├──empty now, or woken meanwhile──> resting (OFFLINE_REST_MS)
 *                                           ├──more──> draining, behind the other portals
 *                                           └──failed──> resting (longer each time, OFFLINE_POLL_MAX_MS at most)
 *     any ──uninstalled──> gone
 *
 * A look soon after one that found something is needed: ONOFFLINEEVENT is throttled, and what came in right behind a drain is
 * announced by nobody.
 *
 * Invariants: one drain per portal at a time, OFFLINE_REST_MS between two; after a start and after a failure the first look is for rows that are reserved.
 */
export interface OfflineDrainerParts {
  readonly store: Store
  readonly rest: RestClients
  readonly sealer: Sealer
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  readonly newId: () => string
  readonly known: (portal: PortalKey) => Installation | undefined
  /** All of them. */
  readonly installations: () => Iterable<Installation>
  /** Whether the app fetches events: portals of others are not looked at. */
  readonly fetches: (app: string) => boolean
  /** Makes the declared bindings true: an update drops them, and its event may not reach us. */
  readonly keepBound: (installation: Installation) => Promise<void>
  /** The store takes no events now. */
  readonly isFull: () => boolean
  /** Called when they are on disk. */
  readonly onTaken: (portal: PortalKey, events: readonly NewEvent[]) => void
}

/** How the last look went, for the operator. */
export interface OfflineStatus {
  readonly lookedAtMs: number
  /** Since the start. */
  readonly taken: number
  readonly failure?: { readonly code: ErrorCode; readonly message: string }
}

interface Watched {
  readonly portal: PortalKey
  timer: Timer | undefined
  /** Asked for again while it was being drained. */
  again: boolean
  draining: boolean
  /** Nothing of an earlier drain is left reserved. */
  clean: boolean
  failures: number
  /** Not drained again before. */
  restedAtMs: number
  caredAtMs: number
  taken: number
  status: OfflineStatus | undefined
}

export class OfflineDrainer {
  readonly #parts: OfflineDrainerParts
  readonly #watched = new Map<string, Watched>()
  readonly #gate = new Gate(OFFLINE_DRAINS_AT_ONCE, Number.POSITIVE_INFINITY)
  readonly #serial = new Serial()
  readonly #running = new Set<Promise<void>>()
  #stopping = false

  constructor(parts: OfflineDrainerParts) {
    this.#parts = parts
  }

  /** Takes up what a former process left: soon, and not on all portals at once. */
  start(): void {
    const { installations, random } = this.#parts
    for (const installation of installations()) this.#watch(installation, OFFLINE_START_MS * random.fraction())
  }

  /** Lets the batch that is under way end. */
  async stop(): Promise<void> {
    this.#stopping = true
    for (const { timer } of this.#watched.values()) timer?.cancel()
    await Promise.all(this.#running)
  }

  /** An installation is new, or changed. */
  learn(installation: Installation): void {
    const key = keyOf(installation)
    if (installation.status !== 'deleted') return this.#watch(installation, OFFLINE_POLL_MS)
    this.#watched.get(key)?.timer?.cancel()
    this.#watched.delete(key)
  }

  /** There is something in the portal's queue. */
  wake(portal: PortalKey): void {
    const watched = this.#watched.get(keyOf(portal))
    if (watched === undefined || this.#stopping) return
    if (watched.draining) watched.again = true
    else this.#rest(watched, Math.max(0, watched.restedAtMs - this.#parts.clock.now()))
  }

  statusOf(portal: PortalKey): OfflineStatus | undefined {
    return this.#watched.get(keyOf(portal))?.status
  }

  /**
   * Empties a queue that the app no longer has bindings for: what waits in it would never be fetched. What the portal does not let
   * us fetch is left there and logged. Errors: STORE_FULL, REST_FAILED and others that may pass.
   */
  async leave(installation: Installation, queue: string): Promise<void> {
    const { isFull, log } = this.#parts
    let more = true
    try {
      while (more && !this.#stopping) {
        // Else the portal would be asked all the time, for nothing.
        if (isFull()) throw new CodedError('STORE_FULL')
        more = (await this.#drainQueue(installation, queue, { recover: true, errors: true })).more
      }
    } catch (error) {
      if (!(error instanceof CodedError) || !LASTING.has(error.code)) throw error
      log.warn({ app: installation.app, portal: installation.memberId, code: error.code }, 'what waits in an offline queue that is no longer used could not be fetched')
    }
  }

  #watch({ app, memberId }: Installation, firstMs: number): void {
    const key = keyOf({ app, memberId })
    if (this.#watched.has(key) || this.#stopping || !this.#parts.fetches(app)) return
    const watched: Watched = {
      portal: { app, memberId }, timer: undefined, again: false, draining: false, clean: false, failures: 0, restedAtMs: 0,
      caredAtMs: Number.NEGATIVE_INFINITY, taken: 0, status: undefined,
    }
    this.#watched.set(key, watched)
    this.#rest(watched, firstMs)
  }

  #rest(watched: Watched, delayMs: number): void {
    watched.timer?.cancel()
    if (delayMs === 0) return this.#turn(watched)
    watched.timer = this.#parts.clock.setTimer(delayMs, () => this.#turn(watched))
  }

  #turn(watched: Watched): void {
    if (watched.draining) return
    watched.draining = true
    watched.again = false
    const work = this.#gate.run(() => this.#look(watched)).then((delayMs) => {
      watched.draining = false
      this.#running.delete(work)
      if (this.#stopping || this.#watched.get(keyOf(watched.portal)) !== watched) return
      watched.restedAtMs = this.#parts.clock.now() + OFFLINE_REST_MS
      this.#rest(watched, watched.again ? Math.min(delayMs, OFFLINE_REST_MS) : delayMs)
    })
    this.#running.add(work)
  }

  /** One drain of the portal's queues; how long to rest after it. Never rejects. */
  async #look(watched: Watched): Promise<number> {
    const { store, clock, known, isFull, keepBound, log } = this.#parts
    const { portal } = watched
    const lookedAtMs = clock.now()
    const takenBefore = watched.taken
    try {
      const installation = known(portal)
      if (this.#stopping || installation === undefined || installation.status === 'deleted') return OFFLINE_POLL_MS
      if (isFull()) throw new CodedError('STORE_FULL')
      const care = lookedAtMs - watched.caredAtMs >= OFFLINE_CARE_MS
      const unbound = care ? await keepBound(installation).then(() => undefined, (error: unknown) => ({ error })) : undefined
      const queues = new Set((await store.bindings(portal)).flatMap(({ queue }) => (queue === undefined ? [] : [queue])))
      let more = false
      for (const queue of queues) {
        const drained = await this.#drainQueue(installation, queue, { recover: !watched.clean, errors: care })
        watched.taken += drained.taken
        more ||= drained.more
      }
      // Not before what waits was fetched.
      if (unbound !== undefined) throw unbound.error
      if (care) watched.caredAtMs = lookedAtMs
      watched.clean = !more
      watched.failures = 0
      watched.status = { lookedAtMs, taken: watched.taken }
      if (more) return 0
      return this.#jittered(watched.taken > takenBefore ? OFFLINE_REST_MS : OFFLINE_POLL_MS)
    } catch (error) {
      const coded = error instanceof CodedError ? error : new CodedError('INTERNAL_ERROR', String(error))
      watched.clean = false
      watched.failures += 1
      watched.status = { lookedAtMs, taken: watched.taken, failure: { code: coded.code, message: coded.message } }
      log.warn({ app: portal.app, portal: portal.memberId, code: coded.code, error: coded.message }, 'an offline queue could not be emptied')
      return this.#jittered(Math.min(OFFLINE_REST_MS * 2 ** watched.failures, OFFLINE_POLL_MAX_MS))
    }
  }

  #drainQueue(installation: Installation, name: string, plan: { recover: boolean; errors: boolean }) {
    const { rest, store, isFull, log } = this.#parts
    // The same queue may be emptied for the last time by whoever changes the bindings.
    return this.#serial.run(keyOf(installation), async () => {
      const queue = new OfflineQueue(await rest.ofPortal(installation), name)
      let batches = 0
      const drained = await drain({
        queue,
        store: (reservation) => this.#store(installation, reservation),
        forget: () => store.forgetTaken(installation),
        goesOn: () => !this.#stopping && !isFull() && ++batches <= OFFLINE_BATCHES_PER_TURN,
      }, plan)
      if (drained.fromErrors > 0) {
        const fields = { app: installation.app, portal: installation.memberId, events: drained.fromErrors }
        log.warn(fields, 'events that were marked as failed in the offline queue were taken in: there they swallow what follows')
      }
      return drained
    })
  }

  async #store(installation: Installation, { processId, rows }: Reservation): Promise<number> {
    const { store, sealer, newId, clock, known, onTaken, log } = this.#parts
    const current = known(installation)
    // Its queue is gone with it, and these rows are nobody's events any more.
    if (current?.generation !== installation.generation || current.status === 'deleted') throw new CodedError('INSTALLATION_DELETED')
    const taken = rows.map((row) => takenRow({ sealer, newId, nowMs: clock.now() }, installation, processId, row))
    const ids = new Set(await store.appendTaken(installation, taken))
    for (const { key, event: { id, code, reason } } of taken) {
      if (reason === undefined || !ids.has(id)) continue
      log.error({ app: installation.app, portal: installation.memberId, code: reason, event: code, id, row: key }, 'a row of an offline queue could not be read')
    }
    onTaken(installation, taken.flatMap(({ event }) => (ids.has(event.id) ? [event] : [])))
    return ids.size
  }

  #jittered(delayMs: number): number {
    return Math.round(delayMs * (1 + OFFLINE_JITTER * (2 * this.#parts.random.fraction() - 1)))
  }
}

/** What asking again does not change. */
const LASTING: ReadonlySet<ErrorCode> = new Set(['OFFLINE_LICENSE_MISSING', 'OFFLINE_ACCESS_DENIED', 'TOKENS_DEAD', 'TOKENS_MISSING', 'INSTALLATION_DELETED'])
