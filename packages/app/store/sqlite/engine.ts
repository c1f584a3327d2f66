import type { DatabaseSync, SQLInputValue, StatementSync } from 'node:sqlite'
import { LaneIndex } from './lane-index.ts'
import type { Row } from './rows.ts'

/** What the operations work on: one connection, each statement prepared once, and the lanes' order in memory. */
export class Engine {
  readonly lanes = new LaneIndex()
  readonly #db: DatabaseSync
  readonly #prepared = new Map<string, StatementSync>()
  #lastSeq = 0

  constructor(db: DatabaseSync) {
    this.#db = db
  }

  /** Reads what the last process left open. */
  load(): void {
    this.#lastSeq = Number(this.get('SELECT max(seq) AS last FROM events')?.['last'] ?? 0)
    const open = this.#prepare(`SELECT seq, app, member_id, due_at, parked FROM events INDEXED BY events_open WHERE state = 'pending' ORDER BY seq`)
    for (const row of open.iterate()) {
      const portal = { app: String(row['app']), memberId: String(row['member_id']) }
      const dueAtMs = row['due_at'] === null ? undefined : Number(row['due_at'])
      if (row['parked'] === 1) this.lanes.park(portal, Number(row['seq']), dueAtMs ?? 0)
      else this.lanes.add(portal, Number(row['seq']), dueAtMs)
    }
  }

  /** Never given twice; a transaction that fails leaves a gap. */
  nextSeq(): number {
    return ++this.#lastSeq
  }

  run(sql: string, ...values: SQLInputValue[]): number {
    return Number(this.#prepare(sql).run(...values).changes)
  }

  get(sql: string, ...values: SQLInputValue[]): Row | undefined {
    return this.#prepare(sql).get(...values)
  }

  all(sql: string, ...values: SQLInputValue[]): Row[] {
    return this.#prepare(sql).all(...values)
  }

  #prepare(sql: string): StatementSync {
    let statement = this.#prepared.get(sql)
    if (statement === undefined) {
      statement = this.#db.prepare(sql)
      this.#prepared.set(sql, statement)
    }
    return statement
  }
}

/** The part of an operation that may only happen, and the answer that may only be given, once the commit is on disk. */
export class AfterCommit<Result> {
  readonly apply: () => Result

  constructor(apply: () => Result) {
    this.apply = apply
  }
}
