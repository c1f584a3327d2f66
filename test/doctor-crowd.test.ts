import { join } from 'node:path'
import { defineApp } from 'portline'
import type { App } from 'portline'
import type { Diagnosis } from 'portline/doctor/doctor.ts'
import { LIST_MAX_ROWS, REFUSAL_SAMPLES } from 'portline/limits.ts'
import { openSqliteStore } from 'portline/store/sqlite/sqlite-store.ts'
import { afterEach, expect, test } from 'vitest'
import { installApp, openHouse, until } from './support/house.ts'
import type { House } from './support/house.ts'

/** What the doctor finds in a crowd: more open events, and more refusals, than one answer or the samples hold. */
let house: House
afterEach(() => house.close())

async function open(app: App): Promise<House> {
  house = await openHouse({ app })
  await installApp(house)
  return house
}

async function examine({ side, portal }: House, waitMs = 0): Promise<Diagnosis> {
  const response = await fetch(`${side.url}/api/doctor/patient/${portal.memberId}`, {
    method: 'POST', headers: { 'content-type': 'application/json' }, body: JSON.stringify({ waitMs }),
  })
  expect(response.status).toBe(200)
  return (await response.json()) as Diagnosis
}

/** More of the ONAPPTEST that the portal has delivered, each raised a second later. */
async function sendMore(of: House, count: number): Promise<void> {
  const delivered = await until(() => of.portal.control.deliveries().deliveries.find(({ event }) => event === 'ONAPPTEST'), 'a delivery')
  const sent = await Promise.all(Array.from({ length: count }, (_, n) => {
    const form = new URLSearchParams(delivered.body)
    form.set('ts', String(Number(form.get('ts')) + n + 1))
    return of.post(form.toString())
  }))
  expect(sent.filter(({ status }) => status !== 200)).toEqual([])
}

test('LANE_BLOCKED names the event that holds up the lane, however many wait behind it', async () => {
  const failing = defineApp({ name: 'patient' }).on('ONAPPTEST', () => Promise.reject(new Error('no')), { retryDelaysMs: [3_600_000] })
  const opened = await open(failing)
  opened.portal.control.fireEvent({ event: 'ONAPPTEST', data: { QUERY: { a: '1' } }, client_id: opened.clientId })
  const { id } = await until(async () => (await opened.events({ event: 'ONAPPTEST' })).find(({ dueAt }) => dueAt !== null), 'the failure')
  await sendMore(opened, LIST_MAX_ROWS + 20)
  const { findings } = await examine(opened)
  expect(findings).toMatchObject([{ code: 'LANE_BLOCKED', detail: expect.stringContaining(id) as string }])
})

test('EVENTS_PARKED counts all of them, also those behind a page of events that wait for nothing', async () => {
  const failing = defineApp({ name: 'patient' })
    .on('ONAPPTEST', () => Promise.reject(new Error('no')), { retryDelaysMs: [3_600_000], onFailure: 'park' })
  const opened = await open(failing)
  opened.portal.control.fireEvent({ event: 'ONAPPTEST', data: { QUERY: { a: '1' } }, client_id: opened.clientId })
  await until(async () => (await opened.events({ event: 'ONAPPTEST' })).find(({ dueAt }) => dueAt !== null), 'the failure')
  await sendMore(opened, LIST_MAX_ROWS + 20)
  const expected = [{ code: 'EVENTS_PARKED', detail: expect.stringMatching(new RegExp(`^${LIST_MAX_ROWS + 21}, the newest ONAPPTEST`)) as string }]
  const { findings } = await until(async () => {
    const found = await examine(opened)
    return found.findings[0]?.detail.startsWith(String(LIST_MAX_ROWS + 21)) === true ? found : undefined
  }, 'all of them to be parked')
  expect(findings).toMatchObject(expected)
})

test('EVENTS_REFUSED finds the refusals of a portal among all that are kept, however many are of others', async () => {
  const app = defineApp({ name: 'patient' })
  const opened = await open(app)
  await opened.side.stop()
  const store = await openSqliteStore(join(opened.dataDir, 'portline.sqlite'))
  const refusal = { atMs: Date.now(), app: app.name, code: 'APPLICATION_TOKEN_MISMATCH', event: 'ONAPPTEST' } as const
  await store.saveRefusal({ ...refusal, memberId: opened.portal.memberId }, REFUSAL_SAMPLES)
  for (let n = 1; n < REFUSAL_SAMPLES; n++) await store.saveRefusal({ ...refusal, memberId: `other-${n}` }, REFUSAL_SAMPLES)
  await store.close()
  await opened.restart(app)
  expect((await examine(opened)).findings).toMatchObject([{ code: 'EVENTS_REFUSED', detail: '1: APPLICATION_TOKEN_MISMATCH' }])
})

test('TEST_EVENT_REFUSED is seen in a flood of refusals too, of which only a sample is kept', async () => {
  const opened = await open(defineApp({ name: 'patient' }))
  opened.portal.control.registerApp({ name: 'patient', kind: 'market', client_id: opened.clientId, application_token: 'a'.repeat(32) })
  await Promise.all(Array.from({ length: 150 }, () =>
    opened.post({ event: 'ONCRMDEALADD', data: {}, auth: { member_id: opened.portal.memberId, application_token: 'forged' } })))
  const { findings } = await examine(opened, 2_000)
  expect(findings.find(({ code }) => code.startsWith('TEST_EVENT'))).toMatchObject({ code: 'TEST_EVENT_REFUSED', detail: 'APPLICATION_TOKEN_MISMATCH' })
})
