import { expect, test } from 'vitest'
import { heapBytes } from '../test-support/heap.ts'
import { eventPathApp } from './event-endpoint.ts'

test('the name of an app is found in the address of its events, and nowhere else', () => {
  expect(['/apps/shop/events', '/apps/shop/events/?a=1', 'http://host/apps/shop/events'].map(eventPathApp)).toEqual(['shop', 'shop', 'shop'])
  expect(['/apps/shop/install', '/apps/shop/eventsx', '/', undefined].map(eventPathApp)).toEqual([undefined, undefined, undefined, undefined])
})

test('an app\'s name does not keep the address that it came in', () => {
  const padding = 'x'.repeat(12_000)
  const before = heapBytes()
  const names = Array.from({ length: 1_000 }, (_, n) => eventPathApp(Buffer.from(`/apps/warehouse-integration/events?${padding}${n}`).toString()))
  expect(heapBytes() - before).toBeLessThan(1_000_000)
  expect(new Set(names)).toEqual(new Set(['warehouse-integration']))
})
