import type { PortalKey } from '../port.ts'
import { AfterCommit } from './engine.ts'
import type { Engine } from './engine.ts'
import { isErased } from './erased.ts'
import { eventOperations } from './event-operations.ts'
import type { EventRow, PackedEvents } from './rows.ts'

const GENERATION = 14 satisfies keyof EventRow

/** Events fetched from portals' offline queues, each with the row that it was. */
export const takenOperations = {
  appendTaken(db: Engine, portal: PortalKey, keys: readonly string[], { json, auths, fingerprints }: PackedEvents): AfterCommit<string[]> {
    const rows = JSON.parse(json) as EventRow[]
    // Fetched while the portal uninstalled: what was erased must not come back.
    const isKept = ({ [GENERATION]: generation }: EventRow): boolean => !isErased(db, portal, generation)
    const isNew = keys.map((key, index) => rows[index] !== undefined && isKept(rows[index]) && db.run('INSERT OR IGNORE INTO taken_rows VALUES (?, ?, ?)', portal.app, portal.memberId, key) > 0)
    const only = <Item>(items: readonly Item[]): Item[] => items.filter((_item, index) => isNew[index] === true)
    const taken = only(rows)
    const appended = eventOperations.appendEvents(db, { json: JSON.stringify(taken), auths: only(auths), fingerprints: only(fingerprints) }, {})
    return new AfterCommit(() => {
      appended.apply()
      return taken.map(([id]) => id)
    })
  },

  forgetTaken(db: Engine, portal: PortalKey): void {
    db.run('DELETE FROM taken_rows WHERE app = ? AND member_id = ?', portal.app, portal.memberId)
  },
}
