import type { HistoryItem, Sent, Started } from '../history.ts'
import { Ledger, laneOf } from './ledger.ts'
import type { Promised, Violation } from './ledger.ts'
import { turnedBack } from './turned-back.ts'

/** Its own step may have begun before the app was installed again. */
const UNDER_WAY_MS = 30_000

/** 4. Nothing reaches a handler that was not sent by the portal and stored, as it was sent. */
export const noPhantoms: Promised = (items) => {
  const ledger = new Ledger()
  const broken: Violation[] = []
  const copies = new Map<string, { sent: Sent; count: number; ids: Set<string> }>()
  /** An uninstall erases auth blocks first, and may be held up before the events follow. */
  const erasing = new Set<string>()
  const reinstalled = new Map<string, { generation: number; at: number }>()
  items.forEach((item, index) => {
    ledger.read(item, (_before, after) => {
      if (after === undefined || after.proof === null) return
      if (after.generation > (reinstalled.get(laneOf(after))?.generation ?? 0)) reinstalled.set(laneOf(after), { generation: after.generation, at: item.at })
    })
    if (item.kind === 'started') {
      const newest = reinstalled.get(laneOf(item))
      const former = item.events.find(({ id }) => (ledger.byId.get(id)?.generation ?? 0) < (newest?.generation ?? 0))
      if (former !== undefined && newest !== undefined && item.at - newest.at > UNDER_WAY_MS) {
        broken.push({ promise: 'no phantoms', what: `run ${item.run}: ${former.mark} is of a former installation`, item: index })
      }
    }
    if (item.kind === 'portal' && item.clean === true) erasing.add(laneOf(item))
    if (item.kind === 'sent') {
      const known = copies.get(item.mark) ?? { sent: item, count: 0, ids: new Set<string>() }
      known.count += 1
      copies.set(item.mark, known)
    }
    if (item.kind !== 'started') return
    for (const what of wrongIn(item, ledger, copies, erasing)) broken.push({ promise: 'no phantoms', what: `run ${item.run}: ${what}`, item: index })
  })
  return broken
}

type Copies = ReadonlyMap<string, { readonly sent: Sent; readonly count: number; readonly ids: Set<string> }>

function* wrongIn(started: Started, ledger: Ledger, copies: Copies, erasing: ReadonlySet<string>): Generator<string> {
  for (const { id, mark, data, userId } of started.events) {
    const known = copies.get(mark)
    if (known === undefined) {
      yield `event ${id} (${mark}) was never sent`
      continue
    }
    const { sent, count, ids } = known
    ids.add(id)
    if (!sent.genuine) yield `${mark} is forged`
    if (laneOf(sent) !== laneOf(started) || sent.code !== started.code) yield `${mark} was sent as ${sent.code} of ${laneOf(sent)}`
    if (JSON.stringify(data) !== JSON.stringify(sent.data)) yield `${mark} has other data than was sent`
    if (userId !== sent.userId && !(userId === undefined && erasing.has(laneOf(started)))) yield `${mark} is user ${userId}'s, sent as ${sent.userId}'s`
    if (ids.size > count) yield `${mark} became ${ids.size} events of ${count} deliveries`
    const row = ledger.byId.get(id)
    if (row === undefined) yield `${mark} was not on disk when it was handed on`
    else if (row.state !== 'pending') yield `${mark} was ${row.state} (${row.reason}) when it was handed on`
  }
}

/** Nothing is thrown that nobody handles: it would end the process. Nor is anything answered that no sender understands. */
export const nothingUnhandled: Promised = (items) =>
  items.flatMap((item: HistoryItem, index): Violation[] => {
    if (item.kind === 'unhandled') return [{ promise: 'nothing unhandled', what: item.error, item: index }]
    if (item.kind === 'answered' && item.status !== 200 && item.status !== 403 && item.status !== 503) {
      return [{ promise: 'nothing unhandled', what: `delivery ${item.delivery} was answered ${item.status} ${item.code}`, item: index }]
    }
    return []
  })

/** Who is known is let in: a portal's own events are not refused while its application_token is the known one. */
export const knownAreLetIn: Promised = (items) => {
  const broken: Violation[] = []
  const deliveries = new Map<number, Sent>()
  /** Lane → the token under which an event was last taken as proven, as long as the portal has not changed. */
  const proven = new Map<string, string>()
  const current = new Map<string, string>()
  const asked = new Map<number, boolean>()
  /** What tells of a former state may come late: from then on nobody here knows who is known. */
  const unsure = new Set<string>()
  const turned = turnedBack(items)
  items.forEach((item, index) => {
    if (item.kind === 'portal') {
      proven.delete(laneOf(item))
      current.set(laneOf(item), item.token)
      if (item.fact === 'uninstalled') unsure.add(laneOf(item))
    }
    if (item.kind === 'sent') {
      deliveries.set(item.delivery, item)
      asked.set(item.delivery, item.genuine && proven.get(laneOf(item)) === item.token)
    }
    if (item.kind !== 'answered') return
    const sent = deliveries.get(item.delivery)
    if (sent === undefined || unsure.has(laneOf(sent)) || (turned.get(laneOf(sent)) ?? index) < index) return
    const isProof = item.status === 200 && item.state === 'pending' && sent.genuine && sent.code !== 'ONAPPUNINSTALL'
    if (isProof && sent.token === current.get(laneOf(sent))) proven.set(laneOf(sent), sent.token)
    else if (item.status === 403 && asked.get(item.delivery) === true && proven.get(laneOf(sent)) === sent.token) {
      broken.push({ promise: 'known are let in', what: `${sent.mark} was refused: ${item.code}`, item: index })
    }
  })
  return broken
}

/** An app that is installed again after an uninstall is another installation: what is left of the former is not its own. */
export const reinstallsBeginAnew: Promised = (items) => {
  const ledger = new Ledger()
  const broken: Violation[] = []
  const closed = new Map<string, { generation: number; at: number }>()
  items.forEach((item, index) => {
    ledger.read(item, (before, after) => {
      if (after === undefined) return
      const lane = laneOf(after)
      if (after.code === 'ONAPPUNINSTALL' && after.state === 'done' && after.reason === null && before?.state !== 'done') {
        closed.set(lane, { generation: Math.max(after.generation, closed.get(lane)?.generation ?? 0), at: item.at })
      }
      const former = closed.get(lane)
      const opens = after.code === 'ONAPPINSTALL' && before?.state === 'held' && after.state === 'pending' && after.proof !== 'application_token'
      if (opens && former !== undefined && item.at - former.at > UNDER_WAY_MS && after.generation <= former.generation) {
        broken.push({ promise: 'reinstalls begin anew', what: `${after.mark} opened generation ${after.generation} after ${former.generation} was closed`, item: index })
      }
    })
  })
  return broken
}
