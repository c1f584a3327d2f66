import { HANDLED } from '../run/apps.ts'
import type { HistoryItem, Row, Snapshot } from '../history.ts'
import { Ledger, lastSnapshot } from './ledger.ts'
import type { Promised, Violation } from './ledger.ts'

/** 7. Events change along the table in store/port.ts, and their record is whole. */
export const statesFollowTheTable: Promised = (items) => {
  const ledger = new Ledger()
  const broken: Violation[] = []
  const replayed = new Set<string>()
  let lastSeq = 0
  items.forEach((item, index) => {
    const report = (what: string): void => void broken.push({ promise: 'states follow the table', what, item: index })
    if (item.kind === 'replayed') replayed.add(item.id)
    // A new process counts on from the newest that it finds: the number of one that was erased may be given again, and nobody has kept it.
    if (item.kind === 'snapshot') lastSeq = item.rows.reduce((newest, { seq }) => Math.max(newest, seq), 0)
    ledger.read(item, (before, after) => {
      if (after === undefined) return
      if (before === undefined) {
        if (item.kind === 'rows' && after.seq <= lastSeq) report(`event ${after.id} has seq ${after.seq}, not after ${lastSeq}`)
        lastSeq = Math.max(lastSeq, after.seq)
      }
      for (const what of wrongIn(before, after, replayed, item)) report(`event ${after.id} (${after.mark}): ${what}`)
    })
    if (item.kind === 'snapshot') for (const what of wrongRecords(item)) report(what)
  })
  return broken
}

const NEXT: Readonly<Record<string, readonly string[]>> = {
  held: ['held', 'pending', 'done', 'dead'],
  pending: ['pending', 'done', 'dead'],
  done: ['done'],
  dead: ['dead'],
}
/** Nothing was left to do. */
const SETTLED = new Set(['ALREADY_UNINSTALLED', 'FORMER_INSTALLATION', 'DUPLICATE'])
const HELD_MS = 3 * 24 * 3_600_000

function* wrongIn(before: Row | undefined, after: Row, replayed: Set<string>, item: HistoryItem): Generator<string> {
  const { state, reason, proof, attempts, parked } = after
  if (before !== undefined) {
    const isReplay = state === 'pending' && before.state !== 'pending' && before.state !== 'held' && replayed.delete(after.id)
    // A crash may have taken the end of what was replayed, and brought it back with its next attempt.
    if (!isReplay && NEXT[before.state]?.includes(state) !== true) yield `went from ${before.state} to ${state}`
    if (attempts !== before.attempts && attempts !== before.attempts + 1) yield `went from ${before.attempts} attempts to ${attempts}`
    if (after.id !== before.id || after.code !== before.code) yield 'is another event now'
    if (before.proof !== null && proof !== before.proof) yield `its proof went from ${before.proof} to ${proof}`
  }
  if (state === 'dead' && reason === null) yield 'dead without a reason'
  if (state === 'done' && reason !== null && !SETTLED.has(reason)) yield `done, and yet ${reason}`
  if ((state === 'pending' || state === 'done') && proof === null) yield `${state} without a proof`
  if (state === 'held' && proof !== null) yield 'held though it is proven'
  if (state !== 'pending' && parked !== 0) yield `${state} and parked`
  if (parked !== 0 && HANDLED[after.code]?.onFailure !== 'park') yield 'parked by mistake'
  if (reason === 'HELD_TOO_LONG' && item.wall - after.receivedAt < HELD_MS) yield `given up after ${item.wall - after.receivedAt} ms`
}

function* wrongRecords({ rows, attempts }: Snapshot): Generator<string> {
  const counts = new Map<string, number>()
  for (const { id, n, outcome } of attempts) {
    if (id === null) {
      yield 'an attempt is left of an event that is gone'
      continue
    }
    const last = counts.get(id) ?? 0
    if (n !== last + 1) yield `event ${id}: attempt ${n} follows ${last}`
    counts.set(id, n)
    if (outcome !== 'done' && outcome !== 'failed') yield `event ${id}: attempt ${n} ended ${outcome}`
  }
  for (const { id, attempts: count, state, reason } of rows) {
    if ((counts.get(id) ?? 0) !== count) yield `event ${id} has ${count} attempts and a record of ${counts.get(id) ?? 0}`
    const last = attempts.findLast((attempt) => attempt.id === id)
    if (state === 'done' && reason === null && last?.outcome !== 'done') yield `event ${id} is done and its last attempt is not`
  }
}

const STEPS = 1

/** 2. At least once: all that was proven ends, done by a handler that succeeded, or dead for a reason that is true. */
export const everythingEnds: Promised = (items) => {
  const last = lastSnapshot(items)
  if (last === undefined) return [{ promise: 'everything ends', what: 'there is no snapshot at the end', item: items.length }]
  const broken: Violation[] = []
  const succeeded = new Set<string>()
  const hopeless = new Set<string>()
  const runs = new Map<number, readonly string[]>()
  for (const item of items) {
    if (item.kind === 'started') runs.set(item.run, item.events.map(({ id }) => id))
    if (item.kind !== 'ended') continue
    const ids = runs.get(item.run) ?? []
    for (const id of item.outcome === 'done' ? ids : ids.slice(0, item.delivered)) succeeded.add(id)
    if (item.outcome === 'final') for (const id of ids.slice(item.delivered)) hopeless.add(id)
  }
  for (const row of last.snapshot.rows) {
    const what = wrongEnd(row, succeeded, hopeless)
    if (what !== undefined) broken.push({ promise: 'everything ends', what: `event ${row.id} (${row.mark}, ${row.code}) ${what}`, item: last.item })
  }
  return broken
}

function wrongEnd({ id, code, state, reason, attempts }: Row, succeeded: ReadonlySet<string>, hopeless: ReadonlySet<string>): string | undefined {
  if (state === 'pending' || state === 'held') return `is still ${state}`
  const handled = HANDLED[code]
  if (state === 'done') return reason === null && handled !== undefined && !succeeded.has(id) ? 'is done and no handler has succeeded' : undefined
  if (reason === 'HANDLER_FAILED') return hopeless.has(id) ? undefined : 'is dead though its handler may be tried again'
  const most = (handled?.retryDelaysMs?.length ?? Number.POSITIVE_INFINITY) + STEPS
  if (reason === 'ATTEMPTS_EXHAUSTED' && attempts < most) return `is given up after ${attempts} attempts of ${most}`
  if (reason !== null && attempts > most + REPLAYS_MOST) return `was tried ${attempts} times, ${most} at most`
  return undefined
}

const REPLAYS_MOST = 4
