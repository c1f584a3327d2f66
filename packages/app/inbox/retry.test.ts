import { seededRandom } from '@portline/runtime/random.ts'
import { expect, test } from 'vitest'
import { RETRY_STEPS_MS } from '../limits.ts'
import { retryDelayMs } from './retry.ts'

test('each step comes within a fifth of its time, and after the last there is none', () => {
  const random = seededRandom('retry')
  for (const [index, step] of RETRY_STEPS_MS.entries()) {
    for (let draw = 0; draw < 100; draw++) {
      const delayMs = retryDelayMs(RETRY_STEPS_MS, index + 1, random) ?? 0
      expect(delayMs).toBeGreaterThanOrEqual(step * 0.8)
      expect(delayMs).toBeLessThanOrEqual(step * 1.2)
    }
  }
  expect(retryDelayMs(RETRY_STEPS_MS, RETRY_STEPS_MS.length + 1, random)).toBeUndefined()
})

test('lanes that failed together come back apart', () => {
  const random = seededRandom('retry')
  expect(new Set(Array.from({ length: 20 }, () => retryDelayMs(RETRY_STEPS_MS, 1, random))).size).toBeGreaterThan(10)
})
