import { expect, test } from 'vitest'
import { event } from '../store/battery-parts.ts'
import type { Installation } from '../store/port.ts'
import { generationHere, markOf } from './imported-generation.ts'

const stored = (generation: number) => ({ ...event('01', { generation }), seq: 1, attempts: 0 })
const installation = (fields: Partial<Installation>): Installation => {
  return { app: 'hello', memberId: 'portal-a', status: 'active', generation: 1, domain: 'p', clientEndpoint: 'c', serverEndpoint: 's', updatedAtMs: 1, ...fields }
}

test('of the installation that is there is what belongs to the newest one, until its uninstall', () => {
  expect(markOf(stored(2), installation({ generation: 2 }))).toBe('current')
  expect(markOf(stored(2), installation({ generation: 2, status: 'blocked' }))).toBe('current')
  expect(markOf(stored(1), installation({ generation: 2 }))).toBe('former')
  expect(markOf(stored(2), installation({ generation: 2, status: 'deleted' }))).toBe('former')
})

test('of a portal that a store knows nothing of, it is the first', () => {
  expect([markOf(stored(1), undefined), markOf(stored(2), undefined)]).toEqual(['current', 'former'])
})

test('what nothing has proven is of none, wherever it comes', () => {
  expect(markOf(stored(0), installation({}))).toBeUndefined()
  expect(generationHere({ generation: 0, receivedAtMs: 1 }, 'current', installation({ generation: 3 }))).toBe(0)
})

test.each<[what: string, generation: number, receivedAtMs: number, here: Installation | undefined, expected: number]>([
  ['of the present one here, whatever its number was', 3, 5, installation({ generation: 1, installedAtMs: 9 }), 1],
  ['of the same one, though it was received while that began', 2, 5, installation({ generation: 2, installedAtMs: 9 }), 2],
  ['of the newest one here, received since it began', 1, 9, installation({ generation: 2, installedAtMs: 9 }), 2],
  ['of the one before, received before the newest began', 1, 8, installation({ generation: 2, installedAtMs: 9 }), 1],
  ['of the one before where nothing tells when the newest began', 1, 8, installation({ generation: 2 }), 1],
  ['of none that is here, once the app is uninstalled', 1, 9, installation({ generation: 1, status: 'deleted', installedAtMs: 1 }), 0],
  ['of the first that will be, where the portal is unknown', 4, 9, undefined, 1],
])('what was of the installation that was there is %s', (_, generation, receivedAtMs, here, expected) => {
  expect(generationHere({ generation, receivedAtMs }, 'current', here)).toBe(expected)
})

test('what was of a former installation there is of a former one here', () => {
  expect(generationHere({ generation: 1, receivedAtMs: 9 }, 'former', installation({ generation: 1, installedAtMs: 1 }))).toBe(0)
  expect(generationHere({ generation: 1, receivedAtMs: 9 }, 'former', undefined)).toBe(0)
  expect(generationHere({ generation: 1, receivedAtMs: 9 }, 'former', installation({ generation: 5 }))).toBe(1)
  expect(generationHere({ generation: 3, receivedAtMs: 9 }, 'former', installation({ generation: 2 }))).toBe(1)
})

test('a line without a mark keeps its number', () => {
  expect(generationHere({ generation: 7, receivedAtMs: 9 }, undefined, installation({}))).toBe(7)
})
