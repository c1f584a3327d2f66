import type { Erasure } from '../audit.ts'
import type { LaneIndex } from './lane-index.ts'
import type { Queries } from './queries.ts'

/**
 * Out of the lane goes what will be erased, when the erasure begins and after a restart in the middle of it. Uninstalls of the same
 * installation that are still open keep their rows, and run.
 */
export function removeErased(db: Queries, lanes: LaneIndex, erasure: Pick<Erasure, 'app' | 'memberId' | 'generation' | 'upToSeq'>): void {
  const staying = openUninstalls(db, erasure)
  lanes.remove(erasure, (seq) => seq < erasure.upToSeq && !staying.has(seq))
}

/** In one look at what is open: a lane may have a hundred thousand events parked, and nothing is written meanwhile. */
function openUninstalls(db: Queries, { app, memberId, generation }: Pick<Erasure, 'app' | 'memberId' | 'generation'>): Set<number> {
  const rows = db.all(
    `SELECT seq FROM events WHERE state = 'pending' AND app = ? AND member_id = ? AND code = 'ONAPPUNINSTALL' AND generation = ?`,
    app, memberId, generation,
  )
  return new Set(rows.map(({ seq }) => Number(seq)))
}
