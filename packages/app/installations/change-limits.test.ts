import { VirtualClock } from '@portline/runtime/clock.ts'
import { expect, test } from 'vitest'
import { CHANGES_PER_HOUR } from '../limits.ts'
import { ChangeLimits } from './change-limits.ts'

const HOUR_MS = 3_600_000
const PORTAL = { app: 'hello', memberId: 'm' }

function limitsAt(nowMs: number) {
  const time = { nowMs }
  return { time, limits: new ChangeLimits(Object.assign(new VirtualClock(), { now: () => time.nowMs })) }
}

function taken(limits: ChangeLimits): number {
  let count = 0
  while (limits.take(PORTAL, 'block')) count += 1
  return count
}

test('a portal has so many changes of a kind in an hour, and as many in the next', () => {
  const { time, limits } = limitsAt(0)
  expect([taken(limits), taken(limits)]).toEqual([CHANGES_PER_HOUR.block, 0])
  expect(limits.take(PORTAL, 'unblock')).toBe(true)
  time.nowMs += HOUR_MS
  expect(taken(limits)).toBe(CHANGES_PER_HOUR.block)
})

test('a clock that is set back makes no hour longer', () => {
  const { time, limits } = limitsAt(10 * HOUR_MS)
  limits.take({ ...PORTAL, memberId: 'other' }, 'block')
  time.nowMs -= 6 * HOUR_MS
  expect(taken(limits)).toBe(CHANGES_PER_HOUR.block)
  time.nowMs += 2 * HOUR_MS
  expect(taken(limits)).toBe(CHANGES_PER_HOUR.block)
})
