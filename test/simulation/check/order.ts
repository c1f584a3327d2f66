import { HANDLED } from '../run/apps.ts'
import type { Ended, HistoryItem, Row, Started } from '../history.ts'
import { Ledger, laneOf } from './ledger.ts'
import type { Promised, Violation } from './ledger.ts'

interface Running extends Started {
  readonly item: number
  ended?: Ended
}

/**
 * 3. A lane's events are handed on one at a time and in the order of their receipt: none is started while one before it is open,
 * unless that one is parked. Seen within one process: what a dead process was doing is over. An event that takes its old place late,
 * because its hold ends or it is replayed, does not overtake what its lane had in hand by then.
 */
export const lanesKeepOrder: Promised = (items) => {
  const ledger = new Ledger()
  const broken: Violation[] = []
  const running = new Map<string, Running>()
  const ended = new Map<string, End>()
  const byRun = new Map<number, Running>()
  const later = settlementsOf(items)
  const starts = startsOf(items)
  /** Event → where it became open, in this process. */
  const opened = new Map<string, Opened>()
  let openings = 0
  /** Where nobody is left to try again for: what fails there is dead. */
  const uninstalled = new Set<string>()
  items.forEach((item, index) => {
    const report = (what: string): void => void broken.push({ promise: 'lanes keep order', what, item: index })
    ledger.read(item, (before, after) => {
      if (after === undefined) return
      ended.delete(after.id)
      if (after.state === 'pending' && before?.state !== 'pending') opened.set(after.id, { item: index, place: ++openings, late: before !== undefined })
    })
    if (item.kind === 'portal' && item.fact === 'uninstalled') uninstalled.add(laneOf(item))
    if (item.kind === 'down') {
      running.clear()
      ended.clear()
      opened.clear()
    } else if (item.kind === 'ended') {
      const run = byRun.get(item.run)
      if (run === undefined) return report(`run ${item.run} ended and was never started`)
      run.ended = item
      if (running.get(laneOf(run)) === run) running.delete(laneOf(run))
      for (const { id, attempt } of run.events) ended.set(id, { ...item, isLast: attempt > (HANDLED[run.code]?.retryDelaysMs?.length ?? Number.POSITIVE_INFINITY) })
    } else if (item.kind === 'started') {
      const run: Running = { ...item, item: index }
      const other = running.get(laneOf(item))
      if (other !== undefined) report(`run ${item.run} was started while run ${other.run} of its lane goes on`)
      running.set(laneOf(item), run)
      byRun.set(item.run, run)
      checkStart(item, index, { ledger, ended, later, starts, opened, uninstalled }, report)
    }
  })
  return broken
}

/** Event → the changes of its row, by where they are in the history. */
function settlementsOf(items: readonly HistoryItem[]): Map<string, Change[]> {
  const changes = new Map<string, Change[]>()
  items.forEach((item, index) => {
    if (item.kind !== 'rows') return
    for (const row of item.rows) if (row.change === 'update') changes.set(row.id, [...(changes.get(row.id) ?? []), { item: index, process: item.process, row }])
  })
  return changes
}

/** Where an event became open: in which item, and as the how-manieth of all. */
interface Opened {
  readonly item: number
  readonly place: number
  /** It had been held, or was replayed. */
  readonly late: boolean
}

interface Start {
  readonly item: number
  readonly process: number
}

interface Change extends Start {
  readonly row: Row
}

interface End extends Ended {
  /** Its schedule has no further attempt. */
  readonly isLast: boolean
}

interface Seen {
  readonly ledger: Ledger
  readonly ended: ReadonlyMap<string, End>
  readonly later: ReadonlyMap<string, readonly Change[]>
  readonly starts: ReadonlyMap<string, readonly Start[]>
  readonly opened: ReadonlyMap<string, Opened>
  readonly uninstalled: ReadonlySet<string>
}

function checkStart(
  { events, run, process, ...lane }: Started,
  index: number,
  { ledger, ended, later, starts, opened, uninstalled }: Seen,
  report: (what: string) => void,
): void {
  const rows = events.map(({ id }) => ledger.byId.get(id))
  for (const [place, row] of rows.entries()) {
    const before = rows[place - 1]
    if (row !== undefined && before !== undefined && row.seq <= before.seq && row.parked === before.parked) report(`run ${run} has ${row.mark} behind ${before.mark}`)
  }
  // A parked event is tried beside its lane.
  const first = rows.find((row) => row?.parked === 0)
  if (first === undefined) return
  const together = new Set(events.map(({ id }) => id))
  for (const other of ledger.byLane.get(laneOf(lane))?.values() ?? []) {
    if (other.seq >= first.seq || other.state !== 'pending' || other.parked !== 0 || together.has(other.id)) continue
    if (cameTooLate(opened.get(other.id), opened.get(first.id))) continue
    const end = ended.get(other.id)
    if (end?.outcome === 'blocks' && uninstalled.has(laneOf(lane))) continue
    const isNext = (each: Start): boolean => each.item > index && each.process === process
    if (!isOver(other, end, starts.get(other.id)?.find(isNext), later.get(other.id)?.find(isNext))) {
      report(`run ${run} of ${first.mark} (${first.id}, seq ${first.seq}) was started before ${other.mark} (${other.code}, seq ${other.seq}) had ended`)
    }
  }
}

/** An append that shares its commit with the end of a hold was handed on, if the hold ended behind it. Released together they keep their order. */
function cameTooLate(other: Opened | undefined, first: Opened | undefined): boolean {
  if (other?.late !== true) return false
  return other.item > (first?.item ?? -1) || (other.item === first?.item && !first.late && other.place > first.place)
}

/** Whether what came before is over: by how it ended, or for want of a run of its handler by what was written down after. */
function isOver(row: Row, end: End | undefined, nextStart: Start | undefined, settled: Change | undefined): boolean {
  if (end === undefined && nextStart !== undefined && nextStart.item < (settled?.item ?? Number.POSITIVE_INFINITY)) return false
  if (settled !== undefined) return settled.row.state !== 'pending' || settled.row.parked !== 0
  if (end === undefined) return HANDLED[row.code] === undefined || isLifecycle(row.code)
  return end.outcome !== 'blocks' || end.isLast
}

/** Its own step may fail for good before its handler is asked. */
function isLifecycle(code: string): boolean {
  return code.startsWith('ONAPPIN') || code.startsWith('ONAPPUN') || code === 'ONAPPUPDATE'
}

function startsOf(items: readonly HistoryItem[]): Map<string, Start[]> {
  const starts = new Map<string, Start[]>()
  items.forEach((item, index) => {
    if (item.kind !== 'started') return
    for (const { id } of item.events) starts.set(id, [...(starts.get(id) ?? []), { item: index, process: item.process }])
  })
  return starts
}

/** A handler's own limit over all portals of a process. */
export const concurrencyIsKept: Promised = (items) => {
  const broken: Violation[] = []
  const running = new Map<number, string>()
  items.forEach((item, index) => {
    if (item.kind === 'down') running.clear()
    if (item.kind === 'ended') running.delete(item.run)
    if (item.kind !== 'started') return
    const handler = `${item.app}/${item.code}`
    running.set(item.run, handler)
    const most = HANDLED[item.code]?.concurrency ?? Number.POSITIVE_INFINITY
    const count = [...running.values()].filter((other) => other === handler).length
    if (count > most) broken.push({ promise: 'concurrency is kept', what: `${count} handlers of ${handler} at once, ${most} are allowed`, item: index })
    const together = HANDLED[item.code]?.maxEvents ?? 1
    if (item.events.length > together) broken.push({ promise: 'concurrency is kept', what: `${item.events.length} events at once, ${together} are allowed`, item: index })
  })
  return broken
}
