import { expect, test } from 'vitest'
import { defineApp } from './define-app.ts'
import { rabbitMq } from './destinations/rabbitmq.ts'

// Each of these would go into the lane's lease, which the store can't keep: no event of the app would ever be handled.
test.each([Number.NaN, Infinity, 45_000.5, 0, -1])('a timeout of %s is refused where it is written', (timeoutMs) => {
  const app = defineApp({ name: 'hello' })
  expect(() => app.on('ONAPPTEST', () => {}, { timeoutMs })).toThrow(expect.objectContaining({ code: 'APP_DEFINITION_INVALID' }))
})

test.each(['ONAPPINSTALL', 'onAppUpdate', 'ONAPPUNINSTALL', 'ONOFFLINEEVENT'])('%s is never fetched, so it cannot be asked for', (code) => {
  expect(() => defineApp({ name: 'hello' }).on(code, () => {}, { offline: true })).toThrow(expect.objectContaining({ code: 'APP_DEFINITION_INVALID' }))
  // @ts-expect-error: the types know these codes too.
  expect(() => defineApp({ name: 'hello' }).on('ONAPPINSTALL', () => {}, { offline: true })).toThrow()
  expect(defineApp({ name: 'hello' }).on('ONCRMDEALADD', () => {}, { offline: true }).handlerOf('ONCRMDEALADD')?.policy.offline).toBe(true)
})

test.each([
  ['a handler of single events', () => {}],
  ['a destination, which says that itself,', rabbitMq({ url: 'amqp://localhost', exchange: 'a' })],
])('%s cannot ask for several', (_name, handler) => {
  const options: object = { maxEvents: 5 }
  expect(() => defineApp({ name: 'hello' }).on('ONAPPTEST', handler, options)).toThrow(expect.objectContaining({ code: 'APP_DEFINITION_INVALID' }))
})
