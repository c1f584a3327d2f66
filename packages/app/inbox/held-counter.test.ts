import { expect, test } from 'vitest'
import {
  HELD_BYTES_PER_APP, HELD_BYTES_PER_PORTAL, HELD_EVENTS_PER_APP, HELD_EVENTS_PER_PORTAL, HELD_PROVABLE_PER_PORTAL,
} from '../limits.ts'
import type { HeldEntry, Store } from '../store/port.ts'
import { heapBytes } from '../test-support/heap.ts'
import { HeldCounter } from './held-counter.ts'

/** How many events of these fit, sent one after another. */
function fill(counter: HeldCounter, { member = 'm', bytes = 10, provable = false, sender = '' }, from = 0): number {
  let count = from
  for (;; count++) {
    const item = { app: 'hello', memberId: member, bytes, provable, sender }
    if (!counter.hasRoom(item)) return count - from
    counter.arrive({ ...item, id: `${member}/${sender}/${provable}/${count}` })
  }
}

function storeOf(entries: () => Promise<HeldEntry[]>): Store {
  return { heldEntries: entries } as Partial<Store> as Store
}

test('one sender gets half of a portal\'s room, the next a fifth of it, and there is some left for a dozen more', () => {
  const counter = new HeldCounter()
  const shares = ['a', 'b', 'c', 'd'].map((sender) => fill(counter, { sender }))
  expect(shares).toEqual([HELD_EVENTS_PER_PORTAL / 2, 39, 19, 11])
  for (let n = 0; n < 12; n++) expect(fill(counter, { sender: `more ${n}` })).toBeGreaterThan(0)
})

test('a hundred senders, each with as much as it gets, do not fill an app\'s room', () => {
  const counter = new HeldCounter()
  let taken = 0
  for (let sender = 0; sender < 100; sender++) {
    for (let member = 0, got = 1; got > 0; member++) taken += got = fill(counter, { sender: `${sender}`, member: `${sender}/${member}` })
  }
  expect(taken).toBeLessThan(HELD_EVENTS_PER_APP)
  expect(fill(counter, { sender: 'true', member: 'true' })).toBeGreaterThan(0)
})

test('bytes are counted too, per portal and per app', () => {
  const counter = new HeldCounter()
  const megabyte = 1_048_576
  expect(fill(counter, { bytes: megabyte, sender: 'a' })).toBe(HELD_BYTES_PER_PORTAL / megabyte / 2)
  expect(fill(counter, { bytes: HELD_BYTES_PER_PORTAL + 1, sender: 'b' })).toBe(0)
  let inApp = 2
  for (let n = 0; n < 1_000; n++) inApp += fill(counter, { member: `m${n}`, bytes: megabyte, sender: 'a' })
  expect(inApp).toBe(HELD_BYTES_PER_APP / megabyte / 2)
  expect(fill(counter, { member: 'other', bytes: 10, sender: 'b' })).toBeGreaterThan(0)
})

test('what brings its own proof has room when all else is full', () => {
  const counter = new HeldCounter()
  let taken = 0
  for (let n = 0; n < HELD_EVENTS_PER_APP; n++) taken += fill(counter, { member: `m${n}`, sender: 'a' })
  expect(taken).toBe(HELD_EVENTS_PER_APP / 2)
  expect(fill(counter, { sender: 'a' })).toBe(0)
  expect(fill(counter, { sender: 'a', provable: true })).toBe(HELD_PROVABLE_PER_PORTAL / 2)
})

test('what ends its hold gives its room back, once', () => {
  const counter = new HeldCounter()
  const full = fill(counter, { sender: 'a' })
  counter.remove(['m/a/false/0', 'm/a/false/0', 'unknown'])
  expect(fill(counter, { sender: 'a' }, full)).toBe(1)
})

test('what a former process left counts, and what is gone from the store does not', async () => {
  const counter = new HeldCounter()
  const entry = (id: string): HeldEntry => ({ app: 'hello', memberId: 'm', id, code: 'ONAPPTEST', bytes: 10 })
  const left = Array.from({ length: HELD_EVENTS_PER_PORTAL / 2 }, (_value, index) => entry(`old${index}`))
  await counter.load(storeOf(() => Promise.resolve(left)))
  expect(fill(counter, {})).toBe(0)
  await counter.load(storeOf(() => Promise.resolve(left.slice(1))))
  expect(fill(counter, {})).toBe(1)
})

test('a look at the store forgets nothing that is on its way there, and brings nothing back', async () => {
  const counter = new HeldCounter()
  const item = { app: 'hello', memberId: 'm', provable: false, bytes: HELD_BYTES_PER_PORTAL, sender: 'a' }
  const { sender: _sender, provable: _provable, ...gone } = item
  let answer: (entries: HeldEntry[]) => void = () => {}
  counter.arrive({ ...item, id: 'arriving' })
  const loading = counter.load(storeOf(() => new Promise((resolve) => (answer = resolve))))
  counter.arrived('arriving')
  counter.remove(['gone'])
  answer([{ ...gone, id: 'gone', code: 'ONAPPTEST' }])
  await loading
  expect(counter.senderOf('arriving')).toBe('a')
  counter.remove(['arriving'])
  expect(counter.hasRoom(item)).toBe(true)
})

test('after a look at a store that failed nothing is kept of what ends its hold', async () => {
  const counter = new HeldCounter()
  await expect(counter.load(storeOf(() => Promise.reject(new Error('the disk fails'))))).rejects.toThrow('the disk fails')
  const before = heapBytes()
  for (let n = 0; n < 200_000; n++) counter.remove([`event ${n}`])
  expect(heapBytes() - before).toBeLessThan(1_000_000)
})
