import type { HistoryItem, Row, Sent } from '../history.ts'
import { Ledger, laneOf, lastSnapshot, sentByMark } from './ledger.ts'
import { losesItsProcess } from './tokens.ts'
import { turnedBack } from './turned-back.ts'
import type { Promised, Violation } from './ledger.ts'

/** An answer may wait for a proof and for a slow disk, not for ever. */
const ANSWER_MS = 60_000
const AFTER_CALM_MS = 15_000
const PROMISE = 'every sender is answered'

/** Every sender is told something, and once nothing fails any more nobody is told that something does. */
export const everySenderIsAnswered: Promised = (items) => {
  const broken: Violation[] = []
  const waiting = new Map<number, { sent: Sent; at: number; item: number }>()
  let calmAt = Number.POSITIVE_INFINITY
  const give = (now: number): void => {
    for (const [delivery, { sent, at, item }] of waiting) {
      if (now - at < ANSWER_MS) return
      waiting.delete(delivery)
      broken.push({ promise: PROMISE, what: `${sent.mark} was not answered for ${ANSWER_MS} ms`, item })
    }
  }
  items.forEach((item, index) => {
    give(item.at)
    if (item.kind === 'calm') calmAt = item.at
    if (item.kind === 'sent' && item.process !== undefined) waiting.set(item.delivery, { sent: item, at: item.at, item: index })
    if (item.kind === 'down') waiting.clear()
    if (item.kind !== 'answered') return
    waiting.delete(item.delivery)
    if (item.status !== 503 || item.at <= calmAt + AFTER_CALM_MS) return
    broken.push({ promise: PROMISE, what: `delivery ${item.delivery} was told ${item.code} when nothing failed`, item: index })
  })
  return broken
}

/**
 * What waits for a proof gets it once the portal can be asked: a portal's own events are not given up, or taken for somebody
 * else's, for want of one. Said of portals that were never uninstalled, whose tokens are good.
 */
export const holdsEndWell: Promised = (items) => {
  const last = lastSnapshot(items)
  if (last === undefined) return []
  const marks = sentByMark(items)
  const uninstalled = new Set(items.flatMap((item) => (item.kind === 'portal' && item.fact === 'uninstalled' ? [laneOf(item)] : [])))
  // A spent pair proves nothing: where its successor was lost, so is the proof.
  const lost = new Set(items.flatMap((item, index) => (item.kind === 'renewal' && (item.answer === 'lost' || losesItsProcess(items, index, item)) ? [laneOf(item)] : [])))
  const tokens = new Map(items.flatMap((item) => (item.kind === 'portal' ? [[laneOf(item), item.token] as const] : [])))
  const ledger = new Ledger()
  for (const item of items) ledger.read(item)
  /** Lane and token → the first proven event that brought it. */
  const proven = new Map<string, number>()
  for (const row of ledger.bySeq.values()) {
    const key = `${laneOf(row)} ${marks.get(row.mark)?.token}`
    if (row.proof !== null) proven.set(key, Math.min(row.seq, proven.get(key) ?? row.seq))
  }
  const jumped = jumpsIn(items)
  const unsure = turnedBack(items)
  const provenMarks = new Set([...ledger.bySeq.values()].flatMap(({ proof, mark }) => (proof === null ? [] : [mark])))
  const wrong = (row: Row): string | undefined => {
    const sent = marks.get(row.mark)
    const lane = laneOf(row)
    if (sent === undefined || !sent.genuine || uninstalled.has(lane) || row.state !== 'dead' || row.proof !== null) return undefined
    const provable = sent.userId !== undefined && (row.code === 'ONAPPINSTALL' || row.code === 'ONAPPUPDATE')
    if (row.reason === 'HELD_TOO_LONG') return provable || proven.has(`${lane} ${sent.token}`) ? 'was held until it was given up' : undefined
    const isFollower = (proven.get(`${lane} ${sent.token}`) ?? row.seq) < row.seq
    if (row.reason === 'APPLICATION_TOKEN_MISMATCH') return !unsure.has(lane) && sent.token === tokens.get(lane) && isFollower ? 'has the right token and is dead for it' : undefined
    return provable && !lost.has(lane) && !jumped.has(row.id) && !provenMarks.has(row.mark) ? `was taken for a forgery: ${row.reason}` : undefined
  }
  return [...ledger.bySeq.values()].flatMap((row): Violation[] => {
    const what = wrong(row)
    return what === undefined ? [] : [{ promise: 'holds end well', what: `event ${row.id} (${row.mark}, ${row.code}) ${what}`, item: last.item }]
  })
}

/** Events that the hour jumped over while they were held: their tokens may have expired in the middle of a proof. */
function jumpsIn(items: readonly HistoryItem[]): Set<string> {
  const held = new Map<string, number>()
  const jumped = new Set<string>()
  for (const item of items) {
    if (item.kind !== 'rows') continue
    const offset = item.wall - item.at
    for (const { id, state } of item.rows) {
      if (state === 'held') held.set(id, offset)
      else if (Math.abs(offset - (held.get(id) ?? offset)) > JUMP_MS) jumped.add(id)
    }
  }
  return jumped
}

const JUMP_MS = 100

/** While an update is being proven, what carries its new application_token waits beside it: refused, it would be lost. */
export const followersWait: Promised = (items) => {
  const broken: Violation[] = []
  const deliveries = new Map<number, Sent>()
  const ledger = new Ledger()
  const claims = new Map<string, { id: string; key: string }>()
  const known = new Set<number>()
  /** Their tokens are revoked: the proof fails. */
  const uninstalled = new Set<string>(turnedBack(items).keys())
  items.forEach((item: HistoryItem, index) => {
    ledger.read(item)
    if (item.kind === 'down') claims.clear()
    if (item.kind === 'portal' && item.fact === 'uninstalled') uninstalled.add(laneOf(item))
    if (item.kind === 'sent') {
      deliveries.set(item.delivery, item)
      const claim = claims.get(`${laneOf(item)} ${item.token}`)
      if (item.genuine && claim !== undefined && ledger.byId.get(claim.id)?.state === 'held') known.add(item.delivery)
    }
    const sent = item.kind === 'answered' ? deliveries.get(item.delivery) : undefined
    if (item.kind !== 'answered' || sent === undefined) return
    const provable = sent.genuine && sent.userId !== undefined && (sent.code === 'ONAPPUPDATE' || sent.code === 'ONAPPINSTALL')
    const key = `${laneOf(sent)} ${sent.token}`
    if (provable && item.state === 'held' && item.id !== undefined) claims.set(key, { id: item.id, key })
    if (!known.has(item.delivery) || uninstalled.has(laneOf(sent)) || item.code !== 'APPLICATION_TOKEN_MISMATCH') return
    // Its proof has ended since, with a refusal: there is nothing left to wait for. Whether that was right is for `holds end well` to say.
    const claim = claims.get(key)
    if (claim !== undefined && ledger.byId.get(claim.id)?.state === 'dead') return
    broken.push({ promise: 'followers wait', what: `${sent.mark} was refused while its token was being proven`, item: index })
  })
  return broken
}
