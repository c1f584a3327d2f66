import { expect, test } from 'vitest'
import { BLOCKED_LOOK_MS, BLOCKED_WAIT_MS } from '../limits.ts'
import { waitingForPortal } from './waiting.ts'

test('an event whose portal refuses every call waits, until it is too old for that', () => {
  const error = new Error('what the handler threw')
  expect(waitingForPortal(error, 'PORTAL_UNPAID', [{ receivedAtMs: 0 }], 5)).toMatchObject({ code: 'PORTAL_UNPAID', retryAtMs: 5 + BLOCKED_LOOK_MS })
  expect(waitingForPortal(error, 'PORTAL_UNPAID', [{ receivedAtMs: BLOCKED_WAIT_MS }, { receivedAtMs: 0 }], BLOCKED_WAIT_MS)).toBe(error)
  expect(waitingForPortal(error, undefined, [{ receivedAtMs: 0 }], 5)).toBe(error)
})
