import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { payloadOf } from './destinations/payload.ts'
import { appEventOf } from './inbox/handler-context.ts'
import { isRaisedBefore, raisedAtMs } from './raised-at.ts'
import { event } from './store/battery-parts.ts'
import { newDelivery } from './test-support/deliveries.ts'

const LAST_SECOND = 8_640_000_000_000
const NO_TIMES = [undefined, '', 'soon', String(LAST_SECOND + 1), '99999999999999999999'] as const

describe('when an event was raised', () => {
  test('is what its portal says in whole seconds', () => {
    fc.assert(fc.property(fc.integer({ min: 0, max: LAST_SECOND }), (second) => {
      expect(raisedAtMs(String(second))).toBe(second * 1_000)
    }))
  })

  test.for(NO_TIMES)('is not known where it says %s', (ts) => {
    expect(raisedAtMs(ts)).toBeUndefined()
    expect(isRaisedBefore(ts, Number.MAX_SAFE_INTEGER)).toBe(false)
  })

  test.for(NO_TIMES)('is nothing for a handler, and the time of receipt for a destination, where it says %s', (ts) => {
    const stored = { ...event('01'), seq: 1, attempts: 0, ...(ts === undefined ? {} : { ts }) }
    expect(appEventOf(stored, undefined, undefined)).not.toHaveProperty('raisedAt')
    const { ts: _, ...delivery } = newDelivery()
    const { timestamp, received_at } = JSON.parse(payloadOf({ ...delivery, ...(ts === undefined ? {} : { ts }) })) as Record<string, string>
    expect(timestamp).toBe(received_at)
  })

  test('is a date that can be shown, up to the last there is', () => {
    const { raisedAt } = appEventOf({ ...event('01'), seq: 1, attempts: 0, ts: String(LAST_SECOND) }, undefined, undefined)
    expect(raisedAt?.toISOString()).toBe('+275760-09-13T00:00:00.000Z')
  })
})

test('before another moment is a second that was over by then', () => {
  expect([999, 1_000, 1_999, 2_000].map((atMs) => isRaisedBefore('1', atMs))).toEqual([false, false, false, true])
  expect(isRaisedBefore('1', undefined)).toBe(false)
})
