import type { Clock } from '@portline/runtime/clock.ts'
import type { Random } from '@portline/runtime/random.ts'
import { CodedError } from '@portline/wire/errors.ts'
import { AttemptRecorder, currentAttempt } from '../bitrix24/call-recorder.ts'
import type { RestClients } from '../bitrix24/rest-clients.ts'
import type { App, RegisteredHandler } from '../define-app.ts'
import type { Delivery, Destination, OpenDestination } from '../destinations/destination.ts'
import { asksToClean, runLifecycleStep } from '../installations/lifecycle.ts'
import type { LifecycleParts } from '../installations/lifecycle.ts'
import { isErased, isHeldByOperator } from '../installations/states.ts'
import { DEATH_REST_MS, RETRY_STEPS_MS } from '../limits.ts'
import type { Settlement } from '../store/lanes.ts'
import type { Attempt, Installation, StoredEvent } from '../store/port.ts'
import { openParts } from '../tokens/sealed-event.ts'
import type { OpenedParts } from '../tokens/sealed-event.ts'
import type { Sealer } from '../tokens/sealer.ts'
import { LazySignal, withDeadline } from './deadline.ts'
import { deathOf, isConvicted, isSuspect, settlementOfDeath } from './deaths.ts'
import type { Death } from './deaths.ts'
import { failureOf, Unopened, settlementOfFailure, untried } from './failure.ts'
import type { Failure } from './failure.ts'
import { EventContext, appEventOf } from './handler-context.ts'
import type { QueuedEvent } from './lane.ts'
import { Places } from './places.ts'
import { Untried, waitingForPortal } from './waiting.ts'

/**
 * One attempt at the events of a lane that belong together, nearly always one: the app side's own step, then the app's handler
 * or destination, then what became of them.
 */
export interface RunEventsParts extends LifecycleParts {
  readonly appOf: (name: string) => App | undefined
  readonly rest: RestClients
  readonly clock: Clock
  readonly random: Random
  readonly destinationOf: (destination: Destination) => OpenDestination
}

interface Opened {
  readonly queued: QueuedEvent
  readonly parts: OpenedParts
}

/** What had not been started when the app side began to stop. */
class NotStarted extends Error {}

export class EventRunner {
  readonly #parts: RunEventsParts
  readonly #places: Places
  readonly #aliveSinceMs: number
  readonly #draining = new AbortController()
  readonly #stopping = new AbortController()

  constructor(parts: RunEventsParts) {
    this.#parts = parts
    this.#aliveSinceMs = parts.clock.now()
    this.#places = new Places(parts.clock, parts.destinationOf)
  }

  /** How many of the queue, from its head on, are handed over together. */
  together(queue: readonly QueuedEvent[]): number {
    const head = queue[0]?.event
    if (head === undefined) return 0
    const handler = this.#handlerOf(head.app, head.code)
    if (handler === undefined || handler.policy.maxEvents === 1 || isSuspect(queue[0])) return 1
    // A destination may have taken those behind the one it has refused: they are not handed to it again with each of its tries.
    if (handler.kind === 'destination' && head.attempts > (head.attemptsBefore ?? 0)) return 1
    const others = queue.findIndex((each) => each.event.code !== head.code || each.event.generation !== head.generation || isSuspect(each))
    return Math.min(handler.policy.maxEvents, others === -1 ? queue.length : others)
  }

  /** Undefined when the queue's head may run; else resolves when there may be room for it: too many wait for its handler already. */
  standBy(queue: readonly QueuedEvent[]): Promise<void> | undefined {
    const [head] = queue
    return head === undefined ? undefined : this.#places.standBy(head, this.#handlerOf(head.event.app, head.event.code))
  }

  /** Never throws: what goes wrong is in the settlements. There are none of what was not started. */
  async run(events: readonly QueuedEvent[], begin?: () => Promise<void>): Promise<readonly Settlement[]> {
    const [head] = events
    if (head === undefined || this.#draining.signal.aborted) return []
    const handler = this.#handlerOf(head.event.app, head.event.code)
    const death = deathOf(head)
    if (death !== undefined) return this.#settleDeath(head, handler, death)
    if (isConvicted(head) && this.#isYoung()) return [this.#restOf(head.event)]
    return this.#places.run(head, handler, async () => {
      if (begin !== undefined && !this.#draining.signal.aborted) await begin()
      return this.#draining.signal.aborted ? [] : this.#attempt(events, handler)
    })
  }

  /** Starts nothing more: what waits for its turn stays open. */
  drain(): void {
    this.#draining.abort(new NotStarted('the app side is stopping'))
  }

  /** Deliveries under way are given up; their events stay open. */
  stop(): void {
    this.#stopping.abort(new CodedError('STORE_UNAVAILABLE', 'the app side is stopping'))
  }

  #handlerOf(app: string, code: string): RegisteredHandler | undefined {
    return this.#parts.appOf(app)?.handlerOf(code)
  }

  async #attempt(events: readonly QueuedEvent[], handler: RegisteredHandler | undefined): Promise<readonly Settlement[]> {
    const { clock, sealer } = this.#parts
    const { opened, unopened } = openedOf(sealer, events)
    const recorder = new AttemptRecorder(events[0]?.event)
    const startedAtMs = clock.now()
    let failure: Failure | undefined
    try {
      if (opened.length > 0) await currentAttempt.run(recorder, () => this.#handOn(opened, handler, recorder))
      if (recorder.stray !== undefined) throw recorder.stray.reason
    } catch (error) {
      if (error instanceof NotStarted) return []
      failure = waitingForPortal(failureOf(error, handler?.policy, recorder.refusal), events.map(({ event }) => event), clock.now())
    }
    const settle = (some: readonly QueuedEvent[], why?: Failure): Promise<Settlement[]> => this.#settle(some, handler, why, recorder, startedAtMs)
    // One of them has failed, whatever was thrown says of itself.
    const taken = failure === undefined ? opened.length : Math.min(failure.delivered, opened.length - 1)
    const done = await settle(events.slice(0, taken))
    // Cut off by the stop: that is no attempt of theirs.
    if (failure !== undefined && handler?.kind === 'destination' && this.#stopping.signal.aborted) return done
    const why = failure ?? (unopened === undefined ? undefined : failureOf(unopened, handler?.policy))
    if (why === undefined) return done
    const failedUpTo = why.alone ? taken + 1 : opened.length
    const nowMs = clock.now()
    // Those behind were not tried, and are due at once: their lane goes on with them as soon as it may.
    return [...done, ...await settle(events.slice(taken, failedUpTo), why), ...events.slice(failedUpTo).map(({ event }) => untried(event, nowMs, nowMs))]
  }

  async #settle(
    events: readonly QueuedEvent[],
    handler: RegisteredHandler | undefined,
    failure: Failure | undefined,
    recorder: AttemptRecorder,
    startedAtMs: number,
  ): Promise<Settlement[]> {
    const settlements: Settlement[] = []
    for (const { event } of events) {
      settlements.push(this.#settlementOf(event, handler, failure, recorder, startedAtMs))
      if (event.code === 'ONAPPUNINSTALL') await this.#clean(event, settlements.at(-1))
    }
    return settlements
  }

  /** Or the clock was set back. */
  #isYoung(): boolean {
    return Math.abs(this.#parts.clock.now() - this.#aliveSinceMs) < DEATH_REST_MS
  }

  #restOf(event: StoredEvent): Settlement {
    const nowMs = this.#parts.clock.now()
    return untried(event, nowMs, nowMs + DEATH_REST_MS, 'PROCESS_DIED')
  }

  /** A process has died of it. */
  async #settleDeath(queued: QueuedEvent, handler: RegisteredHandler | undefined, death: Death): Promise<readonly Settlement[]> {
    const { event } = queued
    const policy = { uninstalled: this.#isUninstalled(event), parks: handler?.policy.onFailure === 'park' }
    const settlement = settlementOfDeath(queued, death, this.#parts.clock.now(), policy)
    if (event.code === 'ONAPPUNINSTALL') await this.#clean(event, settlement)
    return [settlement]
  }

  /** There is nobody left to try again for. */
  #isUninstalled(event: StoredEvent): boolean {
    return event.code !== 'ONAPPUNINSTALL' && this.#parts.installations.known(event)?.status === 'deleted'
  }

  #settlementOf(
    event: QueuedEvent['event'],
    handler: RegisteredHandler | undefined,
    failure: Failure | undefined,
    { calls, notes }: AttemptRecorder,
    startedAtMs: number,
  ): Settlement {
    const { clock, random } = this.#parts
    const nowMs = clock.now()
    const { id, seq } = event
    const outcome = failure === undefined ? 'done' : 'failed'
    // A clock may be set back meanwhile.
    const durationMs = Math.max(0, nowMs - startedAtMs)
    const record = { n: event.attempts + 1, startedAtMs, durationMs, outcome, calls, notes } as const
    if (failure === undefined) return { id, seq, attempt: record, atMs: nowMs, state: 'done' }
    const attempt: Attempt = { ...record, error: { code: failure.code, message: failure.message } }
    const uninstalled = this.#isUninstalled(event)
    const failures = record.n - (event.attemptsBefore ?? 0)
    return settlementOfFailure({ id, seq, attempt, failures, nowMs, uninstalled }, failure, handler?.policy, handler?.policy.retryDelaysMs ?? RETRY_STEPS_MS, random)
  }

  /** Before it is settled: a crash in between runs the uninstall once more and never leaves data behind. */
  async #clean(event: QueuedEvent['event'], settlement: Settlement | undefined): Promise<void> {
    if (settlement?.state !== 'pending' && asksToClean(event)) await this.#parts.installations.erase(event)
  }

  async #handOn(opened: readonly Opened[], handler: RegisteredHandler | undefined, recorder: AttemptRecorder): Promise<void> {
    let installation: Installation | undefined
    for (const each of opened) installation = await this.#ownStep(each, recorder)
    if (handler === undefined || installation === undefined) return
    // After an uninstall there is nothing left to wait for: they end dead. The uninstall itself is handled.
    if (isHeldByOperator(installation) && opened[0]?.queued.event.code !== 'ONAPPUNINSTALL') throw new Untried('PORTAL_BLOCKED', this.#parts.clock.now())
    if (handler.kind === 'destination') return this.#deliver(handler.destination, opened, installation)
    return this.#runHandler(handler, opened, installation, recorder)
  }

  async #ownStep({ queued: { event }, parts: { auth } }: Opened, recorder: AttemptRecorder): Promise<Installation> {
    const { installations, rest, appOf } = this.#parts
    const app = appOf(event.app)
    const known = installations.known(event)
    if (app === undefined || known === undefined) throw new CodedError(app === undefined ? 'APP_UNKNOWN' : 'PORTAL_UNKNOWN')
    // What was meant for a former installation must not touch the one that came after it.
    if (known.generation !== event.generation) throw new CodedError('FORMER_INSTALLATION')
    // What the lane had in its hands when the erasure began is no more: no handler is to see it.
    if (isErased(known) && event.code !== 'ONAPPUNINSTALL') throw new CodedError('INSTALLATION_DELETED')
    const step = { app, event, installation: known, auth, note: (text: string) => recorder.note(text), b24: () => rest.ofPortal(known) }
    return runLifecycleStep(this.#parts, step)
  }

  #runHandler(
    handler: Exclude<RegisteredHandler, { kind: 'destination' }>,
    opened: readonly Opened[],
    installation: Installation,
    recorder: AttemptRecorder,
  ): Promise<void> {
    const { clock, rest } = this.#parts
    const lazy = new LazySignal()
    const appEvents = opened.map(({ queued: { event }, parts: { auth, data } }) => appEventOf(event, data, auth.user_id))
    const uninstall = appEvents[0]?.code === 'ONAPPUNINSTALL'
    const context = new EventContext({
      events: appEvents, installation, lazy,
      note: (text) => recorder.note(text),
      b24: () => (uninstall ? undefined : rest.ofPortalNow(installation)),
    })
    const run = (): Promise<void> | void => (handler.kind === 'code' ? handler.run(context.forOne()) : handler.run(context.forBatch()))
    return withDeadline(clock, handler.policy.timeoutMs, lazy, run)
  }

  /** It ends by itself: a destination knows when its time is up, and how long it had to wait for a connection. */
  #deliver(destination: Destination, opened: readonly Opened[], { domain }: Installation): Promise<void> {
    const deliveries = opened.map(({ queued: { event }, parts: { auth } }): Delivery => ({
      id: event.id,
      app: event.app,
      memberId: event.memberId,
      domain,
      code: event.code,
      data: event.data,
      receivedAtMs: event.receivedAtMs,
      attempt: event.attempts + 1,
      ...(auth.user_id === undefined ? {} : { userId: auth.user_id }),
      ...(event.ts === undefined ? {} : { ts: event.ts }),
      ...(event.duplicateOf === undefined ? {} : { duplicateOf: event.duplicateOf }),
    }))
    return this.#parts.destinationOf(destination).deliver(deliveries, this.#stopping.signal, this.#draining.signal)
  }
}

/** Up to the first whose seal does not open: those before it are handed on, those behind it have made no attempt. */
function openedOf(sealer: Sealer, events: readonly QueuedEvent[]): { readonly opened: readonly Opened[]; readonly unopened?: Unopened } {
  const opened: Opened[] = []
  for (const queued of events) {
    try {
      opened.push({ queued, parts: queued.parts ?? partsOf(sealer, queued.event) })
    } catch (cause) {
      return { opened, unopened: new Unopened(cause) }
    }
  }
  return { opened }
}

/** What shares its seal is never opened: who raised the event stands beside it. */
function partsOf(sealer: Sealer, event: StoredEvent): OpenedParts {
  if (event.authShared !== true) return openParts(sealer, event)
  return { auth: event.userId === undefined ? {} : { user_id: event.userId }, ...(event.data === undefined ? {} : { data: event.data }) }
}
