import { afterEach, beforeEach, expect, test } from 'vitest'
import { LANE_SWEEP_MS } from '../limits.ts'
import { A, B, LanesHouse } from '../test-support/lanes-house.ts'
import { REFUSED_REST_MS } from './settle-apart.ts'

/** Lanes while the hour jumps: a clock that is set, a machine that slept. */
const HOUR_MS = 3_600_000

let house: LanesHouse
beforeEach(async () => {
  house = await LanesHouse.open()
})
afterEach(() => house.close())

test('a lane whose next try came due while the clock jumped ahead is found by the sweep', async () => {
  await house.append(A, 'a1')
  house.endings.set('a1', () => (house.ran.length > 1 ? 'done' : { againAfterMs: 8 * HOUR_MS }))
  await house.lanes().start()
  await house.soon(async () => (await house.attempts('a1')) === 1)
  house.aheadMs = 8 * HOUR_MS
  await house.time.advance(LANE_SWEEP_MS)
  await house.soon(() => house.isEnded('a1'))
})

test('the sweep leaves a lane alone that stands by until it is told', async () => {
  let asked = 0
  const lanes = house.lanes({}, { standBy: ([head]) => (head?.event.id === 'a1' ? new Promise(() => (asked += 1)) : undefined) })
  await house.append(A, 'a1')
  await lanes.start()
  await house.soon(() => asked === 1)
  await house.soon(async () => (await house.store.dueLanes(house.clock.now(), 1)).lanes.length === 1)
  await house.append(B, 'b1')
  await house.time.advance(LANE_SWEEP_MS)
  await house.soon(() => house.isEnded('b1'))
  expect(asked).toBe(1)
})

test('what is parked is tried on time by the hour when its lane has waited for something else since the clock jumped ahead', async () => {
  const lanes = house.lanes()
  await house.append(A, 'parked')
  house.endings.set('parked', () => (house.ran.length > 1 ? 'done' : { againAfterMs: 8 * HOUR_MS, parked: true }))
  lanes.wake(A)
  await house.soon(async () => (await house.attempts('parked')) === 1)
  house.aheadMs = 7 * HOUR_MS
  house.endings.set('a1', () => ({ againAfterMs: 2 * HOUR_MS }))
  await house.receive(lanes, A, 'a1')
  await house.soon(async () => (await house.attempts('a1')) === 1)
  await house.time.advance(HOUR_MS)
  await house.soon(() => house.isEnded('parked'))
  expect(house.ran).toEqual(['parked', 'a1', 'parked'])
})

test('a lane that rests because the store refused an outcome rests a minute, whatever the clock is set back to', async () => {
  const lanes = house.lanes()
  await house.append(A, 'a1')
  house.exec(`CREATE TRIGGER refusing BEFORE UPDATE ON events WHEN OLD.id = 'a1' BEGIN SELECT RAISE(ABORT, 'no such change'); END`)
  lanes.wake(A)
  await house.soon(() => house.errors.length === 1)
  await house.soon(() => house.time.nextTimerAt === house.time.now() + REFUSED_REST_MS)
  house.exec('DROP TRIGGER refusing')
  house.aheadMs = -24 * HOUR_MS
  await house.time.advance(REFUSED_REST_MS)
  await house.soon(() => house.isEnded('a1'))
})
