import type { HistoryItem, Sent, TokenUse } from '../history.ts'
import { laneOf, sentByMark } from './ledger.ts'
import type { Promised, Violation } from './ledger.ts'

/** Between a renewal's answer and its place on the disk: a crash in it may cost the pair. */
const STORING_MS = 15_000

/** A request is given up after 10 s; one asked sooner than that after another was asked beside it. */
const GIVEN_UP_MS = 9_000

/**
 * 6. No portal is locked out by us: at the end there is a pair that the server accepts, unless an answer of the server, or a
 * process with one in its hands, was lost, or the tokens were revoked and none have come since. And no refresh token is used
 * twice, but for the same reasons.
 */
export const tokensAreKept: Promised = (items) => {
  const broken: Violation[] = []
  const uses = new Map<string, TokenUse & { at: number; item: number }>()
  const excused = new Map<string, 'lost' | 'revoked'>()
  const marks = sentByMark(items)
  /** Lane → where the app was last installed on it. */
  const installed = new Map<string, number>()
  /** Lanes that an uninstall closed which came after the next install: their tokens are forgotten, and a copy of the install has none to bring. */
  const lateUninstall = new Set<string>()
  const firstSent = new Map<string, number>()
  /** Refresh token → deliveries that brought it: each copy of an event is proven by itself, and brings a pair that is spent by then. */
  const copies = new Map<string, number>()
  items.forEach((item, index) => {
    const report = (what: string): void => void broken.push({ promise: 'tokens are kept', what, item: index })
    if (item.kind === 'sent' && !firstSent.has(item.mark)) firstSent.set(item.mark, index)
    if (item.kind === 'sent' && item.refresh !== undefined) copies.set(item.refresh, (copies.get(item.refresh) ?? 0) + 1)
    if (item.kind === 'portal') {
      if (item.fact === 'installed') installed.set(laneOf(item), index)
      if (item.fact !== 'uninstalled') return
      installed.delete(laneOf(item))
      excused.set(laneOf(item), 'revoked')
    } else if (item.kind === 'rows') {
      for (const row of item.rows) {
        if (row.code === 'ONAPPUNINSTALL' && row.state === 'done' && row.reason === null && installed.has(laneOf(row))) lateUninstall.add(laneOf(row))
        const brought = row.code === 'ONAPPINSTALL' && row.state === 'done' && bringsTokens(marks.get(row.mark))
        // What an install since then has brought is good again.
        if (brought && (firstSent.get(row.mark) ?? 0) > (installed.get(laneOf(row)) ?? 0)) excused.delete(laneOf(row))
      }
    } else if (item.kind === 'renewal') {
      const before = uses.get(item.refresh)
      const isCopy = (copies.get(item.refresh) ?? 0) > 1
      if (before?.result === 'issued' && !isCopy && !mayRepeat(before, item) && !losesItsProcess(items, before.item, before)) report(`refresh token ${item.refresh} was used again`)
      if (before === undefined) uses.set(item.refresh, { ...item, item: index })
      if (item.answer === 'lost' || losesItsProcess(items, index, item)) excused.set(laneOf(item), 'lost')
    } else if (item.kind === 'pair' && item.installed && item.installedHere && item.result !== 'accepted' && !excused.has(laneOf(item)) && !lateUninstall.has(laneOf(item))) {
      report(`${laneOf(item)} is locked out: ${item.result}`)
    }
  })
  return broken
}

/** The answer never came, or the other request had been given up, or its process was gone, when this one was made. */
function mayRepeat(before: TokenUse & { readonly at: number }, { askedAt, process }: TokenUse): boolean {
  const givenUp = process !== before.process || Math.abs(askedAt - before.askedAt) > GIVEN_UP_MS
  return before.answer === 'lost' || (before.at > askedAt && givenUp)
}

function bringsTokens(sent: Sent | undefined): boolean {
  return sent?.userId !== undefined && sent.genuine
}

function losesItsProcess(items: readonly HistoryItem[], from: number, { process, at }: { process: number; at: number }): boolean {
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
