import { letPromisesSettle } from '@portline/runtime/clock.ts'
import { expect, test } from 'vitest'
import { FairGate } from './fair-gate.ts'

/** Runs tasks that end when they are told to. */
function hall(places: number, maxWaiting: number) {
  const gate = new FairGate(places, maxWaiting)
  const running: { name: string; end: () => void }[] = []
  const order: string[] = []
  const enter = (sender: string, name: string): Promise<void> =>
    gate.run(sender, () => {
      order.push(name)
      return new Promise<void>((resolve) => running.push({ name, end: resolve }))
    })
  const endNext = async (): Promise<void> => {
    running.shift()?.end()
    await letPromisesSettle()
  }
  return { gate, enter, endNext, order }
}

test('a crowd of one sender does not make the next one wait longer', async () => {
  const { enter, endNext, order } = hall(1, 100)
  for (let n = 0; n < 5; n++) void enter('crowd', `crowd ${n}`)
  void enter('other', 'other')
  void enter('third', 'third')
  for (let n = 0; n < 7; n++) await endNext()
  expect(order).toEqual(['crowd 0', 'crowd 1', 'other', 'third', 'crowd 2', 'crowd 3', 'crowd 4'])
})

test('no sender may have more waiting than there is room left', () => {
  const { gate, enter } = hall(2, 8)
  for (let n = 0; n < 6; n++) void enter('crowd', `crowd ${n}`)
  expect([gate.hasRoom('crowd'), gate.hasRoom('other')]).toEqual([false, true])
  for (let n = 0; n < 2; n++) void enter('other', `other ${n}`)
  expect([gate.hasRoom('other'), gate.hasRoom('third')]).toEqual([false, true])
})

test('a task that fails gives its place back', async () => {
  const { gate, order, enter } = hall(1, 8)
  await expect(gate.run('a', () => Promise.reject(new Error('no')))).rejects.toThrow('no')
  void enter('b', 'b')
  await letPromisesSettle()
  expect(order).toEqual(['b'])
})
