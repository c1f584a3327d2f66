import type { PortalKey } from '../port.ts'
import type { Queries } from './queries.ts'

/** Whether an erasure of this generation, or of one after it, is under way or has ended. */
export function isErased(db: Queries, { app, memberId }: PortalKey, generation: number): boolean {
  return db.get(
    `SELECT 1 FROM erasures WHERE app = ? AND member_id = ? AND generation >= ?
     UNION ALL SELECT 1 FROM audit WHERE app = ? AND member_id = ? AND verb = 'eraseData' AND generation >= ? LIMIT 1`,
    app, memberId, generation, app, memberId, generation,
  ) !== undefined
}
