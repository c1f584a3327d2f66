import { afterEach, beforeEach, expect, test } from 'vitest'
import { A, LanesHouse } from '../test-support/lanes-house.ts'
import { REFUSED_REST_MS } from './settle-apart.ts'

/** A lane whose outcomes the store refuses: what it was handed behind the refused one is given back, and must not run meanwhile. */
let house: LanesHouse
beforeEach(async () => {
  house = await LanesHouse.open()
  house.exec(`CREATE TRIGGER refusing BEFORE UPDATE ON events WHEN OLD.id = 'a1' BEGIN SELECT RAISE(ABORT, 'no such change'); END`)
})
afterEach(() => house.close())

async function runsAgain(upTo: string): Promise<void> {
  await house.soon(() => house.time.nextTimerAt !== undefined)
  house.exec('DROP TRIGGER refusing')
  await house.time.advance(REFUSED_REST_MS)
  await house.soon(() => house.isEnded(upTo))
}

test('an event that waits for the disk while its lane is given up runs once, in its order', async () => {
  let noted = 0
  const { promise: notes, resolve: goOn } = Promise.withResolvers<void>()
  const saveNote: LanesHouse['store']['saveNote'] = async (...args) => {
    noted += 1
    await notes
    return house.store.saveNote(...args)
  }
  const lanes = house.lanes({ saveNote })
  await house.append(A, 'a1', 'a2', 'a3')
  const finish = house.keep('a2')
  lanes.wake(A)
  // The settler writes what became of a1 apart by then, and the lanes wait for it.
  await house.soon(() => noted > 0)
  finish('done')
  await new Promise((resolve) => setImmediate(resolve))
  goOn()
  await house.soon(() => house.errors.length === 1)
  await runsAgain('a3')
  expect(house.ran).toEqual(['a1', 'a2', 'a1', 'a2', 'a3'])
})

test('an event that is to be started with care is not started when its lane is given up before its start is on disk', async () => {
  const lanes = house.lanes()
  const finish = house.keep('a1')
  await house.receive(lanes, A, 'a1')
  await house.receive(lanes, A, 'a2', { deaths: 0 })
  finish('done')
  await house.soon(() => house.errors.length > 0)
  await runsAgain('a2')
  expect(house.ran).toEqual(['a1', 'a1', 'a2'])
})
