import { LaneIndex } from './lane-index.ts'
import { Queries } from './queries.ts'
import { Renewals } from './renewals.ts'

/** What the operations work on: the writing connection, and the lanes' order in memory. */
export class Engine extends Queries {
  readonly lanes = new LaneIndex()
  readonly renewals = new Renewals()
  #lastSeq = 0

  /** Reads what the last process left open. */
  load(): void {
    // Events may have been deleted whose batch of auth blocks is still there.
    for (const last of ['SELECT max(seq) AS last FROM events', 'SELECT max(batch) AS last FROM auth_batches']) {
      this.#lastSeq = Math.max(this.#lastSeq, Number(this.get(last)?.['last'] ?? 0))
    }
    const open = `SELECT seq, app, member_id, due_at, parked FROM events INDEXED BY events_open WHERE state = 'pending' ORDER BY seq`
    for (const row of this.iterate(open)) {
      const portal = { app: String(row['app']), memberId: String(row['member_id']) }
      const dueAtMs = row['due_at'] === null ? undefined : Number(row['due_at'])
      if (row['parked'] === 1) this.lanes.park(portal, Number(row['seq']), dueAtMs ?? 0)
      else this.lanes.add(portal, Number(row['seq']), dueAtMs)
    }
    for (const { app, member_id: memberId, up_to: upTo } of this.all('SELECT app, member_id, up_to FROM erasures')) {
      this.lanes.remove({ app: String(app), memberId: String(memberId) }, (seq) => seq < Number(upTo))
    }
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
