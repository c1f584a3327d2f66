import type { Clock, Timer } from '@portline/runtime/clock.ts'
import { sleep } from '@portline/runtime/clock.ts'
import type { Log } from '@portline/runtime/log.ts'
import { textOfThrown } from '@portline/runtime/thrown.ts'
import {
  DRAIN_MS, FULL_LANE_BYTES, LANES_AT_ONCE, LANE_ASK_GROWTH, LANE_BATCH_BYTES, LANE_BATCH_EVENTS, LANE_FAILED_EVENTS, LANE_LEASE_MS,
  LANE_TURN_EVENTS, QUEUED_BYTES, QUEUED_EVENTS_PER_LANE, STAND_BY_MS,
} from '../limits.ts'
import type { LeaseAnswer, Settlement } from '../store/lanes.ts'
import type { AppendLease, PortalKey, Store } from '../store/port.ts'
import { keyOf } from '../store/portal-key.ts'
import { Alarms } from './alarms.ts'
import { Breath } from './breath.ts'
import { isSuspect, needsCare } from './deaths.ts'
import { LaneSweep } from './lane-sweep.ts'
import { newLane } from './lane.ts'
import type { Lane, QueuedEvent } from './lane.ts'
import { REFUSED_REST_MS } from './settle-apart.ts'
import { STORE_RETRY_MS, Settler } from './settler.ts'

/**
 * Lanes: the events of one (app, portal) in the order they were received, one at a time (states in lane.ts).
 *
 * Invariants: a lane runs at most once at a time in this process, and a lease keeps other processes off it; an event is started
 * only after the one before it has ended; what they came to is recorded in their order. A lane has a turn of so many events and
 * then stands behind all others. An idle lane costs nothing: it is in no map.
 *
 * Where events come from: an event just received runs from memory when the store says that nothing of its lane comes before it.
 * All else is leased from the store, in batches.
 */
export interface LanesParts {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  /** Names this process in leases. */
  readonly owner: string
  /**
   * Runs events that belong together, and says of each what became of it. What it throws leaves them as they were. `begin` resolves when
   * their start is on disk, for those that are to be started with care.
   */
  readonly run: (events: readonly QueuedEvent[], begin: (() => Promise<void>) | undefined) => Promise<readonly Settlement[]>
  /** How many of these, from the first on, are run together: 1 or more. */
  readonly together: (queue: readonly QueuedEvent[]) => number
  /** Undefined when the head of the queue may run; else resolves when it is worth asking again. */
  readonly standBy: (queue: readonly QueuedEvent[]) => Promise<void> | undefined
  readonly onSettled: (portal: PortalKey, settlement: Settlement) => void
}

export class Lanes {
  readonly #parts: LanesParts
  readonly #settler: Settler
  readonly #breath: Breath
  readonly #lanes = new Map<string, Lane>()
  readonly #ready = new Set<Lane>()
  readonly #alarms: Alarms
  readonly #sweep: LaneSweep
  #running = 0
  #queuedBytes = 0
  #idle: (() => void) | undefined
  #stopping = false
  #stuckLoggedAtMs = 0
  #renewal: Timer | undefined

  constructor(parts: LanesParts) {
    this.#parts = parts
    const { store, clock, log, owner, onSettled } = parts
    this.#breath = new Breath(clock)
    this.#alarms = new Alarms(clock, (portal) => this.#look(portal))
    this.#sweep = new LaneSweep({ store, clock, log, known: () => this.#lanes.size, onDue: (portal) => this.#lookIfOverlooked(portal) })
    this.#settler = new Settler({ store, clock, log, owner, onSettled, onLost: (portal) => this.#lose(portal), onRefused: (portal, untilMs) => this.#refuse(portal, untilMs) })
  }

  /** Takes up what a former process left. */
  async start(): Promise<void> {
    await this.#sweep.start()
    if (!this.#stopping) this.#renewal = this.#parts.clock.setTimer(LANE_LEASE_MS / 3, () => void this.#renewLeases())
  }

  /** Under what lease an event that is appended now may run from memory. */
  lease(): Omit<AppendLease, 'wanted'> {
    const { clock, owner } = this.#parts
    const nowMs = clock.now()
    return { owner, nowMs, untilMs: nowMs + LANE_LEASE_MS }
  }

  /** Whether there is room to keep one more event of this portal in memory until it runs. */
  wants(portal: PortalKey): boolean {
    if (this.#queuedBytes > QUEUED_BYTES || this.#stopping) return false
    const lane = this.#lanes.get(keyOf(portal))
    return lane === undefined || (lane.state !== 'blocked' && lane.queue.length < QUEUED_EVENTS_PER_LANE)
  }

  /** An event was appended; `leased` as the store said. Whether nothing is before it. */
  appended(queued: QueuedEvent, leased: boolean): boolean {
    const key = keyOf(queued.event)
    const lane = this.#lanes.get(key) ?? this.#open(queued.event, key)
    const isNext = leased && lane.state === 'ready' && lane.queue.length === 0 && lane.late === undefined
    if (lane.late !== undefined) lane.late.push({ queued, leased })
    else this.#take(lane, queued, leased)
    if (lane.state === 'ready') this.#fill()
    return isNext
  }

  /** Something of this portal may be due, and before what its lane has in memory: looks into the store before it begins the next event. */
  wake(portal: PortalKey): void {
    const lane = this.#lanes.get(keyOf(portal))
    if (lane !== undefined) lane.earlier = true
    this.#look(portal)
  }

  /**
   * Makes due now what waits for its next try. What has just failed is among it: were its outcome written afterwards, it would wait its
   * time, and all behind it.
   */
  async hasten(portal: PortalKey): Promise<void> {
    await this.#settler.flushed()
    await this.#parts.store.hastenLane(portal)
    this.wake(portal)
  }

  /**
   * Lets running events end, starts no others. After the grace time what still runs is left to itself: it stays open and is run
   * again after the next start.
   */
  async stop(graceMs = DRAIN_MS): Promise<void> {
    const { clock } = this.#parts
    this.#stopping = true
    this.#sweep.stop()
    this.#renewal?.cancel()
    this.#alarms.stop()
    this.#ready.clear()
    const grace = sleep(clock, graceMs)
    if (this.#running > 0) await Promise.race([new Promise<void>((resolve) => (this.#idle = resolve)), grace])
    await Promise.race([this.#settler.flushed(), grace])
    this.#settler.stop()
  }

  #look(portal: PortalKey): void {
    if (this.#stopping) return
    const key = keyOf(portal)
    const lane = this.#lanes.get(key) ?? this.#open(portal, key)
    this.#alarms.clear(key)
    lane.more = true
    lane.again = lane.state === 'running'
    if (lane.state === 'blocked') this.#makeReady(lane)
    this.#fill()
  }

  #take(lane: Lane, queued: QueuedEvent, leased: boolean): void {
    if (leased) {
      lane.queue.push(queued)
      this.#queuedBytes += queued.bytes
    } else if (lane.state !== 'blocked') lane.more = true
  }

  #open(portal: PortalKey, key: string): Lane {
    const lane = newLane({ app: portal.app, memberId: portal.memberId }, key)
    this.#lanes.set(key, lane)
    if (!this.#stopping) this.#ready.add(lane)
    return lane
  }

  #makeReady(lane: Lane): void {
    lane.state = 'ready'
    if (!this.#stopping) this.#ready.add(lane)
  }

  #fill(): void {
    for (const lane of this.#ready) {
      if (this.#running >= LANES_AT_ONCE) return
      this.#ready.delete(lane)
      lane.state = 'running'
      this.#running += 1
      void this.#turn(lane).then((untilMs) => {
        this.#running -= 1
        this.#rest(lane, untilMs)
        if (this.#running === 0) this.#idle?.()
        this.#fill()
      })
    }
  }

  /** After its turn: behind all others, blocked until then, or gone. */
  #rest(lane: Lane, untilMs: number | undefined): void {
    if (lane.again) lane.more = true
    const again = lane.again
    lane.again = false
    if (untilMs !== undefined && untilMs > this.#parts.clock.now() && !again) {
      lane.state = 'blocked'
      this.#alarms.set(lane.portal, untilMs)
    } else if (lane.queue.length > 0 || lane.more) this.#makeReady(lane)
    else this.#lanes.delete(lane.key)
  }

  /** Up to so many events; until when the lane is blocked, if it is. */
  async #turn(lane: Lane): Promise<number | undefined> {
    const { clock } = this.#parts
    try {
      if (lane.queue.length === 0) {
        const untilMs = await this.#refill(lane)
        if (untilMs !== undefined) return untilMs
      }
      return await this.#runQueue(lane)
    } catch (error) {
      this.#logStuck(lane, error)
      return this.#release(lane, clock.now() + STORE_RETRY_MS)
    }
  }

  /** One for all: where the store fails a thousand lanes stop, and it may fail for want of room on the log's disk. */
  #logStuck({ portal }: Lane, error: unknown): void {
    const nowMs = this.#parts.clock.now()
    if (Math.abs(nowMs - this.#stuckLoggedAtMs) < STORE_RETRY_MS) return
    this.#stuckLoggedAtMs = nowMs
    this.#parts.log.error({ app: portal.app, portal: portal.memberId, error: textOfThrown(error) }, 'a lane could not go on, and perhaps others')
  }

  async #runQueue(lane: Lane): Promise<number | undefined> {
    let begun: string | undefined
    for (let left = LANE_TURN_EVENTS; left > 0 && lane.queue.length > 0 && !this.#stopping; ) {
      if (this.#settler.full) await this.#settler.flushed()
      const breath = this.#breath.take()
      if (breath !== undefined) await breath
      // Meanwhile the lane may have been given up or lost, or all may be stopping.
      if (lane.queue.length === 0 || this.#stopping) break
      if (lane.earlier) return this.#release(lane, this.#parts.clock.now())
      const events = lane.queue.splice(0, this.#parts.together(lane.queue))
      left -= events.length
      // Once for each handler in a turn: a lane that has begun goes on. Suspects have a line of their own.
      const code = events[0]?.event.code
      const room = code === begun && !isSuspect(events[0]) ? undefined : this.#parts.standBy(events)
      if (room !== undefined) {
        lane.queue.unshift(...events)
        return this.#standBy(lane, room)
      }
      begun = code
      for (const { bytes } of events) this.#queuedBytes -= bytes
      const settlements = await this.#parts.run(events, needsCare(events) ? () => this.#noteStart(lane, events) : undefined)
      const untilMs = blockedUntil(settlements)
      for (const { state, parked, dueAtMs } of settlements) {
        if (state === 'pending' && parked === true) this.#alarms.set(lane.portal, dueAtMs ?? 0)
      }
      this.#settler.add(lane.portal, settlements, untilMs !== undefined)
      if (untilMs !== undefined) return this.#giveBack(lane, untilMs)
    }
    return undefined
  }

  async #noteStart(lane: Lane, events: readonly QueuedEvent[]): Promise<void> {
    const { losses } = lane
    this.#settler.start(lane.portal, { seqs: events.map(({ event }) => event.seq), atMs: this.#parts.clock.now() })
    await this.#settler.flushed()
    if (lane.losses > losses) throw new Error('its events were taken from it before they were started')
  }

  /** Lanes that wait in memory are limited: this one leaves its place to another until it is told. */
  #standBy(lane: Lane, room: Promise<void>): Promise<number> {
    if (lane.room !== room) {
      void room.then(() => {
        lane.ask = LANE_TURN_EVENTS
        this.#look(lane.portal)
      })
    }
    lane.room = room
    return this.#release(lane, this.#parts.clock.now() + STAND_BY_MS)
  }

  /** What it was handed and has not begun. */
  #release(lane: Lane, untilMs: number): Promise<number> {
    this.#settler.add(lane.portal, [], true)
    return this.#giveBack(lane, untilMs)
  }

  /** A blocked lane keeps nothing: what it was handed goes back in the same write, and so do grants that were under way. */
  async #giveBack(lane: Lane, untilMs: number): Promise<number> {
    lane.ask = LANE_FAILED_EVENTS
    this.#drop(lane)
    lane.late = []
    await this.#settler.flushed()
    await this.#answersRead()
    lane.late = undefined
    lane.more = true
    return untilMs
  }

  /** Leases the lane's next events; until when there is none to run. */
  async #refill(lane: Lane): Promise<number | undefined> {
    const { store, clock, owner } = this.#parts
    // From here on: what is granted while the disk is waited for is among what the lease gives back.
    lane.late = []
    await this.#settler.flushed()
    lane.more = false
    lane.again = false
    lane.earlier = false
    const nowMs = clock.now()
    // What a lane cannot run in this turn stays in memory until its next.
    const isFull = this.#queuedBytes > QUEUED_BYTES
    const maxEvents = isFull ? Math.min(lane.ask, LANE_TURN_EVENTS) : lane.ask
    const request = { owner, nowMs, untilMs: nowMs + LANE_LEASE_MS, maxEvents, maxBytes: isFull ? FULL_LANE_BYTES : LANE_BATCH_BYTES }
    try {
      const restMs = lane.notBeforeMs - nowMs
      // Nothing rests longer: the clock was set back meanwhile.
      if (restMs > REFUSED_REST_MS) lane.notBeforeMs = 0
      else if (restMs > 0) {
        lane.more = true
        return lane.notBeforeMs
      }
      const answer = await store.leaseLane(lane.portal, request)
      await this.#answersRead()
      if (answer.kind === 'wait') {
        // It may be due by the time the turn ends: timers come early, too.
        lane.more = true
        return answer.untilMs
      }
      // Beyond those that it was handed: of the others the next lease brings some. An alarm would have a lane that stands by ask at once.
      const isParkedDue = answer.parkedUntilMs !== undefined && answer.parkedUntilMs <= nowMs
      if (answer.parkedUntilMs !== undefined && !isParkedDue) this.#alarms.set(lane.portal, answer.parkedUntilMs)
      if (answer.kind === 'leased') {
        lane.more = answer.more || isParkedDue
        lane.ask = Math.min(LANE_BATCH_EVENTS, lane.ask * LANE_ASK_GROWTH)
        for (const queued of queuedOf(answer)) this.#take(lane, queued, true)
      }
      // Of what was appended before the lane was leased anew, the store has taken account; the rest follows it.
      for (const { queued, leased } of lane.late) if (queued.event.seq > answer.asOfSeq) this.#take(lane, queued, leased)
      return undefined
    } finally {
      lane.late = undefined
    }
  }

  /** Whoever was answered before has gone on by then. */
  #answersRead(): Promise<void> {
    return new Promise((resolve) => this.#parts.clock.soon(resolve))
  }

  #drop(lane: Lane): void {
    for (const { bytes } of lane.queue) this.#queuedBytes -= bytes
    lane.queue = []
  }

  #lose(portal: PortalKey): void {
    const lane = this.#lanes.get(keyOf(portal))
    this.#parts.log.warn({ app: portal.app, portal: portal.memberId }, 'the lease of a lane was lost; its events are run by whoever has it now')
    if (lane !== undefined) this.#takeBack(lane)
  }

  #refuse(portal: PortalKey, untilMs: number): void {
    const key = keyOf(portal)
    const lane = this.#lanes.get(key) ?? this.#open(portal, key)
    this.#takeBack(lane)
    lane.notBeforeMs = untilMs
    this.#fill()
  }

  #takeBack(lane: Lane): void {
    this.#drop(lane)
    lane.more = true
    lane.losses += 1
  }

  async #renewLeases(): Promise<void> {
    const { store, clock, owner, log } = this.#parts
    const held = [...this.#lanes.values()].filter(({ state, queue }) => state === 'running' || queue.length > 0).map(({ portal }) => portal)
    try {
      for (const portal of await store.renewLeases(owner, held, clock.now() + LANE_LEASE_MS)) this.#lose(portal)
    } catch (error) {
      log.error({ error: String(error) }, 'leases could not be renewed')
    }
    if (!this.#stopping) this.#renewal = clock.setTimer(LANE_LEASE_MS / 3, () => void this.#renewLeases())
  }

  /** It is due: nobody woke it, or its alarm has not rung though its time has come. */
  #lookIfOverlooked(portal: PortalKey): void {
    const key = keyOf(portal)
    const lane = this.#lanes.get(key)
    if (lane === undefined || (lane.state === 'blocked' && this.#alarms.isDue(key))) this.#look(portal)
  }
}

function queuedOf({ events, bytes, cautions }: Extract<LeaseAnswer, { kind: 'leased' }>): QueuedEvent[] {
  return events.map((event, n) => {
    const caution = cautions?.[event.seq]
    return { event, bytes: bytes[n] ?? 0, ...(caution === undefined ? {} : { caution }) }
  })
}

function blockedUntil(settlements: readonly Settlement[]): number | undefined {
  return settlements.find(({ state, parked }) => state === 'pending' && parked !== true)?.dueAtMs
}
