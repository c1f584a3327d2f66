import type { SettledBefore, SettledWindow } from '../keeping.ts'
import type { Queries } from './queries.ts'
import type { Row } from './rows.ts'
import { SCAN_EVENTS } from './scan.ts'

/** A settled event that may be deleted is looked for among so many at once. */
const WINDOW_EVENTS = 500
/**
 * Of data, auth blocks and attempts, in one slice; one event goes whatever its size. All of it is overwritten, in one transaction: so much
 * goes into the log, and nothing is taken in meanwhile.
 */
const WINDOW_BYTES = 4_194_304
/** Events looked at behind a stretch that is too young: what may be deleted there is overlooked only where it is less than such a part. */
const SAMPLES_BEHIND = 32

/** Whether a settled event has been kept long enough. Takes two values. */
export const DELETABLE = `((state = 'done' AND finished_at < ?) OR (state = 'dead' AND finished_at < ?))`

/** Of the writing thread's look. */
const FIRST_EVENTS = 50
const FIRST = `SELECT seq, received_at, ${DELETABLE} AS deletable FROM events ORDER BY seq LIMIT ?`

export function deletableValues({ doneBeforeMs, deadBeforeMs }: SettledBefore): [number, number] {
  return [doneBeforeMs, deadBeforeMs]
}

/** Sizes are read without what they are of. */
const STRETCH = `
  SELECT seq, received_at, deletable, iif(deletable, bytes + coalesce(
    (SELECT sum(coalesce(octet_length(error), 0) + coalesce(octet_length(calls), 0) + coalesce(octet_length(notes), 0)) FROM attempts WHERE event = seq), 0), 0) AS bytes
  FROM (SELECT seq, received_at, ${DELETABLE} AS deletable, coalesce(octet_length(data), 0) + octet_length(auth) AS bytes FROM events WHERE seq > ? ORDER BY seq LIMIT ?)`

interface Stretch {
  readonly toSeq: number
  /** Which may be deleted. */
  readonly seqs: readonly number[]
  readonly oldestMs: number
}

export const settledQueries = {
  /** Whether a look at the first events, and here and there behind them, finds nothing that may be deleted: then nobody has to read on. */
  isTooYoung(db: Queries, before: SettledBefore): boolean {
    let last = 0
    for (const { seq, received_at: at, deletable } of db.iterate(FIRST, ...deletableValues(before), FIRST_EVENTS)) {
      if (deletable === 1 || Number(at) <= Math.max(before.doneBeforeMs, before.deadBeforeMs)) return false
      last = Number(seq)
    }
    return sampleDeletable(db, before, last) === undefined
  },

  /** The next stretch of events, after the given one, in which some may be deleted. */
  settledWindow(db: Queries, before: SettledBefore, afterSeq: number): SettledWindow {
    let [fromSeq, worthUpToSeq] = [afterSeq, 0]
    for (let looked = 0; looked < SCAN_EVENTS; looked += WINDOW_EVENTS) {
      const stretch = stretchOf(db, before, fromSeq)
      if (stretch === undefined) return { kind: 'end' }
      const { toSeq, seqs, oldestMs } = stretch
      if (seqs.length > 0) return { kind: 'window', afterSeq: fromSeq, toSeq, seqs }
      // What was received later cannot have ended earlier, unless the clock was set back in between, or it was imported.
      if (toSeq > worthUpToSeq && oldestMs > Math.max(before.doneBeforeMs, before.deadBeforeMs)) {
        const found = sampleDeletable(db, before, toSeq)
        if (found === undefined) return { kind: 'end' }
        worthUpToSeq = found
      }
      fromSeq = toSeq
    }
    return { kind: 'more', afterSeq: fromSeq }
  },
}

/** Up to where there are so many events, or so much to delete; nothing when there are none. */
function stretchOf(db: Queries, before: SettledBefore, afterSeq: number): Stretch | undefined {
  let last: Row | undefined
  let oldestMs = Number.POSITIVE_INFINITY
  const seqs: number[] = []
  let bytes = 0
  for (const row of db.iterate(STRETCH, ...deletableValues(before), afterSeq, WINDOW_EVENTS)) {
    bytes += Number(row['bytes'])
    if (seqs.length > 0 && bytes > WINDOW_BYTES) break
    if (row['deletable'] === 1) seqs.push(Number(row['seq']))
    oldestMs = Math.min(oldestMs, Number(row['received_at']))
    last = row
  }
  return last === undefined ? undefined : { toSeq: Number(last['seq']), seqs, oldestMs }
}

/** The place of an event behind this one that may be deleted, if one is met by chance. */
function sampleDeletable(db: Queries, before: SettledBefore, afterSeq: number): number | undefined {
  const lastSeq = Number(db.get('SELECT max(seq) AS last FROM events')?.['last'] ?? 0)
  const step = Math.max(1, (lastSeq - afterSeq) / SAMPLES_BEHIND)
  for (let seq = afterSeq + 1; seq <= lastSeq; seq += step) {
    const row = db.get(
      `SELECT seq, ${DELETABLE} AS deletable FROM (SELECT seq, state, finished_at FROM events WHERE seq >= ? ORDER BY seq LIMIT 1)`,
      ...deletableValues(before), Math.floor(seq),
    )
    if (row?.['deletable'] === 1) return Number(row['seq'])
  }
  return undefined
}
