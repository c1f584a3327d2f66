import { VirtualClock } from '@portline/runtime/clock.ts'
import { defineApp } from 'portline'
import { RETENTION_REST_MS } from 'portline/limits.ts'
import type { AppSideOptions } from 'portline/serve/start-app-side.ts'
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

test('a list goes on where it was, though what its last page ended with has been deleted meanwhile', async () => {
  const side: { -readonly [Option in keyof AppSideOptions]?: AppSideOptions[Option] } = { retention: {} }
  house = await openHouse({ app: defineApp({ name: 'kept' }), side })
  const at = new Date(Date.now() - 1_000).toISOString()
  const line = (id: string, state: 'done' | 'dead'): string =>
    JSON.stringify({ id, app: 'kept', portal: 'p', event: 'ONCRMDEALADD', state, generation: 1, receivedAt: at, finishedAt: at, attempts: 0 })
  // Events keep their ids through an import, and not their places.
  const body = [line(oldId(9), 'dead'), line(oldId(3), 'done'), line(oldId(2), 'done'), line(oldId(1), 'done')].join('\n')
  expect((await fetch(`${house.side.url}/api/events/import`, { method: 'POST', headers: { 'content-type': 'application/x-ndjson' }, body })).status).toBe(200)
  const page = async (query: string): Promise<{ ids: string[]; next: string | null }> => {
    const { events, next } = (await (await fetch(`${house.side.url}/api/events?${query}`)).json()) as { events: { id: string }[]; next: string | null }
    return { ids: events.map(({ id }) => id), next }
  }
  const first = await page('limit=2')
  expect(first.ids).toEqual([oldId(1), oldId(2)])
  side.retention = { doneAfterMs: 1 }
  await house.restart()
  await until(async () => ((await store()).deletedByAge === 3 ? true : undefined), 'the deletion')
  expect(await page(`limit=2&after=${first.next}`)).toEqual({ ids: [oldId(9)], next: null })
  // An id goes on behind its event, as before.
  expect(await page(`after=${oldId(9)}`)).toEqual({ ids: [], next: null })
})

const DAY_MS = 86_400_000
const SENDERS = 8
const OLD_EVENTS = 20_000
/** As many as are deleted at once: in each slice, wherever it begins, there is one event whose number is a multiple of it. */
const SLICE_EVENTS = 500
const oldId = (n: number): string => `01J${String(n).padStart(23, '0')}`

/** Done events that have been kept for longer than is wanted, one after the other in the store. */
async function importOld(doneAtMs: number): Promise<void> {
  const at = new Date(doneAtMs).toISOString()
  const attemptLog = [{ n: 1, startedAt: at, durationMs: 1, outcome: 'done' }]
  const same = { app: 'kept', portal: house.portal.memberId, event: 'ONCRMDEALADD', data: { FIELDS: { ID: '1' } }, state: 'done', generation: 1, receivedAt: at, finishedAt: at, attempts: 1, attemptLog }
  const body = Array.from({ length: OLD_EVENTS }, (_, n) => JSON.stringify({ id: oldId(n), ...same })).join('\n')
  const answer = await fetch(`${house.side.url}/api/events/import`, { method: 'POST', headers: { 'content-type': 'application/x-ndjson' }, body })
  expect(await answer.json()).toEqual({ lines: OLD_EVENTS, imported: OLD_EVENTS, skipped: 0 })
}

async function exportedIds(event: string): Promise<string[]> {
  const text = await (await fetch(`${house.side.url}/api/events/export?event=${event}`)).text()
  return text.split('\n').filter((line) => line !== '').map((line) => (JSON.parse(line) as { id: string }).id)
}

const isKept = async (n: number): Promise<boolean> => (await fetch(`${house.side.url}/api/events/${oldId(n)}`)).status === 200

/** Post until they are told to stop, one event after the other. */
function startSenders() {
  const { application_token } = house.portal.control.app(house.clientId)
  const stopped = new AbortController()
  const answered: string[] = []
  const refused: unknown[] = []
  const senders = Array.from({ length: SENDERS }, async (_, sender) => {
    for (let n = 0; !stopped.signal.aborted; n++) {
      const { status, body } = await house.post({ event: 'ONAPPTEST', data: { QUERY: { sender: `${sender}`, n: `${n}` } }, ts: '1', auth: { member_id: house.portal.memberId, application_token } })
      if (status === 200 && body.id !== undefined) answered.push(body.id)
      else refused.push({ status, body })
    }
  })
  const stop = async (): Promise<void> => {
    stopped.abort()
    await Promise.all(senders)
  }
  return { answered, refused, stop }
}

test('while old events are deleted, slice by slice, those who send are answered 200 between any two slices, and all they sent is stored', { timeout: 120_000 }, async () => {
  const clock = new VirtualClock(Date.now())
  house = await openHouse({ app: defineApp({ name: 'kept' }).on('ONAPPTEST', () => {}), side: { clock } })
  await installApp(house)
  await importOld(clock.now() - 40 * DAY_MS)
  await house.restart()
  const { answered, refused, stop } = startSenders()
  let deleted: number
  try {
    for (let first = 0; first < OLD_EVENTS; first += SLICE_EVENTS) {
      await until(async () => ((await isKept(first)) ? undefined : true), `the slice of ${first} to be deleted`)
      // One of each sender may have been under way before the slice: as many again were sent after it.
      const enough = answered.length + 2 * SENDERS
      await until(() => (answered.length >= enough ? true : undefined), 'events to be answered after the slice')
      if (first + SLICE_EVENTS < OLD_EVENTS) expect(await isKept(first + SLICE_EVENTS), `${first + SLICE_EVENTS} before its slice`).toBe(true)
      await clock.advance(RETENTION_REST_MS)
    }
  } finally {
    // In any case: a stop of the app side waits for the deletion, which rests until this clock moves.
    deleted = await until(async () => {
      await clock.advance(RETENTION_REST_MS)
      const { deletedByAge } = await store()
      return deletedByAge > 0 ? deletedByAge : undefined
    }, 'the end of the deletion')
    await stop()
  }
  expect(refused).toEqual([])
  expect(deleted).toBe(OLD_EVENTS)
  expect(await exportedIds('ONCRMDEALADD')).toEqual([])
  expect(new Set(await exportedIds('ONAPPTEST'))).toEqual(new Set(answered))
})
