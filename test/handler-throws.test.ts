import { RetryLater, defineApp } from 'portline'
import { RETRY_AFTER_MAX_MS } from 'portline/limits.ts'
import { afterEach, expect, test } from 'vitest'
import { until } from './support/house.ts'
import { openKnownPortals } from './support/known-portals.ts'
import type { KnownPortalsHouse } from './support/known-portals.ts'

/** Whatever a handler throws or returns: its event ends or is tried again, and nobody else's is held up. */
let house: KnownPortalsHouse
afterEach(() => house.close())

const stateOf = async (id: string) => (await house.store.event(id))?.state
const isDone = (id: string) => until(async () => ((await stateOf(id)) === 'done' ? true : undefined), `${id} to be done`)

test.each([
  ['half milliseconds', () => new RetryLater(1.5 + Math.random())],
  ['no time at all', () => Object.assign(new Error('x'), { retryAfterMs: Number.POSITIVE_INFINITY })],
  ['a moment, which nobody can,', () => Object.assign(new Error('x'), { retryAtMs: Date.now() + 3_600_000 })],
])('a handler that asks for %s is tried again, and no lane stands still', async (_name, error) => {
  let tries = 0
  const app = defineApp({ name: 'known' }).on('ONAPPTEST', ({ installation }) => {
    if (installation.memberId === 'portal-0' && ++tries === 1) throw error()
  }, { retryDelaysMs: [1] })
  house = await openKnownPortals(app, 2)
  const failing = await house.accept(0, {})
  await until(() => (tries > 0 ? true : undefined), 'the first try')
  const other = await house.accept(1, {})
  await isDone(other.id)
  await isDone(failing.id)
})

test.each([
  ['an object without a prototype', Object.create(null) as unknown],
  ['what cannot be made a text of', { toString: 'no' }],
  ['an error whose message is no text', Object.assign(new Error('x'), { message: Symbol('x') })],
  ['nothing', undefined],
  ['what throws when it is looked at', new Proxy({}, { get: () => { throw Object.create(null) as unknown }, has: () => { throw new Error('x') } })],
])('%s that is thrown is an attempt that failed', async (_name, thrown) => {
  const app = defineApp({ name: 'known' }).on('ONAPPTEST', () => {
    throw thrown
  }, { retryDelaysMs: [1] })
  house = await openKnownPortals(app, 1)
  const { id } = await house.accept(0, {})
  await until(async () => ((await stateOf(id)) === 'dead' ? true : undefined), 'its end')
  expect(await house.store.event(id)).toMatchObject({ reason: 'ATTEMPTS_EXHAUSTED', attempts: 2 })
})

test('a handler that asks for more time than there are whole numbers waits for a day', async () => {
  const app = defineApp({ name: 'known' }).on('ONAPPTEST', () => {
    throw new RetryLater(9_999_999_999_999 * 1_000)
  }, { retryDelaysMs: [1] })
  house = await openKnownPortals(app, 1)
  const before = Date.now()
  const { id } = await house.accept(0, {})
  const due = await until(async () => (await house.store.event(id))?.dueAtMs, 'its next try')
  expect(due).toBeGreaterThanOrEqual(before + RETRY_AFTER_MAX_MS)
})

test('an error that has a moment in a field of ours is an attempt like any other, and may be final', async () => {
  const app = defineApp({ name: 'known' }).on('ONAPPTEST', ({ event }) => {
    throw Object.assign(new Error('x'), { retryAtMs: 5, gone: Object(event.data).GONE === 'Y' })
  }, { retryDelaysMs: [1], isFinal: (error) => Object(error).gone === true })
  house = await openKnownPortals(app, 1)
  const [passing, final] = [await house.accept(0, {}), await house.accept(0, { GONE: 'Y' })]
  await until(async () => ((await stateOf(final.id)) === 'dead' ? true : undefined), 'their end')
  expect(await house.store.event(passing.id)).toMatchObject({ state: 'dead', reason: 'ATTEMPTS_EXHAUSTED', attempts: 2 })
  expect(await house.store.event(final.id)).toMatchObject({ reason: 'HANDLER_FAILED', attempts: 1 })
})

test('an error that calls its own event delivered does not make it done', async () => {
  const app = defineApp({ name: 'known' }).on('ONAPPTEST', () => {
    throw Object.assign(new Error('x'), { delivered: 1 })
  }, { retryDelaysMs: [] })
  house = await openKnownPortals(app, 1)
  const { id } = await house.accept(0, {})
  await until(async () => ((await stateOf(id)) === 'pending' ? undefined : true), 'its end')
  expect(await stateOf(id)).toBe('dead')
})

test('what can be awaited and is no Promise has its time, too', async () => {
  // oxlint-disable-next-line unicorn/no-thenable -- it is what is tried here
  const builder: object = { then: () => new Promise<never>(() => {}) }
  const app = defineApp({ name: 'known' }).on('ONAPPTEST', () => builder as Promise<void>, { timeoutMs: 50, retryDelaysMs: [] })
  house = await openKnownPortals(app, 1)
  const { id } = await house.accept(0, {})
  await until(async () => ((await stateOf(id)) === 'dead' ? true : undefined), 'its end')
  expect((await house.store.attempts(id))[0]?.error?.code).toBe('HANDLER_TIMEOUT')
})
