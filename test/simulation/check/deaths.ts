import { NOTED_DEATHS_MAX } from 'portline/limits.ts'
import { WATCHED_EVENTS_PER_LANE } from 'portline/store/lanes.ts'
import type { Promised, Violation } from './ledger.ts'
import { Ledger, laneOf } from './ledger.ts'

/** The first death is nobody's, the second nobody's alone; the third convicts. Of an event whose start was noted at once, the second. */
const CONVICTING_DEATHS = 3

/**
 * An event whose handler ends the process ends itself: it is not run again for ever. And only processes that died make an event fail for
 * that, often enough to tell which it was: a death convicts one at most.
 */
export const deathsConvict: Promised = (items) => {
  const ledger = new Ledger()
  const broken: Violation[] = []
  const running = new Map<number, readonly string[]>()
  /** Handed over at a death together with others: if one of them was watched, the start of each was noted. */
  const together = new Set<string>()
  const insertedAt = new Map<string, number>()
  /** Event → deaths of a process while its handler ran. */
  const deaths = new Map<string, number>()
  /** Event → how often an operator has had it begin anew. */
  const replays = new Map<string, number>()
  /** Event → the death at which its handler ran last; death → whom it convicted. */
  const ranAt = new Map<string, number>()
  const convicted = new Map<number, string>()
  let [down, stops] = [0, 0]
  items.forEach((item, index) => {
    const report = (what: string): void => void broken.push({ promise: 'deaths convict', what, item: index })
    ledger.read(item, (before, after) => {
      if (after === undefined) return
      // What only the next process finds was stored by the one that died, and saw that death.
      if (before === undefined) insertedAt.set(after.id, item.kind === 'snapshot' ? Math.max(0, down - 1) : down)
      if (after.reason !== 'PROCESS_DIED' || after.attempts === before?.attempts) return
      const survived = down - (insertedAt.get(after.id) ?? 0)
      const least = (after.state === 'dead' ? NOTED_DEATHS_MAX + 1 : CONVICTING_DEATHS) - (together.has(after.id) ? 1 : 0)
      if (survived < least) report(`${after.mark} failed for the death of a process, and saw ${survived} of them`)
      const death = ranAt.get(after.id)
      // What the app side itself does with these may take longer than a suspect has to itself: then another one runs beside it.
      if (death === undefined || after.code.startsWith('ONAPPI') || after.code.startsWith('ONAPPU')) return
      if ((convicted.get(death) ?? after.mark) !== after.mark) report(`one death convicted ${after.mark} and ${convicted.get(death)}`)
      convicted.set(death, after.mark)
    })
    if (item.kind === 'replayed') replays.set(item.id, (replays.get(item.id) ?? 0) + 1)
    if (item.kind === 'started') running.set(item.run, item.events.map(({ id }) => id))
    if (item.kind === 'ended') running.delete(item.run)
    if (item.kind !== 'down') return
    if (item.cause === 'stop') stops += 1
    else {
      down += 1
      for (const batch of running.values()) if (batch.length > 1) for (const id of batch) together.add(id)
      for (const id of [...running.values()].flat()) {
        ranAt.set(id, down)
        if (!ranAhead(ledger, id)) deaths.set(id, (deaths.get(id) ?? 0) + 1)
      }
    }
    running.clear()
  })
  for (const [id, count] of deaths) {
    // Whatever else ends the process, or ends it in its own time, may come between an event and its conviction.
    const others = down - count
    const lives = 1 + (replays.get(id) ?? 0)
    if (count > lives * (NOTED_DEATHS_MAX + 1) + 2 * (others + stops)) broken.push({ promise: 'deaths convict', what: `processes died ${count} times while ${id} ran`, item: items.length - 1 })
  }
  return broken
}

/** Behind more than are watched, none of which is settled on disk yet: nobody has noted its start. */
function ranAhead({ byId, byLane }: Ledger, id: string): boolean {
  const row = byId.get(id)
  if (row === undefined || row.parked !== 0) return false
  const before = [...(byLane.get(laneOf(row))?.values() ?? [])].filter(({ seq, state, parked }) => seq < row.seq && state === 'pending' && parked === 0)
  return before.length >= WATCHED_EVENTS_PER_LANE
}
