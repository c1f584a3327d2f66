import { afterEach, beforeEach, expect, test } from 'vitest'
import { LANE_TURN_EVENTS } from '../limits.ts'
import type { LeaseRequest } from '../store/lanes.ts'
import type { PortalKey } from '../store/port.ts'
import { A, LanesHouse, eventOf } from '../test-support/lanes-house.ts'
import type { Lanes } from './lanes.ts'

/** What comes to a lane before the events that it has in memory already. */
const IDS = Array.from({ length: 3 * LANE_TURN_EVENTS }, (_, index) => `a${String(index).padStart(3, '0')}`)
const LAST = IDS.at(-1) ?? ''

let house: LanesHouse
let lanes: Lanes
/** How many events each lease asked for. */
let asked: number[]
beforeEach(async () => {
  house = await LanesHouse.open()
  asked = []
  const leaseLane = (portal: PortalKey, request: LeaseRequest) => {
    asked.push(request.maxEvents)
    return house.store.leaseLane(portal, request)
  }
  lanes = house.lanes({ leaseLane })
})
afterEach(() => house.close())

test('a replayed event runs before those that its lane has read but not begun', async () => {
  await house.append(A, 'old', ...IDS)
  house.endings.set('old', () => (house.ran.length > 1 ? 'done' : 'dead'))
  const finish = house.keep('a000')
  lanes.wake(A)
  await house.soon(async () => house.ran.length === 2 && (await house.isEnded('old')))
  await house.store.replay('old', house.clock.now())
  lanes.wake(A)
  finish('done')
  await house.soon(() => house.isEnded(LAST))
  expect(house.ran).toEqual(['old', 'a000', 'old', ...IDS.slice(1)])
})

test('a released event takes its place before those that its lane has read but not begun', async () => {
  const { proof: _, ...unproven } = eventOf(A, 'held')
  await house.store.appendEvents({ events: [{ ...unproven, state: 'held', reason: 'AWAITING_PROOF' }] })
  await house.append(A, ...IDS)
  const finish = house.keep('a000')
  lanes.wake(A)
  await house.soon(() => house.ran.length === 1)
  await house.store.settleHeld([{ id: 'held', state: 'pending', proof: 'application_token', generation: 1 }], house.clock.now(), 1)
  lanes.wake(A)
  finish('done')
  await house.soon(() => house.isEnded(LAST))
  expect(house.ran).toEqual(['a000', 'held', ...IDS.slice(1)])
})

test('what is received with leave to run and what was parked have a lane read nothing twice', async () => {
  await house.append(A, 'parked')
  house.endings.set('parked', () => (house.ran.length > 1 ? 'done' : { againAfterMs: 1_000, parked: true }))
  const finish = house.keep('a000')
  lanes.wake(A)
  await house.soon(async () => (await house.attempts('parked')) === 1)
  for (const id of IDS.slice(0, LANE_TURN_EVENTS)) await house.receive(lanes, A, id)
  await house.soon(() => house.ran.length === 2)
  await house.time.advance(1_000)
  finish('done')
  await house.soon(() => house.isEnded('parked'))
  expect(house.ran).toEqual(['parked', ...IDS.slice(0, LANE_TURN_EVENTS), 'parked'])
  expect(asked.slice(0, 2)).toEqual([LANE_TURN_EVENTS, LANE_TURN_EVENTS])
})
