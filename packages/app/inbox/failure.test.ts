import { CodedError } from '@portline/wire/errors.ts'
import { expect, test } from 'vitest'
import { markRefusal } from '../bitrix24/call-recorder.ts'
import { RestError } from '../bitrix24/call-rest.ts'
import { RetryLater } from '../define-app.ts'
import { NotNow } from '../destinations/delivery-error.ts'
import { policyOf } from '../handler-options.ts'
import { RETRY_AFTER_MAX_MS } from '../limits.ts'
import { failureOf } from './failure.ts'
import { Untried } from './waiting.ts'

const failureOfThrown = (error: unknown) => failureOf(error, undefined)

test.for([
  [0, 0], [1.5, 2], [RETRY_AFTER_MAX_MS, RETRY_AFTER_MAX_MS], [RETRY_AFTER_MAX_MS + 1, RETRY_AFTER_MAX_MS], [9_999_999_999_999 * 1_000, RETRY_AFTER_MAX_MS],
  [1e300, RETRY_AFTER_MAX_MS], [Number.POSITIVE_INFINITY, 0], [Number.NaN, 0], [-1, 0],
])('who asks for a try after %d ms is given %d', ([asked = 0, given = 0]) => {
  expect(failureOfThrown(new RetryLater(asked)).retryAfterMs).toBe(given)
})

test('only our own errors say that nothing was tried', () => {
  expect(failureOfThrown(new NotNow('a destination', 7)).notBeforeMs).toBe(7)
  expect(failureOfThrown(new Untried('PORTAL_BLOCKED', 7)).notBeforeMs).toBeGreaterThan(7)
  for (const error of [Object.assign(new Error('x'), { retryAtMs: 7 }), { retryAtMs: 7 }, Object.assign(new CodedError('REST_FAILED'), { retryAtMs: 7 })]) {
    expect(failureOfThrown(error)).not.toHaveProperty('notBeforeMs')
  }
})

test('the refusal itself is not final, whatever the handler calls final; an error of its own before it is', () => {
  const refused = new Error('402')
  markRefusal(refused, 'PORTAL_UNPAID')
  const policy = policyOf('ONAPPTEST', { isFinal: () => true })
  for (const thrown of [refused, { originalError: refused }, new RestError('event.bind', 'PAYMENT_REQUIRED', '', refused)]) expect(failureOf(thrown, policy)).toMatchObject({ refusal: 'PORTAL_UNPAID', final: false })
  expect(failureOf(new Error('x', { cause: refused }), policy)).toMatchObject({ refusal: 'PORTAL_UNPAID', final: true })
})

test('the refusal of a portal is found in the error that was thrown and behind it, and nowhere else', () => {
  const refused = new Error('PAYMENT_REQUIRED')
  markRefusal(refused, 'PORTAL_UNPAID')
  for (const thrown of [refused, new Error('x', { cause: refused }), { originalError: { cause: refused } }]) {
    expect(failureOfThrown(thrown)).toMatchObject({ code: 'HANDLER_FAILED', refusal: 'PORTAL_UNPAID' })
  }
  for (const thrown of [new Error('PAYMENT_REQUIRED'), { error: refused }, [refused], refused.message]) {
    expect(failureOfThrown(thrown)).not.toHaveProperty('refusal')
    expect(failureOf(thrown, undefined, 'PORTAL_UNPAID')).toMatchObject({ refusal: 'PORTAL_UNPAID' })
  }
  expect(failureOf(new CodedError('HANDLER_TIMEOUT'), undefined, 'PORTAL_UNPAID')).not.toHaveProperty('refusal')
  const round: { cause?: object } = {}
  round.cause = round
  expect(failureOfThrown(round)).not.toHaveProperty('refusal')
})
