import { expect, test } from 'vitest'
import { BLOCKED_LOOK_MS, BLOCKED_WAIT_MS } from '../limits.ts'
import type { Failure } from './failure.ts'
import { waitingForPortal } from './waiting.ts'

const REFUSED: Failure = { code: 'HANDLER_FAILED', message: 'x', final: false, retryAfterMs: 0, delivered: 5, alone: false, refusal: 'PORTAL_UNPAID' }

test('an event whose portal refuses every call waits, until it is too old for that; what was done before it stays done', () => {
  expect(waitingForPortal(REFUSED, [{ receivedAtMs: 0 }], 5)).toMatchObject({ code: 'PORTAL_UNPAID', notBeforeMs: 5 + BLOCKED_LOOK_MS, delivered: 5 })
  expect(waitingForPortal(REFUSED, [{ receivedAtMs: BLOCKED_WAIT_MS }, { receivedAtMs: 0 }], BLOCKED_WAIT_MS)).toBe(REFUSED)
})

test('what failed of something else, or for good, does not wait', () => {
  const { refusal: _, ...other } = REFUSED
  for (const failure of [other, { ...REFUSED, final: true }]) expect(waitingForPortal(failure, [{ receivedAtMs: 0 }], 5)).toBe(failure)
})
