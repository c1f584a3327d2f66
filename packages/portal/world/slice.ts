import { CodedError } from '@portline/wire/errors.ts'

/** Removes in place. @returns how many */
export function removeWhere<Item>(items: Item[], matches: (item: Item) => boolean): number {
  const kept = items.filter((item) => !matches(item))
  const removed = items.length - kept.length
  if (removed > 0) items.splice(0, items.length, ...kept)
  return removed
}

/** BAD_REQUEST; ERROR_CORE for a REST call. */
export function limitReached(description: string): CodedError {
  return new CodedError('BAD_REQUEST', `${description}: a limit of packages/portal/limits.ts`)
}
