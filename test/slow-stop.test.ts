import { join } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { VirtualClock } from '@portline/runtime/clock.ts'
import { defineApp } from 'portline'
import { DRAIN_MS } from 'portline/limits.ts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { installApp, openHouse, until } from './support/house.ts'
import type { House } from './support/house.ts'

/** A stop while a portal keeps its answer back: what is asked of portals must not take the time that handlers have to end. */
const FETCHED = 'ONCRMDEALUPDATE'
const HOUR_MS = 3_600_000

let house: House
/** The app side's. The portal has the real one, and its latency outlasts every test. */
let clock: VirtualClock
let begun: number
let endHandler: () => void

beforeEach(async () => {
  clock = new VirtualClock(Date.now())
  begun = 0
  const ending = new Promise<void>((resolve) => (endHandler = resolve))
  const handler = (): Promise<void> => {
    begun += 1
    return ending
  }
  const app = defineApp({ name: 'slow' }).on('ONAPPTEST', handler, { timeoutMs: HOUR_MS }).on(FETCHED, () => {}, { offline: true })
  house = await openHouse({ app, side: { clock } })
  house.portal.control.registerApp({ name: app.name, kind: 'market', client_id: house.clientId, scope: ['crm', 'user'] })
  await installApp(house)
})
afterEach(async () => {
  endHandler()
  await whileTimePasses(house.close())
})

/** A stop that comes after one that was cut short waits by the app side's clock once more. */
async function whileTimePasses(work: Promise<void>): Promise<void> {
  const state = { ended: false }
  const ending = work.finally(() => (state.ended = true))
  while (!state.ended) await clock.advance(1_000)
  await ending
}

const SLOW = [
  ['a look into its offline queue', 'event.offline.*', () => house.portal.control.fireEvent({ event: FETCHED, data: { FIELDS: { ID: '1' } } })],
  ['the proof of an update', 'user.admin', () => house.portal.control.update(house.clientId, { version: '2', rotate_application_token: true })],
] as const

/** A handler is running, and the app side waits for the portal's answer. */
async function keepBusy(method: string, ask: () => unknown): Promise<void> {
  const { control } = house.portal
  control.fireEvent({ event: 'ONAPPTEST', data: { QUERY: { any: 'data' } }, client_id: house.clientId })
  await until(() => (begun === 1 ? true : undefined), 'the handler to begin')
  control.faults.add({ fault: 'latency', on: 'rest', method, delay_ms: HOUR_MS, when: 'before' })
  ask()
  await until(async () => {
    if (control.faults.list().some(({ struck }) => struck > 0)) return true
    // Two looks into a queue have a rest between them.
    await clock.advance(1_000)
    return undefined
  }, 'the portal to be asked')
}

test.for(SLOW)('a portal that keeps back its answer to %s and a handler that does not end take the drain time once, not one after the other', async ([, method, ask]) => {
  await keepBusy(method, ask)
  let stopped = false
  const stopping = house.side.stop().then(() => (stopped = true))
  await clock.advance(DRAIN_MS - 1)
  expect(stopped).toBe(false)
  await clock.advance(1)
  await until(() => (stopped ? true : undefined), 'the stop')
  await stopping
})

test.for(SLOW)('a handler that ends at the last moment of a stop is done, whatever the portal does with %s', async ([, method, ask]) => {
  await keepBusy(method, ask)
  const stopping = house.side.stop()
  await clock.advance(DRAIN_MS - 1)
  endHandler()
  // Before the last moment is over: it takes none of the clock that the disk may be slow.
  await until(() => (stateOnDisk() === 'done' ? true : undefined), 'the event to be done on disk')
  await whileTimePasses(stopping)
})

function stateOnDisk(): unknown {
  const db = new DatabaseSync(join(house.dataDir, 'portline.sqlite'), { readOnly: true })
  try {
    return db.prepare(`SELECT state FROM events WHERE code = 'ONAPPTEST'`).get()?.['state']
  } finally {
    db.close()
  }
}
