import { defineApp } from 'portline'
import { afterEach, expect, test } from 'vitest'
import { installApp, openHouse, until } from './support/house.ts'
import type { House } from './support/house.ts'

/** Retention of a whole app side; what it deletes, and in which order, is in packages/app/inbox/retention.test.ts. */
let house: House
afterEach(() => house.close())

const store = async (): Promise<{ full: boolean; deletedByAge: number; doneAfterMs: number | null }> =>
  (await fetch(`${house.side.url}/api/store`)).json() as Promise<{ full: boolean; deletedByAge: number; doneAfterMs: number | null }>

test('what has been kept long enough is gone after a start, with everything about it', async () => {
  house = await openHouse({ app: defineApp({ name: 'kept' }), side: { retention: { doneAfterMs: 1 } } })
  await installApp(house)
  const { id } = await house.settled('ONAPPINSTALL')
  await house.restart()
  await until(async () => ((await store()).deletedByAge > 0 ? true : undefined), 'the deletion')
  expect((await fetch(`${house.side.url}/api/events/${id}`)).status).toBe(404)
  expect(await house.events()).toEqual([])
  expect(await house.installation()).toMatchObject({ status: 'active' })
})

test('while open events fill the store new ones are refused with a code, and the operator is told', async () => {
  house = await openHouse({ app: defineApp({ name: 'kept' }), side: { retention: { maxBytes: 1 } } })
  await until(async () => ((await store()).full ? true : undefined), 'the store to be full')
  const { status, body } = await house.post({ event: 'ONCRMDEALADD', ts: '1', auth: { member_id: 'f'.repeat(32), application_token: 'x' } })
  expect([status, body.error]).toEqual([503, 'STORE_FULL'])
  expect(await house.events()).toEqual([])
})

test('without a word of it events are kept for thirty days', async () => {
  house = await openHouse({ app: defineApp({ name: 'kept' }) })
  expect(await store()).toMatchObject({ doneAfterMs: 30 * 86_400_000, full: false })
})
