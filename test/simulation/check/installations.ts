import type { HistoryItem, PairAtEnd } from '../history.ts'
import { Ledger, laneOf, sentByMark } from './ledger.ts'
import type { Promised, Violation } from './ledger.ts'
import { losesItsProcess } from './tokens.ts'

const PROMISE = 'installations are as the portals say'
/** A question to a server in trouble has come to an end by then. */
const ANSWERED_MS = 15_000
const SECOND_MS = 1_000

/**
 * When all is over, what we say of an installation is what its portal says, as far as we were told: an uninstall that comes late, or
 * once more, closes nothing that was opened since; and one that is true does close. Whether a late one is true, the server is
 * asked: one that cannot be asked then or does not know yet, or a portal of which no token is alive, is the one excuse.
 */
export const installationsAreTrue: Promised = (items) => {
  const marks = sentByMark(items)
  const liveMs = items.reduce((found, item) => (item.kind === 'rules' ? item.tokensLiveS * SECOND_MS : found), 0)
  /** Lane → when its portal last changed, and until when by the wall it has given us a token. */
  const changedAt = new Map<string, number>()
  const tokenUntil = new Map<string, number>()
  const serverKnowsAt = new Map<string, number>()
  /** Lanes where the last change is known here: the event that tells of it is done. */
  const told = new Set<string>()
  const excused = new Set<string>()
  const ledger = new Ledger()
  const broken: Violation[] = []
  let troubledUntil = 0
  items.forEach((item, index) => {
    if (item.kind === 'spell' && item.of === 'network') troubledUntil = Math.max(troubledUntil, item.at + item.forMs + ANSWERED_MS)
    if (item.kind === 'portal' && item.fact !== 'updated') {
      changedAt.set(laneOf(item), item.at)
      serverKnowsAt.set(laneOf(item), item.knownAt ?? item.at)
      told.delete(laneOf(item))
    }
    if ((item.kind === 'portal' && item.fact === 'installed') || isKeptRenewal(items, index, item)) tokenUntil.set(laneOf(item), item.wall + liveMs)
    if (item.kind === 'installations') {
      for (const { status, ...lane } of item.installations) {
        const key = laneOf(lane)
        const cannotBeAsked = item.at < troubledUntil || item.at < (serverKnowsAt.get(key) ?? 0) || (tokenUntil.get(key) ?? 0) <= item.wall + SECOND_MS
        if (status !== 'deleted') excused.delete(key)
        else if (cannotBeAsked) excused.add(key)
      }
    }
    ledger.read(item, (before, after) => {
      const sent = after === undefined ? undefined : marks.get(after.mark)
      if (after === undefined || sent === undefined || !sent.genuine || before?.state === 'done' || after.state !== 'done' || after.reason !== null) return
      const tells = sent.code === 'ONAPPUNINSTALL' || (sent.code === 'ONAPPINSTALL' && sent.userId !== undefined)
      if (tells && sent.raisedAt >= (changedAt.get(laneOf(after)) ?? Number.POSITIVE_INFINITY)) told.add(laneOf(after))
    })
    if (item.kind !== 'pair' || !told.has(laneOf(item)) || item.installed === item.installedHere) return
    if (!item.installed || !excused.has(laneOf(item))) broken.push({ promise: PROMISE, what: whatIsWrong(item), item: index })
  })
  return broken
}

/** Nobody can ask with a pair that was lost on its way, or with its process. */
function isKeptRenewal(items: readonly HistoryItem[], index: number, item: HistoryItem): item is HistoryItem & { readonly kind: 'renewal' } {
  return item.kind === 'renewal' && item.result === 'issued' && item.answer === 'came' && !losesItsProcess(items, index, item)
}

function whatIsWrong(item: PairAtEnd): string {
  return item.installed ? `${laneOf(item)} was installed again, and is closed here` : `${laneOf(item)} was uninstalled, and is open here`
}
