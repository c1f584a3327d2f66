import type { HistoryItem } from '../history.ts'
import { auditIsWhole } from './audit.ts'
import { deathsConvict } from './deaths.ts'
import { erasedLeavesNothing } from './erased.ts'
import { installationsAreTrue } from './installations.ts'
import type { Promised, Violation } from './ledger.ts'
import { concurrencyIsKept, lanesKeepOrder } from './order.ts'
import { knownAreLetIn, noPhantoms, nothingUnhandled, reinstallsBeginAnew } from './phantoms.ts'
import { lanesDoNotIdle, nothingNeedless } from './repeats.ts'
import { everythingEnds, statesFollowTheTable } from './rows.ts'
import { everySenderIsAnswered, followersWait, holdsEndWell } from './senders.ts'
import { acknowledgedIsStored } from './stored.ts'
import { noPortalIsLockedOut, tokensAreUsedOnce } from './tokens.ts'

/** What the app side promises, each a pure function of the history. */
const PROMISES: readonly Promised[] = [
  acknowledgedIsStored, everythingEnds, lanesKeepOrder, lanesDoNotIdle, concurrencyIsKept, noPhantoms, nothingNeedless, knownAreLetIn, followersWait,
  reinstallsBeginAnew, everySenderIsAnswered, holdsEndWell, nothingUnhandled, tokensAreUsedOnce, noPortalIsLockedOut, statesFollowTheTable,
  installationsAreTrue, auditIsWhole, erasedLeavesNothing, deathsConvict,
]

export function check(items: readonly HistoryItem[]): Violation[] {
  return PROMISES.flatMap((promised) => promised(items)).toSorted((a, b) => a.item - b.item)
}
