import type { HistoryItem, Row, Sent, Snapshot } from '../history.ts'
import { laneOf, lastSnapshot, sentByMark } from './ledger.ts'
import type { Promised, Violation } from './ledger.ts'

/** An uninstall with CLEAN=1 leaves nothing of what came before it: no event, and no row in any table, unless the app was installed again. */
export const erasedLeavesNothing: Promised = (items: readonly HistoryItem[]) => {
  const last = lastSnapshot(items)
  if (last === undefined) return []
  const { snapshot, item } = last
  const marks = sentByMark(items)
  const broken: Violation[] = []
  const report = (what: string): void => void broken.push({ promise: 'what is erased is gone', what, item })
  for (const uninstall of snapshot.rows) {
    if (!erases(uninstall, marks.get(uninstall.mark))) continue
    for (const row of snapshot.rows) {
      if (laneOf(row) === laneOf(uninstall) && row.seq < uninstall.seq) report(`event ${row.id} (${row.mark}) is there after ${uninstall.mark}`)
    }
    for (const what of leftOf(uninstall, snapshot)) report(`${laneOf(uninstall)} was erased by ${uninstall.mark}, and has ${what}`)
  }
  return broken
}

function erases({ code, state, reason, proof }: Row, sent: Sent | undefined): boolean {
  return code === 'ONAPPUNINSTALL' && state === 'done' && reason === null && proof !== null && sent?.clean === true
}

function leftOf(uninstall: Row, { installations, leftovers }: Snapshot): string[] {
  const now = installations.find((each) => laneOf(each) === laneOf(uninstall))
  if (now?.status !== 'deleted' || now.generation !== uninstall.generation) return []
  return leftovers.filter((each) => laneOf(each) === laneOf(uninstall)).map(({ table, count }) => `${count} rows in ${table}`)
}
