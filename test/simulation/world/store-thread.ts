import type { Clock } from '@portline/runtime/clock.ts'
import { DatabaseSync } from 'node:sqlite'
import { Engine } from 'portline/store/sqlite/engine.ts'
import type { OperationAnswer, OperationCall, ThreadMessage, ThreadReply } from 'portline/store/sqlite/operations.ts'
import { runBatch } from 'portline/store/sqlite/run-batch.ts'
import { createTables } from 'portline/store/sqlite/schema.ts'
import { SqliteThread } from 'portline/store/sqlite/sqlite-thread.ts'
import type { StoreThread } from 'portline/store/sqlite/sqlite-thread.ts'
import type { Snapshot } from '../history.ts'
import { Dice } from './dice.ts'
import type { Disk } from './disk.ts'
import { snapshotOf } from './snapshot.ts'
import type { Life, Timeline } from './timeline.ts'
import { WATCH, WatchedDatabase } from './watched-database.ts'
import type { WatchedCommit } from './watched-database.ts'

/**
 * The store's thread: the real operations on a database in memory, and a simulated disk under its commits. A record on the disk is
 * what one transaction changed (SQLite's changeset). The database is read by nobody but the thread, which answers after the sync,
 * so it may commit in memory when it begins to write: a crash takes the memory and leaves what the disk has.
 */
export interface ThreadParts {
  readonly timeline: Timeline
  readonly life: Life
  readonly disk: Disk
  readonly dice: Dice
  /** What a transaction has changed, once it is durable. */
  readonly onCommitted: (committed: WatchedCommit) => void
}

const OPEN_MS = 3
const MOST_OPEN_MS = 60

/** Node has them, its types not yet. */
type Database = DatabaseSync & { serialize(): Uint8Array; deserialize(bytes: Uint8Array): void }

/** The database as the disk's records tell it: what a process finds when it opens the store. */
export class StoreImage {
  readonly #db = new DatabaseSync(':memory:') as Database
  #applied = 0

  constructor() {
    createTables(this.#db)
  }

  /** All records since the beginning; those of before are known. */
  read(records: readonly Uint8Array[]): void {
    for (const record of records.slice(this.#applied)) {
      if (!this.#db.applyChangeset(record)) throw new Error('a record does not fit what came before it')
    }
    this.#applied = records.length
  }

  bytes(): Uint8Array {
    return this.#db.serialize()
  }

  close(): void {
    this.#db.close()
  }
}

export class SimulatedThread {
  readonly #parts: ThreadParts
  readonly #db: Database
  readonly #watched: WatchedDatabase
  readonly #engine: Engine
  readonly #posted: ThreadMessage[] = []
  #working = false
  #onMessage: (reply: ThreadReply) => void = () => {}

  constructor(parts: ThreadParts, image: StoreImage) {
    this.#parts = parts
    this.#db = new DatabaseSync(':memory:') as Database
    this.#db.deserialize(image.bytes())
    this.#db.exec(WATCH)
    this.#watched = new WatchedDatabase(this.#db)
    this.#engine = new Engine(this.#db, new Dice('salts').random)
    this.#engine.load()
  }

  on(event: string, listener: (reply: ThreadReply) => void): this {
    if (event === 'message') this.#onMessage = listener
    return this
  }

  postMessage(message: ThreadMessage): void {
    this.#posted.push(structuredClone(message))
    if (!this.#working) this.#next()
  }

  /** As the real thread: all that has arrived by now is one transaction, and the next begins when it has been answered. */
  #next(): void {
    const { timeline, life, dice } = this.#parts
    const batch: OperationCall[] = []
    for (let message = this.#posted[0]; message !== undefined && 'batch' in message; message = this.#posted[0]) {
      batch.push(...message.batch)
      this.#posted.shift()
    }
    if (batch.length > 0) {
      this.#working = true
      timeline.after(life, dice.between(0, 0.3), () => this.#work(batch))
    } else if (this.#posted.length > 0) timeline.after(life, dice.between(0, 1), () => this.#onMessage({ closed: true }))
  }

  #work(batch: readonly OperationCall[]): void {
    const { timeline, life, disk, onCommitted } = this.#parts
    const plan = disk.plan()
    this.#watched.begin(plan)
    // Cloned at once, as on the way to another thread: what it shares with the engine would change under its reader.
    const answers = structuredClone(runBatch(this.#watched as unknown as DatabaseSync, this.#engine, batch))
    const { changeset, changes: events, installations, accounts, audited } = this.#watched
    const reply = (): void => this.#reply(answers)
    if (changeset === undefined) {
      reply()
      return
    }
    disk.write(changeset, plan.writeMs)
    timeline.after(life, plan.writeMs, () => {
      disk.written(plan.fault)
      if (plan.fault === 'write fails' || plan.fault === 'full') return reply()
      timeline.after(life, plan.syncMs, () => {
        if (plan.fault === 'sync fails') disk.syncFailed()
        else {
          disk.synced()
          onCommitted({ events, installations, accounts, audited })
        }
        reply()
      })
    })
  }

  #reply(answers: OperationAnswer[]): void {
    const { timeline, life, dice } = this.#parts
    timeline.after(life, dice.between(0, 0.2), () => {
      this.#working = false
      this.#next()
      this.#onMessage({ answers })
    })
  }

  snapshot(process: number): Snapshot {
    return snapshotOf(this.#db, process)
  }

  count(state: string): number {
    return Number(this.#db.prepare('SELECT count(*) AS n FROM events WHERE state = ?').get(state)?.['n'])
  }

  close(): void {
    this.#db.close()
  }
}

/** The real group commit, on this thread. */
export function workerOn(thread: SimulatedThread, clock: Clock): SqliteThread {
  return new SqliteThread(thread as unknown as StoreThread, clock)
}

/** How long opening a store takes: replaying, checking. */
export function openingMs(dice: Dice): number {
  return OPEN_MS + dice.between(0, MOST_OPEN_MS)
}
