import type { HistoryItem, Sent, Started } from '../history.ts'
import { Ledger, laneOf } from './ledger.ts'
import type { Promised, Violation } from './ledger.ts'

/** 4. Nothing reaches a handler that was not sent by the portal and stored, as it was sent. */
export const noPhantoms: Promised = (items) => {
  const ledger = new Ledger()
  const broken: Violation[] = []
  const copies = new Map<string, { sent: Sent; count: number; ids: Set<string> }>()
  items.forEach((item, index) => {
    ledger.read(item)
    if (item.kind === 'sent') {
      const known = copies.get(item.mark) ?? { sent: item, count: 0, ids: new Set<string>() }
      known.count += 1
      copies.set(item.mark, known)
    }
    if (item.kind !== 'started') return
    for (const what of wrongIn(item, ledger, copies)) broken.push({ promise: 'no phantoms', what: `run ${item.run}: ${what}`, item: index })
  })
  return broken
}

function* wrongIn(started: Started, ledger: Ledger, copies: ReadonlyMap<string, { sent: Sent; count: number; ids: Set<string> }>): Generator<string> {
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
    if (userId !== sent.userId && !isErasedUninstall(started)) yield `${mark} is user ${userId}'s, sent as ${sent.userId}'s`
    if (ids.size > count) yield `${mark} became ${ids.size} events of ${count} deliveries`
    const row = ledger.byId.get(id)
    if (row === undefined) yield `${mark} was not on disk when it was handed on`
    else if (row.state !== 'pending') yield `${mark} was ${row.state} (${row.reason}) when it was handed on`
  }
}

/** Its auth block is erased with its portal's data. */
function isErasedUninstall({ code }: Started): boolean {
  return code === 'ONAPPUNINSTALL'
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
  const asked = new Map<number, boolean>()
  /** An uninstall may come late, after the next install: from then on nobody here knows who is known. */
  const uninstalled = new Set<string>()
  items.forEach((item, index) => {
    if (item.kind === 'portal') {
      proven.delete(laneOf(item))
      if (item.fact === 'uninstalled') uninstalled.add(laneOf(item))
    }
    if (item.kind === 'sent') {
      deliveries.set(item.delivery, item)
      asked.set(item.delivery, item.genuine && proven.get(laneOf(item)) === item.token)
    }
    if (item.kind !== 'answered') return
    const sent = deliveries.get(item.delivery)
    if (sent === undefined || uninstalled.has(laneOf(sent))) return
    if (item.status === 200 && item.state === 'pending' && sent.genuine && sent.code !== 'ONAPPUNINSTALL') proven.set(laneOf(sent), sent.token)
    else if (item.status === 403 && asked.get(item.delivery) === true && proven.get(laneOf(sent)) === sent.token) {
      broken.push({ promise: 'known are let in', what: `${sent.mark} was refused: ${item.code}`, item: index })
    }
  })
  return broken
}
