import type { Caution, Settlement, Started } from '../lanes.ts'
import { WATCHED_EVENTS_PER_LANE } from '../lanes.ts'
import type { IndexedLane } from './lane-index.ts'
import type { Queries } from './queries.ts'

/**
 * Which events a process may have died of (states in ../lanes.ts). A process leaves a note from its first lease to its orderly end;
 * whoever finds one at open watches the first events of each lane, and those that are parked.
 *
 * Invariant: an open event has a row with `started_at` from before a run with care until what it came to is settled, or until an
 * orderly end of the process. So whoever finds one at open finds a death.
 */
export class Cautions {
  readonly #known = new Map<number, Caution>()
  /** Noted by this process, and not settled yet. */
  readonly #started = new Set<number>()
  /** Of parked events, those up to this one are watched. */
  #parkedUpToSeq = 0
  /** Whether this process has left its note. */
  isNoted = false

  /** Once the lanes are there: none of the events that come later can have been running. */
  load(db: Queries, lanes: Iterable<IndexedLane>, lastSeq: number): void {
    for (const row of db.all('SELECT seq, started_at, deaths FROM cautions')) {
      const [seq, deaths] = [Number(row['seq']), Number(row['deaths'])]
      this.#known.set(seq, row['started_at'] === null ? { deaths } : { deaths: deaths + 1, startedAtMs: Number(row['started_at']) })
    }
    if (db.get('SELECT 1 FROM notes WHERE name = ?', RUNNING_NOTE) === undefined) return
    this.#parkedUpToSeq = lastSeq
    for (const lane of lanes) lane.watchedUpToSeq = lane.open[lane.start + WATCHED_EVENTS_PER_LANE - 1] ?? lastSeq
  }

  of(lane: IndexedLane, { seq, parked }: { readonly seq: number; readonly parked?: true }): Caution | undefined {
    const known = this.#known.get(seq)
    if (known !== undefined) return known
    return seq <= (parked === true ? this.#parkedUpToSeq : lane.watchedUpToSeq) ? WATCHED : undefined
  }

  /** In the transaction that hands out events. */
  note(db: Queries): void {
    if (!this.isNoted) db.run('INSERT OR REPLACE INTO notes (name, text) VALUES (?, ?)', RUNNING_NOTE, 'running')
  }

  /** In the transaction that says so. */
  writeStarted(db: Queries, { seqs, atMs }: Started): void {
    for (const seq of seqs) db.run(WRITE, seq, atMs, this.#known.get(seq)?.deaths ?? 0)
  }

  /** Once that is on disk. */
  started({ seqs }: Started): void {
    for (const seq of seqs) {
      const deaths = this.#known.get(seq)?.deaths
      if (deaths !== undefined) this.#known.set(seq, { deaths })
      this.#started.add(seq)
    }
  }

  /** In the transaction that settles it. */
  writeSettled(db: Queries, settlement: Settlement): void {
    const { seq } = settlement
    if (!this.#known.has(seq) && !this.#started.has(seq)) return
    const deaths = this.#deathsAfter(settlement)
    if (deaths === 0) db.run('DELETE FROM cautions WHERE seq = ?', seq)
    else db.run(WRITE, seq, null, deaths)
  }

  /** Once that is on disk. */
  settled(settlement: Settlement): void {
    const { seq } = settlement
    this.#started.delete(seq)
    if (!this.#known.has(seq)) return
    const deaths = this.#deathsAfter(settlement)
    if (deaths === 0) this.#known.delete(seq)
    else this.#known.set(seq, { deaths })
  }

  /** What was not tried has shown nothing. */
  #deathsAfter({ seq, state, attempt, deaths = 0 }: Settlement): number {
    if (state !== 'pending') return 0
    return attempt === undefined ? (this.#known.get(seq)?.deaths ?? 0) : deaths
  }

  /** In the transaction that deletes the event. */
  writeForgotten(db: Queries, seq: number): void {
    if (this.#known.has(seq) || this.#started.has(seq)) db.run('DELETE FROM cautions WHERE seq = ?', seq)
  }

  /** Once that is on disk. */
  forget(gone: (seq: number) => boolean): void {
    for (const seqs of [this.#known, this.#started]) for (const seq of seqs.keys()) if (gone(seq)) seqs.delete(seq)
  }

  /** In an orderly end a process dies of nothing, whatever is still running. */
  end(db: Queries): void {
    if (!this.isNoted) return
    const started = JSON.stringify([...this.#started])
    db.run('DELETE FROM cautions WHERE deaths = 0 AND seq IN (SELECT value FROM json_each(?))', started)
    db.run('UPDATE cautions SET started_at = NULL WHERE seq IN (SELECT value FROM json_each(?))', started)
    db.run('DELETE FROM notes WHERE name = ?', RUNNING_NOTE)
  }
}

const RUNNING_NOTE = 'process'
const WRITE = 'INSERT OR REPLACE INTO cautions (seq, started_at, deaths) VALUES (?, ?, ?)'
const WATCHED: Caution = { deaths: 0 }

/** A copy of a store knows nothing of the process that had it. */
export const FORGET_PROCESS = `DELETE FROM cautions; DELETE FROM notes WHERE name = '${RUNNING_NOTE}'`
