import type { HistoryItem, Row, Sent, Snapshot } from '../history.ts'
import { Ledger, laneOf, lastSnapshot, sentByMark } from './ledger.ts'
import type { Promised, Violation } from './ledger.ts'

/**
 * An uninstall with CLEAN=1 leaves nothing of the installation that it ended: no event but the uninstalls themselves, also of those
 * that came in beside it, and no row in any table, unless the app was installed again. Of what was held only a proof tells whose it is.
 */
export const erasedLeavesNothing: Promised = (items: readonly HistoryItem[]) => {
  const last = lastSnapshot(items)
  if (last === undefined) return []
  const { snapshot, item } = last
  const marks = sentByMark(items)
  const ledger = new Ledger()
  for (const each of items) ledger.read(each)
  const raisedAtS = ({ seq }: Row): number => Math.floor((marks.get(ledger.bySeq.get(seq)?.mark ?? '')?.raisedAt ?? 0) / 1_000)
  /** It was held, and said by its time that it is of a newer installation; what nobody proved has lost its content. */
  const isYounger = (row: Row, uninstall: Row): boolean => row.proof === null && raisedAtS(row) > raisedAtS(uninstall)
  const broken: Violation[] = []
  const report = (what: string): void => void broken.push({ promise: 'what is erased is gone', what, item })
  for (const uninstall of snapshot.rows) {
    if (!erases(uninstall, marks.get(uninstall.mark))) continue
    for (const row of snapshot.rows) {
      if (laneOf(row) === laneOf(uninstall) && isOf(uninstall, row) && !isYounger(row, uninstall)) report(`event ${row.id} (${row.mark}) is there after ${uninstall.mark}`)
    }
    for (const what of leftOf(uninstall, snapshot)) report(`${laneOf(uninstall)} was erased by ${uninstall.mark}, and has ${what}`)
  }
  return broken
}

function isOf(uninstall: Row, row: Row): boolean {
  if (row.id === uninstall.id || row.generation > uninstall.generation || row.state === 'held') return false
  // One that came later, or ended the same installation, is there to show what became of it, and says nothing of the portal.
  if (row.code === 'ONAPPUNINSTALL' && (row.seq > uninstall.seq || row.generation === uninstall.generation)) return false
  // What was never proven is nobody's, and without its content; installs and updates wait for their proof wherever they stand.
  return row.proof !== null || (row.seq < uninstall.seq && row.code !== 'ONAPPINSTALL' && row.code !== 'ONAPPUPDATE')
}

function erases({ code, state, reason, proof }: Row, sent: Sent | undefined): boolean {
  return code === 'ONAPPUNINSTALL' && state === 'done' && reason === null && proof !== null && sent?.clean === true
}

function leftOf(uninstall: Row, { installations, leftovers }: Snapshot): string[] {
  const now = installations.find((each) => laneOf(each) === laneOf(uninstall))
  if (now?.status !== 'deleted' || now.generation !== uninstall.generation) return []
  return leftovers.filter((each) => laneOf(each) === laneOf(uninstall)).map(({ table, count }) => `${count} rows in ${table}`)
}
