import { afterEach, beforeEach, expect, test } from 'vitest'
import { LANE_TURN_EVENTS } from '../limits.ts'
import type { Store } from '../store/port.ts'
import { A, LanesHouse, eventOf } from '../test-support/lanes-house.ts'

/** Lanes that stand by: the handler or destination of their first event has as many lanes waiting as it may. */
const DUE_AFTER_MS = 1_000

let house: LanesHouse
beforeEach(async () => {
  house = await LanesHouse.open()
})
afterEach(() => house.close())

test('a lane that stands by with more parked events due than it is handed leaves the store alone until it is told', async () => {
  let leases = 0
  let room: PromiseWithResolvers<void> | undefined
  const leaseLane: Store['leaseLane'] = (...args) => {
    leases += 1
    return house.store.leaseLane(...args)
  }
  const lanes = house.lanes({ leaseLane }, { standBy: () => room?.promise })
  const ids = Array.from({ length: LANE_TURN_EVENTS + 10 }, (_, n) => `p${n}`)
  for (const id of ids) house.endings.set(id, () => ({ againAfterMs: DUE_AFTER_MS, parked: true }))
  await house.append(A, ...ids)
  lanes.wake(A)
  await house.soon(async () => (await house.store.laneState(A)).parked === ids.length)

  house.endings.clear()
  room = Promise.withResolvers()
  leases = 0
  await house.time.advance(DUE_AFTER_MS)
  await house.soon(() => leases > 0)
  for (let round = 0; round < 200; round++) {
    await new Promise((resolve) => setTimeout(resolve, 1))
    await house.time.advance(0)
  }
  expect(leases).toBeLessThan(3)

  const { resolve } = room
  room = undefined
  resolve()
  await house.soon(async () => {
    await house.time.advance(0)
    return (await house.store.laneState(A)).parked === 0
  })
})

test('a parked event that comes due while its lane is about to stand by is tried on time', async () => {
  let hold: PromiseWithResolvers<void> | undefined
  const leaseLane: Store['leaseLane'] = async (...args) => {
    const answer = await house.store.leaseLane(...args)
    await hold?.promise
    return answer
  }
  let stoodBy = 0
  const asked = (): Promise<void> => {
    stoodBy += 1
    return new Promise(() => {})
  }
  const lanes = house.lanes({ leaseLane }, { standBy: ([head]) => (head?.event.id === 'a1' ? asked() : undefined) })
  house.endings.set('parked', () => (house.ran.length > 1 ? 'done' : { againAfterMs: DUE_AFTER_MS, parked: true }))
  await house.store.appendEvents({ events: [{ ...eventOf(A, 'parked'), code: 'Y' }] })
  lanes.wake(A)
  await house.soon(async () => (await house.store.laneState(A)).parked === 1)
  hold = Promise.withResolvers()
  await house.append(A, 'a1')
  lanes.wake(A)
  // Due since the lease was made, before the lane has read its answer.
  await house.time.advance(DUE_AFTER_MS)
  hold.resolve()
  await house.soon(() => stoodBy > 0)
  await house.soon(async () => {
    await house.time.advance(0)
    return house.isEnded('parked')
  })
  expect(house.ran).toEqual(['parked', 'parked'])
})

test('a parked event that comes due while its lane stands by for another handler is tried on time', async () => {
  const lanes = house.lanes({}, { standBy: ([head]) => (head?.event.id === 'a1' ? asked() : undefined) })
  let stoodBy = 0
  const asked = (): Promise<void> => {
    stoodBy += 1
    return new Promise(() => {})
  }
  house.endings.set('parked', () => (house.ran.length > 1 ? 'done' : { againAfterMs: DUE_AFTER_MS, parked: true }))
  await house.store.appendEvents({ events: [{ ...eventOf(A, 'parked'), code: 'Y' }, eventOf(A, 'a1')] })
  lanes.wake(A)
  await house.soon(() => stoodBy === 1)
  await house.soon(async () => (await house.store.dueLanes(house.clock.now(), 1)).lanes.length === 1)
  await house.time.advance(DUE_AFTER_MS)
  await house.soon(() => house.isEnded('parked'))
  expect(house.ran).toEqual(['parked', 'parked'])
})
