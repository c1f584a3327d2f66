import type { RecordRow } from '../world/records.ts'
import type { User } from '../world/state.ts'
import type { Entity } from './entity.ts'
import type { Predicate } from './filter.ts'

/**
 * The portal's one rule of access: an administrator may do everything; anybody else sees, changes and deletes the records
 * he made, is responsible for or takes part in, and may always add. A real portal has roles instead.
 */
export function mayUse(user: User, entity: Entity, row: RecordRow): boolean {
  if (user.admin) return true
  const id = String(user.id)
  return entity.participants.some((name) => {
    const value = row.values[name]
    return typeof value === 'string' ? value === id : value?.some((item) => item === id) === true
  })
}

/** The same as a filter of lists; none for administrators, so that their lists stay as fast as the index. */
export function visibleTo(user: User, entity: Entity): Predicate[] {
  return user.admin ? [] : [(row) => mayUse(user, entity, row)]
}
