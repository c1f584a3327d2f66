import type { SQLInputValue } from 'node:sqlite'
import type { AccountPair } from '../accounts.ts'
import { orNull } from './rows.ts'

/** The account while it holds this pair. Rows of former versions have no pair_id: such a pair is replaced by one that has. */
export const SAME_PAIR = 'app = ? AND member_id = ? AND user_id = ? AND pair_id IS ?'

export function samePair({ app, memberId, userId, pairId }: AccountPair): [SQLInputValue, SQLInputValue, SQLInputValue, SQLInputValue] {
  return [app, memberId, userId, orNull(pairId)]
}
