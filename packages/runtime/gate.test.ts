import { expect, test } from 'vitest'
import { Gate } from './gate.ts'

test('no more run at once than there are places, and each gets its turn in order', async () => {
  const gate = new Gate(2, 100)
  const order: number[] = []
  let [running, most] = [0, 0]
  await Promise.all(
    Array.from({ length: 20 }, (_, index) =>
      gate.run(async () => {
        order.push(index)
        most = Math.max(most, ++running)
        await new Promise((resolve) => setImmediate(resolve))
        running -= 1
      }),
    ),
  )
  expect(most).toBe(2)
  expect(order).toEqual(Array.from({ length: 20 }, (_, index) => index))
})

test('says when nobody more can wait, and a task that fails gives its place back', async () => {
  const gate = new Gate(1, 1)
  let fail: (error: Error) => void = () => {}
  const failing = gate.run(() => new Promise<void>((_, reject) => (fail = reject)))
  expect(gate.isFull).toBe(false)
  const waiting = gate.run(() => Promise.resolve('ran'))
  expect(gate.isFull).toBe(true)
  fail(new Error('no'))
  await expect(failing).rejects.toThrow('no')
  expect(await waiting).toBe('ran')
  expect(gate.isFull).toBe(false)
})

test('those who stand by are told once half of the line has gone, one after the other, and keep their places', async () => {
  const gate = new Gate(1, 4)
  const ends: (() => void)[] = []
  const tasks = Array.from({ length: 5 }, () => gate.run(() => new Promise<void>((resolve) => ends.push(resolve))))
  const told: string[] = []
  const standBy = (who: string): Promise<void> | undefined => gate.standBy(who)?.then(() => void told.push(who))
  expect(standBy('a')).toBeDefined()
  expect(standBy('b')).toBeDefined()
  expect(gate.standBy('a')).toBe(gate.standBy('a'))
  const endNext = async (): Promise<void> => {
    ends.shift()?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
  await endNext()
  expect(told).toEqual([])
  await endNext()
  expect(told).toEqual(['a'])
  await endNext()
  expect(told).toEqual(['a', 'b'])
  expect(gate.standBy('c')).toBeUndefined()
  while (ends.length > 0) await endNext()
  await Promise.all(tasks)
})

test('those in line who come back for more do not overtake those who stand by', async () => {
  const gate = new Gate(1, 4)
  const order: string[] = []
  const worker = async (who: string, tasks: number): Promise<void> => {
    for (let n = 0; n < tasks; n++) {
      for (let room = gate.standBy(who); room !== undefined; room = gate.standBy(who)) await room
      await gate.run(async () => {
        order.push(who)
        await new Promise((resolve) => setImmediate(resolve))
      })
    }
  }
  await Promise.all([...['a', 'b', 'c', 'd', 'e'].map((who) => worker(who, 50)), worker('late', 1)])
  expect(order).toHaveLength(251)
  // All the others have had a few turns by then, and hundreds are left.
  expect(order.indexOf('late')).toBeLessThan(20)
})

test('whose turn is to come soon waits behind the first in line only', async () => {
  const gate = new Gate(1, 4)
  const order: string[] = []
  const ends: (() => void)[] = []
  const task = (name: string) => (): Promise<void> => {
    order.push(name)
    return new Promise((resolve) => ends.push(resolve))
  }
  const all = [gate.run(task('first')), gate.run(task('second')), gate.run(task('third')), gate.run(task('urgent'), 'soon')]
  for (let ended = 0; ended < all.length; ended++) {
    ends[ended]?.()
    await new Promise((resolve) => setImmediate(resolve))
  }
  await Promise.all(all)
  expect(order).toEqual(['first', 'second', 'urgent', 'third'])
})
