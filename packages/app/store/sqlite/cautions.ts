import type { Caution, Started } from '../lanes.ts'
import { WATCHED_EVENTS_PER_LANE } from '../lanes.ts'
import type { IndexedLane } from './lane-index.ts'
import type { Queries } from './queries.ts'
import type { Row } from './rows.ts'

/**
 * Which events a process may have died of (states in ../lanes.ts). A process leaves a note from its first lease to its end; whoever finds
 * one at open watches the first events of each lane.
 *
 * Invariant: an event's row has `started_at` from before a run with care until what it came to is settled, or the process has ended in
 * its own time. So whoever finds one at open finds a death.
 */
export class Cautions {
  readonly #known = new Map<number, Caution>()
  /** Noted by this process, and not settled yet. */
  readonly #started = new Set<number>()
  /** Whether this process has left its note. */
  isNoted = false

  /** Of an open event, at open. */
  load(row: Row): void {
    const seq = Number(row['seq'])
    const deaths = Number(row['deaths'])
    if (row['started_at'] !== null) this.#known.set(seq, { deaths: deaths + 1, startedAtMs: Number(row['started_at']) })
    else if (deaths > 0) this.#known.set(seq, { deaths })
  }

  /** Once all open events are there: none of those that come later can have been running. */
  watch(db: Queries, lanes: Iterable<IndexedLane>, lastSeq: number): void {
    if (db.get('SELECT 1 FROM notes WHERE name = ?', RUNNING_NOTE) === undefined) return
    for (const lane of lanes) lane.watchedUpToSeq = lane.open[lane.start + WATCHED_EVENTS_PER_LANE - 1] ?? lastSeq
  }

  of(lane: IndexedLane, seq: number): Caution | undefined {
    return this.#known.get(seq) ?? (seq <= lane.watchedUpToSeq ? WATCHED : undefined)
  }

  /** In the transaction that hands out events. */
  note(db: Queries): void {
    if (!this.isNoted) db.run('INSERT OR REPLACE INTO notes (name, text) VALUES (?, ?)', RUNNING_NOTE, 'running')
  }

  /** In the transaction that says so. */
  write(db: Queries, { seqs, atMs }: Started): void {
    for (const seq of seqs) db.run('UPDATE events SET started_at = ?, deaths = ? WHERE seq = ?', atMs, this.#known.get(seq)?.deaths ?? 0, seq)
  }

  /** Once that is on disk. */
  started({ seqs }: Started): void {
    for (const seq of seqs) {
      const deaths = this.#known.get(seq)?.deaths
      if (deaths !== undefined) this.#known.set(seq, { deaths })
      this.#started.add(seq)
    }
  }

  /** Once what it came to is on disk. */
  settled(seq: number, deaths: number | undefined): void {
    this.#started.delete(seq)
    if (deaths === undefined) this.#known.delete(seq)
    else this.#known.set(seq, { deaths })
  }

  forget(gone: (seq: number) => boolean): void {
    for (const seqs of [this.#known, this.#started]) for (const seq of seqs.keys()) if (gone(seq)) seqs.delete(seq)
  }

  /** A process that ends in its own time dies of nothing, whatever is still running. */
  end(db: Queries): void {
    if (!this.isNoted) return
    db.run('UPDATE events SET started_at = NULL WHERE seq IN (SELECT value FROM json_each(?))', JSON.stringify([...this.#started]))
    db.run('DELETE FROM notes WHERE name = ?', RUNNING_NOTE)
  }
}

const RUNNING_NOTE = 'process'
const WATCHED: Caution = { deaths: 0 }
