import type { DatabaseSync } from 'node:sqlite'
import { Cautions } from './cautions.ts'
import { removeErased } from './erased-lane.ts'
import { LaneIndex } from './lane-index.ts'
import { Queries } from './queries.ts'
import { Renewals } from './renewals.ts'

/** A Random is one: the system's, or the simulation's. */
export interface RandomBytes {
  bytes(length: number): Uint8Array
}

const LAST_SEQ_NOTE = 'last seq'

/** What the operations work on: the writing connection, and the lanes' order in memory. */
export class Engine extends Queries {
  readonly lanes = new LaneIndex()
  readonly cautions = new Cautions()
  readonly renewals = new Renewals()
  readonly random: RandomBytes
  #lastSeq = 0

  constructor(db: DatabaseSync, random: RandomBytes) {
    super(db)
    this.random = random
  }

  /** Reads what the last process left open. */
  load(): void {
    // The newest events may have been deleted, and their batch of auth blocks may still be there.
    const noted = `SELECT text AS last FROM notes WHERE name = '${LAST_SEQ_NOTE}'`
    for (const last of ['SELECT max(seq) AS last FROM events', 'SELECT max(batch) AS last FROM auth_batches', noted]) {
      this.#lastSeq = Math.max(this.#lastSeq, Number(this.get(last)?.['last'] ?? 0))
    }
    const open = `SELECT seq, app, member_id, due_at, parked FROM events INDEXED BY events_open WHERE state = 'pending' ORDER BY seq`
    for (const row of this.iterate(open)) {
      const portal = { app: String(row['app']), memberId: String(row['member_id']) }
      const dueAtMs = row['due_at'] === null ? undefined : Number(row['due_at'])
      if (row['parked'] === 1) this.lanes.park(portal, Number(row['seq']), dueAtMs ?? 0)
      else this.lanes.add(portal, Number(row['seq']), dueAtMs)
    }
    this.cautions.load(this, this.lanes.values(), this.#lastSeq)
    // Of a portal that was installed again meanwhile there may be newer ones before the uninstall: held when it came, and proven since.
    const erased = `SELECT e.app, e.member_id, e.up_to, e.generation FROM erasures e LEFT JOIN installations i ON i.app = e.app AND i.member_id = e.member_id
      WHERE i.generation IS NULL OR i.generation <= e.generation`
    for (const row of this.all(erased)) {
      const portal = { app: String(row['app']), memberId: String(row['member_id']) }
      removeErased(this, this.lanes, { ...portal, upToSeq: Number(row['up_to']), generation: Number(row['generation']) })
    }
  }

  /** In each transaction that may delete the newest event: its place is not given to another after a restart. */
  noteLastSeq(): void {
    this.run('INSERT OR REPLACE INTO notes (name, text) VALUES (?, ?)', LAST_SEQ_NOTE, String(this.#lastSeq))
  }

  /** Never given twice; a transaction that fails leaves a gap. */
  nextSeq(): number {
    return ++this.#lastSeq
  }
}

/** The part of an operation that may only happen, and the answer that may only be given, once the commit is on disk. */
export class AfterCommit<Result> {
  readonly apply: () => Result

  constructor(apply: () => Result) {
    this.apply = apply
  }
}
