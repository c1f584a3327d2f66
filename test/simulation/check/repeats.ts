import { SOLITUDE_MS } from 'portline/limits.ts'
import { HANDLED } from '../run/apps.ts'
import type { HistoryItem, Row } from '../history.ts'
import { Ledger, laneOf } from './ledger.ts'
import type { Promised, Violation } from './ledger.ts'

/**
 * Only a crash repeats what has run: within one process an event that succeeded, or failed for good, is not started again unless it
 * is replayed; nor is any before its time. And a repeat is only dropped where the first is stored.
 */
export const nothingNeedless: Promised = (items) => {
  const ledger = new Ledger()
  const broken: Violation[] = []
  const over = new Set<string>()
  const runs = new Map<number, readonly string[]>()
  const codes = new Map<number, string>()
  /** Lane → when its installation changed: then all that waits in it is due, whatever its rows say that were written in the same moment. */
  const hastened = new Map<string, number>()
  items.forEach((item, index) => {
    const report = (what: string): void => void broken.push({ promise: 'nothing needless', what, item: index })
    ledger.read(item, (before, after) => {
      if (after?.reason !== 'DUPLICATE' || before !== undefined) return
      if (![...ledger.bySeq.values()].some((other) => other.mark === after.mark && laneOf(other) === laneOf(after) && other.seq < after.seq)) {
        report(`${after.mark} was dropped as a repeat, and its first is not on disk`)
      }
    })
    if (item.kind === 'down') over.clear()
    if (item.kind === 'replayed') over.delete(item.id)
    if (item.kind === 'installations') for (const each of item.installations) hastened.set(laneOf(each), item.at)
    if (item.kind === 'ended') {
      const ids = runs.get(item.run) ?? []
      const ended = item.outcome === 'done' || item.outcome === 'final' ? ids : ids.slice(0, item.delivered)
      // After an uninstall the portal's data is erased; until that has worked the uninstall is run again.
      if (codes.get(item.run) !== 'ONAPPUNINSTALL') for (const id of ended) over.add(id)
    }
    if (item.kind !== 'started') return
    runs.set(item.run, item.events.map(({ id }) => id))
    codes.set(item.run, item.code)
    for (const { id, mark } of item.events) {
      if (over.has(id)) report(`run ${item.run}: ${mark} (${id}) had ended already`)
      const dueAt = ledger.byId.get(id)?.dueAt ?? 0
      const isHastened = item.at - (hastened.get(laneOf(item)) ?? Number.NEGATIVE_INFINITY) < HASTENED_MS
      if (dueAt > item.wall + EARLY_MS && !isHastened) report(`run ${item.run}: ${mark} was not due for another ${dueAt - item.wall} ms`)
    }
  })
  return broken
}

/** Timers come up to a millisecond early. */
const EARLY_MS = 2
const HASTENED_MS = 1_000
/** The store is searched for what nobody woke every 15 s: nothing should need that. */
const IDLE_MS = 10_000
const SUSPECTING_DEATHS = 2
/** Requests that were under way when the trouble ended have come to an end by then. */
const AFTER_TROUBLE_MS = 60_000

/** 5. No lane is stuck, nor idle while its first event is due. */
export const lanesDoNotIdle: Promised = (items) => {
  const ledger = new Ledger()
  const broken: Violation[] = []
  const troubled = items.some(({ kind }) => kind === 'spell')
  const calmAt = troubled ? (items.find(({ kind }) => kind === 'calm')?.at ?? Number.POSITIVE_INFINITY) + AFTER_TROUBLE_MS : 0
  /** Lane → when something last happened in it; event → when it may run. */
  const lanes = new Map<string, number>()
  const ready = new Map<string, number>()
  const runs = new Map<number, string>()
  /** Events that processes may have died of: each may wait for those of all other lanes. */
  let suspects: readonly Row[] = []
  let [upAt, deaths] = [0, 0]
  items.forEach((item, index) => {
    if (item.kind === 'down' && item.cause !== 'stop') deaths += 1
    if (item.kind === 'snapshot') suspects = deaths < SUSPECTING_DEATHS ? [] : item.rows.filter(({ state }) => state === 'pending')
    ledger.read(item, (_before, after) => {
      if (after === undefined) return
      ready.set(after.id, readyAt(after, item))
      if (after.state !== 'held') lanes.set(laneOf(after), item.at)
    })
    if (item.kind === 'up') upAt = item.at
    if (item.kind === 'ended') lanes.set(runs.get(item.run) ?? '', item.at)
    if (item.kind !== 'started') return
    runs.set(item.run, laneOf(item))
    const id = item.events[0]?.id ?? ''
    const since = Math.max(calmAt, upAt, lanes.get(laneOf(item)) ?? 0, ready.get(id) ?? 0, ...inItsWay(ledger, id).map((other) => ready.get(other.id) ?? 0))
    lanes.set(laneOf(item), item.at)
    // Whoever waits for its handler's place among all portals waits for others.
    const turnsMs = suspects.some((row) => row.id === id) ? (new Set(suspects.map(laneOf)).size - 1) * SOLITUDE_MS : 0
    if (HANDLED[item.code]?.concurrency !== undefined || item.at - since <= IDLE_MS + turnsMs) return
    broken.push({ promise: 'lanes do not idle', what: `run ${item.run} (${item.events[0]?.mark}) could have started ${Math.round(item.at - since)} ms before`, item: index })
  })
  return broken
}

/** What its lane had to try first, and may only now be done with. */
function inItsWay({ byId, byLane }: Ledger, id: string): Row[] {
  const row = byId.get(id)
  if (row === undefined) return []
  return [...(byLane.get(laneOf(row))?.values() ?? [])].filter(({ seq, state, parked }) => seq < row.seq && state === 'pending' && parked === 0)
}

/** By the clock that does not jump. */
function readyAt({ dueAt }: Row, { at, wall }: HistoryItem): number {
  return dueAt === null ? at : at + Math.max(0, dueAt - wall)
}
