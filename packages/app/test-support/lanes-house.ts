import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { VirtualClock } from '@portline/runtime/clock.ts'
import type { Clock } from '@portline/runtime/clock.ts'
import { silentLog } from '@portline/runtime/log.ts'
import type { QueuedEvent } from '../inbox/lane.ts'
import { Lanes } from '../inbox/lanes.ts'
import type { LanesParts } from '../inbox/lanes.ts'
import type { Caution, Settlement } from '../store/lanes.ts'
import type { NewEvent, PortalKey, Store } from '../store/port.ts'
import { openSqliteStore } from '../store/sqlite/sqlite-store.ts'

/** What an event comes to: an attempt that failed is made again after so long, in its lane or parked. */
export type Ending = 'done' | 'dead' | { readonly againAfterMs: number; readonly parked?: true }

export const A = { app: 'hello', memberId: 'a' }
export const B = { app: 'hello', memberId: 'b' }

/** Lanes over a real store. Time moves only when told; the hour may jump, and timers know nothing of that. */
export class LanesHouse {
  readonly store: Store
  readonly time = new VirtualClock()
  readonly ran: string[] = []
  readonly errors: object[] = []
  /** How an event ends, each time it runs; done when nothing is said. A promise keeps it running. */
  readonly endings = new Map<string, () => Ending | Promise<Ending>>()
  /** How far the hour has jumped. */
  aheadMs = 0
  readonly clock: Clock = {
    now: () => this.time.now() + this.aheadMs,
    setTimer: (delayMs, task) => this.time.setTimer(delayMs, task),
    soon: (task) => this.time.soon(task),
  }
  readonly #folder: string
  readonly #lanes: Lanes[] = []

  private constructor(folder: string, store: Store) {
    this.#folder = folder
    this.store = store
  }

  static async open(): Promise<LanesHouse> {
    const folder = await mkdtemp(join(tmpdir(), 'portline-lanes-'))
    return new LanesHouse(folder, await openSqliteStore(join(folder, 'store.sqlite')))
  }

  lanes(over: Partial<Store> = {}, parts: Partial<LanesParts> = {}): Lanes {
    const log = { ...silentLog, error: (fields: object) => void this.errors.push(fields) }
    const run = (events: readonly QueuedEvent[], begin?: () => Promise<void>): Promise<Settlement[]> => this.#run(events, begin)
    const lanes = new Lanes({ store: { ...this.store, ...over }, clock: this.clock, log, owner: 'me', run, together: () => 1, standBy: () => undefined, onSettled: () => {}, ...parts })
    this.#lanes.push(lanes)
    return lanes
  }

  /** For `lanes`: outcomes are on their way to the disk until it writes. */
  slowDisk(): { readonly settle: Store['settle']; readonly asked: () => boolean; readonly write: () => void } {
    const { promise, resolve } = Promise.withResolvers<void>()
    let asked = false
    const settle: Store['settle'] = (...args) => {
      asked = true
      return promise.then(() => this.store.settle(...args))
    }
    return { settle, asked: () => asked, write: resolve }
  }

  async append(portal: PortalKey, ...ids: string[]): Promise<void> {
    await this.store.appendEvents({ events: ids.map((id) => eventOf(portal, id)) })
  }

  /** As it is received: with leave to run from memory. */
  async receive(lanes: Lanes, portal: PortalKey, id: string, caution?: Caution): Promise<void> {
    const event = eventOf(portal, id)
    const [appended] = await this.store.appendEvents({ events: [event], lease: { ...lanes.lease(), wanted: [true] } })
    if (appended?.leased !== true) throw new Error(`${id} may not run from memory`)
    lanes.appended({ event: { ...event, seq: appended.seq, attempts: 0 }, parts: { auth: {} }, bytes: 1, ...(caution === undefined ? {} : { caution }) }, true)
  }

  /** Keeps the event running the next time it runs, until the answer says what it comes to. */
  keep(id: string): (ending: Ending) => void {
    const { promise, resolve } = Promise.withResolvers<Ending>()
    this.endings.set(id, () => {
      this.endings.delete(id)
      return promise
    })
    return resolve
  }

  async isEnded(id: string): Promise<boolean> {
    const event = await this.store.event(id)
    return event?.state === 'done' || event?.state === 'dead'
  }

  async attempts(id: string): Promise<number> {
    return (await this.store.event(id))?.attempts ?? 0
  }

  /** By another connection to the store's file. */
  exec(sql: string): void {
    const db = new DatabaseSync(join(this.#folder, 'store.sqlite'))
    db.exec(sql)
    db.close()
  }

  /** Lets the store's thread and the lanes work until the condition holds; virtual time stands still. */
  async soon(holds: () => boolean | Promise<boolean>): Promise<void> {
    for (let round = 0; round < 5_000; round++) {
      if (await holds()) return
      await new Promise((resolve) => setTimeout(resolve, 1))
    }
    throw new Error(`never: ${holds.toString()}; ran ${this.ran.join()}`)
  }

  async close(): Promise<void> {
    const stopped = this.#lanes.map((lanes) => lanes.stop(0))
    await this.time.advance(0)
    await Promise.all(stopped)
    await this.store.close()
    await rm(this.#folder, { recursive: true })
  }

  async #run([queued]: readonly QueuedEvent[], begin?: () => Promise<void>): Promise<Settlement[]> {
    if (queued === undefined) return []
    await begin?.()
    const { id, seq, attempts } = queued.event
    this.ran.push(id)
    const ending = (await this.endings.get(id)?.()) ?? 'done'
    const atMs = this.clock.now()
    const attempt = { n: attempts + 1, startedAtMs: atMs, durationMs: 0, outcome: ending === 'done' ? 'done' as const : 'failed' as const, calls: [], notes: [] }
    if (typeof ending === 'string') return [{ id, seq, attempt, state: ending, atMs }]
    return [{ id, seq, attempt, state: 'pending', atMs, dueAtMs: atMs + ending.againAfterMs, ...(ending.parked === true ? { parked: true } : {}) }]
  }
}

export function eventOf(portal: PortalKey, id: string): NewEvent {
  return { ...portal, id, code: 'X', auth: new Uint8Array(), generation: 1, state: 'pending', proof: 'application_token', receivedAtMs: 1 }
}
