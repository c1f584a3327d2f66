import type { HistoryItem, TokenUse } from '../history.ts'
import { laneOf } from './ledger.ts'
import type { Promised, Violation } from './ledger.ts'

/** Between a renewal's answer and its place on the disk: a crash in it may cost the pair. */
const STORING_MS = 15_000

/** A request is given up after 10 s; one asked sooner than that after another was asked beside it. */
const GIVEN_UP_MS = 9_000

const PROMISE = 'tokens are kept'

/** Where nothing else is said, a refresh token that was used is spent. */
function isSingleUse(items: readonly HistoryItem[]): boolean {
  return !items.some((item) => item.kind === 'rules' && !item.singleUse)
}

/**
 * 6. No refresh token is used twice, unless an answer of the server, or a process with one in its hands, was lost; or the pair that
 * came of it is not known to the server: then the one before is all there is to try.
 */
export const tokensAreUsedOnce: Promised = (items) => {
  if (!isSingleUse(items)) return []
  const broken: Violation[] = []
  const uses = new Map<string, TokenUse & { at: number; item: number }>()
  const refused = new Set<string>()
  /** Refresh token → deliveries that brought it: each copy of an event is proven by itself, and brings a pair that is spent by then. */
  const copies = new Map<string, number>()
  items.forEach((item, index) => {
    if (item.kind === 'sent' && item.refresh !== undefined) copies.set(item.refresh, (copies.get(item.refresh) ?? 0) + 1)
    if (item.kind === 'forgotten') refused.add(item.refresh)
    if (item.kind !== 'renewal') return
    const before = uses.get(item.refresh)
    const isCopy = (copies.get(item.refresh) ?? 0) > 1
    const wasInVain = before?.next !== undefined && refused.has(before.next)
    if (before?.result === 'issued' && !isCopy && !wasInVain && !mayRepeat(before, item) && !losesItsProcess(items, before.item, before)) {
      broken.push({ promise: PROMISE, what: `refresh token ${item.refresh} was used again`, item: index })
    }
    if (before === undefined || item.result === 'issued') uses.set(item.refresh, { ...item, item: index })
    if (item.result === 'refused') refused.add(item.refresh)
  })
  return broken
}


/**
 * No portal is locked out by us: at the end there is a pair that the server accepts, while it would still take that of one account we
 * have kept. An uninstall ends them all. Of a pair that went with a lost answer or a process nothing is asked.
 */
export const noPortalIsLockedOut: Promised = (items) => {
  const broken: Violation[] = []
  const singleUse = isSingleUse(items)
  const lanes = new Map<string, { readonly since: number; readonly kept: Set<string>; readonly lost: Map<string, string> }>()
  items.forEach((item, index) => {
    if (item.kind === 'portal' && item.fact !== 'updated') lanes.set(laneOf(item), { since: item.at, kept: new Set(), lost: new Map() })
    if (item.kind === 'installations') {
      for (const { userId, state, issuedAt, ...lane } of item.accounts) {
        const known = lanes.get(laneOf(lane))
        // An older one is of a former installation.
        if (state === 'live' && known !== undefined && issuedAt >= known.since) known.kept.add(userId)
      }
    }
    if (item.kind === 'renewal' && item.result === 'issued') {
      const { lost } = lanes.get(laneOf(item)) ?? {}
      // Where the old one stays good, whatever is lost can be asked for again.
      if (singleUse && (item.answer === 'lost' || losesItsProcess(items, index, item))) lost?.set(String(item.user), item.refresh)
      else if (lost?.get(String(item.user)) === item.refresh) lost.delete(String(item.user))
    }
    if (item.kind !== 'pair' || !item.installed || !item.installedHere || item.result === 'accepted') return
    const { kept = new Set<string>(), lost = new Map<string, string>() } = lanes.get(laneOf(item)) ?? {}
    const good = [...kept].find((user) => !lost.has(user))
    if (good !== undefined) broken.push({ promise: PROMISE, what: `${laneOf(item)} is locked out: ${item.result}, and the server would take the pair of user ${good}`, item: index })
  })
  return broken
}

/** The answer never came, or the other request had been given up, or its process was gone, when this one was made. */
function mayRepeat(before: TokenUse & { readonly at: number }, { askedAt, process }: TokenUse): boolean {
  const givenUp = process !== before.process || Math.abs(askedAt - before.askedAt) > GIVEN_UP_MS
  return before.answer === 'lost' || (before.at > askedAt && givenUp)
}

/** Whether its process ends before what came can be on the disk. */
export function losesItsProcess(items: readonly HistoryItem[], from: number, { process, at }: { process: number; at: number }): boolean {
  const untilMs = stored(items, at)
  for (let index = from; index < items.length; index++) {
    const item = items[index]
    if (item === undefined || item.at > untilMs) return false
    if (item.kind === 'down' && item.process === process) return true
  }
  return false
}

/** By when what came at `at` is on the disk: its trouble may last. */
function stored(items: readonly HistoryItem[], at: number): number {
  let untilMs = at + STORING_MS
  for (const item of items) {
    if (item.kind === 'spell' && item.of === 'disk' && item.at <= untilMs) untilMs = Math.max(untilMs, item.at + item.forMs + STORING_MS)
  }
  return untilMs
}
