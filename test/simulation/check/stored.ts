import type { Answered, HistoryItem, Row, Sent } from '../history.ts'
import { Ledger, laneOf, sentByMark } from './ledger.ts'
import type { Promised, Violation } from './ledger.ts'

/** 1. What was acknowledged is stored: on disk when the answer leaves, and ever after, until it is erased as its portal asked. */
export const acknowledgedIsStored: Promised = (items) => {
  const ledger = new Ledger()
  const broken: Violation[] = []
  const marks = sentByMark(items)
  const deliveries = new Map<number, Sent>()
  const acknowledged = new Map<string, number>()
  items.forEach((item, index) => {
    const report = (what: string): void => void broken.push({ promise: 'acknowledged is stored', what, item: index })
    if (item.kind === 'sent') deliveries.set(item.delivery, item)
    ledger.read(item, (before, after) => {
      if (before !== undefined && after === undefined && !isErased(before, ledger, marks, item)) report(`event ${before.id} (${before.mark}) is gone`)
    })
    if (item.kind === 'answered' && item.status === 200) checkAnswer(item, ledger, deliveries, acknowledged, report)
  })
  return broken
}

function checkAnswer(
  { id = '', delivery, state }: Answered,
  ledger: Ledger,
  deliveries: ReadonlyMap<number, Sent>,
  acknowledged: Map<string, number>,
  report: (what: string) => void,
): void {
  const row = ledger.byId.get(id)
  const sent = deliveries.get(delivery)
  if (acknowledged.has(id)) report(`delivery ${delivery} and ${acknowledged.get(id)} were given the same id ${id}`)
  acknowledged.set(id, delivery)
  if (sent === undefined) return report(`delivery ${delivery} was answered and never sent`)
  // Erased at once by an uninstall behind it: the answer came later than that.
  if (row === undefined) return isErasable(sent, ledger) ? undefined : report(`delivery ${delivery} (${sent.mark}) was answered 200 and is not on disk`)
  const same = row.app === sent.app && row.memberId === sent.memberId && row.code === sent.code && (row.mark === '' || row.mark === sent.mark)
  if (!same) report(`delivery ${delivery} (${sent.mark}) was answered with the id of ${row.mark}`)
  if (state === 'held' && row.state === 'dead' && row.proof === null && row.reason === null) report(`${sent.mark} is held no more and nobody says why`)
}

function isErasable(sent: Sent, { byLane }: Ledger): boolean {
  return [...(byLane.get(laneOf(sent))?.values() ?? [])].some(({ code, proof }) => code === 'ONAPPUNINSTALL' && proof !== null)
}

/** A proven uninstall with CLEAN=1 takes what belongs to the installation that it ends, or stands before it. */
function isErased(row: Row, ledger: Ledger, marks: ReadonlyMap<string, Sent>, item: HistoryItem): boolean {
  const now = item.kind === 'snapshot' ? item.rows.filter((other) => laneOf(other) === laneOf(row)) : []
  const lane = [...(ledger.byLane.get(laneOf(row))?.values() ?? []), ...now]
  const takes = ({ id, seq, generation }: Row): boolean => id !== row.id && (seq > row.seq ? row.generation <= generation : row.generation > 0 && row.generation <= generation)
  return lane.some((other) => other.code === 'ONAPPUNINSTALL' && other.proof !== null && marks.get(other.mark)?.clean === true && takes(other))
}
