import { VirtualClock, letPromisesSettle } from '@portline/runtime/clock.ts'
import { expect, test } from 'vitest'
import { defineApp } from '../define-app.ts'
import { SOLITUDE_MS } from '../limits.ts'
import type { QueuedEvent } from './lane.ts'
import { Places } from './places.ts'

/** Who may run beside whom. Each task runs until the test ends it. */
const app = defineApp({ name: 'hello' }).on('LIMITED', () => {}, { concurrency: 1 }).on('FREE', () => {})

function queued(code: string, id: string, isSuspect: boolean): QueuedEvent {
  const event = { app: 'hello', memberId: id, id, code, auth: new Uint8Array(), generation: 1, state: 'pending', receivedAtMs: 1, seq: 1, attempts: 0 } as const
  return { event, bytes: 1, ...(isSuspect ? { caution: { deaths: 1 } } : {}) }
}

function openPlaces() {
  const clock = new VirtualClock()
  const places = new Places(clock, () => {
    throw new Error('no destination here')
  })
  const running: string[] = []
  const ends = new Map<string, () => void>()
  const start = (code: string, id: string, isSuspect = false): void => {
    void places.run(queued(code, id, isSuspect), app.handlerOf(code), () => {
      running.push(id)
      return new Promise<void>((resolve) => ends.set(id, resolve))
    })
  }
  const end = async (id: string): Promise<void> => {
    running.splice(running.indexOf(id), 1)
    ends.get(id)?.()
    await letPromisesSettle()
  }
  return { clock, running, start, end }
}

test('a suspect that waits until others of its kind have run leaves its handler to the others', async () => {
  const { running, start, end } = openPlaces()
  start('FREE', 'suspect-1', true)
  start('LIMITED', 'suspect-2', true)
  start('LIMITED', 'other')
  expect(running).toEqual(['suspect-1', 'other'])
  await end('suspect-1')
  expect(running).toEqual(['other'])
  await end('other')
  expect(running).toEqual(['suspect-2'])
})

test('a suspect whose turn has come waits for one event of its handler and not for a whole line, and so do the others for one suspect', async () => {
  const { running, start, end } = openPlaces()
  for (const id of ['one', 'two', 'three']) start('LIMITED', id)
  for (const id of ['suspect-1', 'suspect-2']) start('LIMITED', id, true)
  const order: string[] = []
  while (running[0] !== undefined) {
    order.push(running[0])
    await end(running[0])
  }
  expect(order).toEqual(['one', 'two', 'suspect-1', 'three', 'suspect-2'])
})

test('a suspect has its first seconds to itself from when it runs, not from when it waited for its handler', async () => {
  const { clock, running, start, end } = openPlaces()
  start('LIMITED', 'other')
  start('LIMITED', 'suspect-1', true)
  start('FREE', 'suspect-2', true)
  await clock.advance(2 * SOLITUDE_MS)
  expect(running).toEqual(['other'])
  await end('other')
  expect(running).toEqual(['suspect-1'])
  await clock.advance(SOLITUDE_MS - 1)
  expect(running).toEqual(['suspect-1'])
  await clock.advance(1)
  expect(running).toEqual(['suspect-1', 'suspect-2'])
})
