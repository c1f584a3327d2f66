import { expect, test } from 'vitest'
import { defineApp } from './define-app.ts'

// Each of these would go into the lane's lease, which the store can't keep: no event of the app would ever be handled.
test.each([Number.NaN, Infinity, 45_000.5, 0, -1])('a timeout of %s is refused where it is written', (timeoutMs) => {
  const app = defineApp({ name: 'hello' })
  expect(() => app.on('ONAPPTEST', () => {}, { timeoutMs })).toThrow(expect.objectContaining({ code: 'APP_DEFINITION_INVALID' }))
})
