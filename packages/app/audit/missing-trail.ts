import { AUDIT_BEGINS_NOTE } from '../store/audit.ts'
import type { Store } from '../store/port.ts'

export const TRAIL_IS_MISSING = 'there are installations, and neither a record that tells of them nor a seal: the audit trail was taken away'

/**
 * Of a store with neither record nor seal: whether there must have been some. Not before the first start of all, nor where a migration
 * from a version without a trail has said that it begins there.
 */
export async function isTrailMissing(store: Pick<Store, 'installations' | 'note'>): Promise<boolean> {
  return (await store.installations()).length > 0 && (await store.note(AUDIT_BEGINS_NOTE)) !== AUDIT_BEGINS
}

const AUDIT_BEGINS = 'here'
