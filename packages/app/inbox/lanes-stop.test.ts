import { afterEach, beforeEach, expect, test } from 'vitest'
import { DRAIN_MS, LANE_LEASE_MS } from '../limits.ts'
import { A, LanesHouse } from '../test-support/lanes-house.ts'
import type { Lanes } from './lanes.ts'
import { STORE_RETRY_MS } from './settler.ts'

/** What lanes leave behind after their stop: nothing. */
let house: LanesHouse
beforeEach(async () => {
  house = await LanesHouse.open()
})
afterEach(() => house.close())

/** The lanes have stopped, and a handler has not: answers with what ends it. */
async function stoppedBeside(lanes: Lanes): Promise<ReturnType<LanesHouse['keep']>> {
  await house.append(A, 'a1')
  const finish = house.keep('a1')
  lanes.wake(A)
  await house.soon(() => house.ran.length === 1)
  const stopped = lanes.stop()
  await house.time.advance(DRAIN_MS)
  await stopped
  return finish
}

test('a handler that ends after the stop, when the store is closed, is not written again and again', async () => {
  let written = 0
  const settle: LanesHouse['store']['settle'] = (...args) => {
    written += 1
    return house.store.settle(...args)
  }
  const lanes = house.lanes({ settle })
  const finish = await stoppedBeside(lanes)
  await house.store.close()
  finish('done')
  await house.soon(() => written > 0)
  for (let second = 0; second < 5; second++) {
    await house.time.advance(STORE_RETRY_MS)
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
  expect([written, house.errors, house.time.nextTimerAt]).toEqual([1, [], undefined])
})

test('a handler that ends after the stop, while the store is open, does not run again', async () => {
  const lanes = house.lanes()
  const finish = await stoppedBeside(lanes)
  finish('done')
  await house.soon(() => house.isEnded('a1'))
})

test('lanes that are stopped while they start renew no leases', async () => {
  let renewed = 0
  const lanes = house.lanes({ renewLeases: (...args) => (renewed++, house.store.renewLeases(...args)) })
  const started = lanes.start()
  await lanes.stop()
  await started
  await house.time.advance(LANE_LEASE_MS)
  expect(renewed).toBe(0)
})
