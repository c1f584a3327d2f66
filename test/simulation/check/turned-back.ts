import type { HistoryItem, Sent } from '../history.ts'
import { Ledger, laneOf, sentByMark } from './ledger.ts'

/**
 * Lanes whose application_token may be an older one at times, and from where on. What an install or update brings counts once it is
 * proven, whatever was brought before: so a late copy of an older one brings the older token back, and so may two that are under
 * proof at the same time.
 */
export function turnedBack(items: readonly HistoryItem[]): Map<string, number> {
  const ledger = new Ledger()
  const marks = sentByMark(items)
  const current = new Map<string, string>()
  const lanes = new Map<string, number>()
  const add = (lane: string, index: number): void => void (lanes.has(lane) || lanes.set(lane, index))
  items.forEach((item, index) => {
    if (item.kind === 'portal') current.set(laneOf(item), item.token)
    if (item.kind === 'sent' && proves(item) && item.token !== current.get(laneOf(item))) add(laneOf(item), index)
    ledger.read(item, (_before, after) => {
      const sent = after?.state === 'held' ? marks.get(after.mark) : undefined
      if (after === undefined || sent === undefined || !proves(sent)) return
      const others = [...(ledger.byLane.get(laneOf(after))?.values() ?? [])].filter(({ state }) => state === 'held').map(({ mark }) => marks.get(mark))
      if (others.some((other) => other !== undefined && proves(other) && other.token !== sent.token)) add(laneOf(after), index)
    })
  })
  return lanes
}

function proves({ genuine, userId, code }: Sent): boolean {
  return genuine && userId !== undefined && (code === 'ONAPPINSTALL' || code === 'ONAPPUPDATE')
}
