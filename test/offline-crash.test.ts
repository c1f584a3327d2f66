import { randomInt } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPortal } from '@portline/portal'
import type { Portal } from '@portline/portal'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { AppSideChild } from './support/app-side-child.ts'
import { until } from './support/house.ts'

/** kill -9 while rows of the offline queue are reserved: what was reserved is fetched by the next process, and stored once. */
const KILLS = Number(process.env['PORTLINE_FETCH_KILLS'] ?? 6)
const CHANGES = 70
/** The clearing is held up so long, so that there is a time between get and clear to be killed in; some kills come after it. */
const CLEAR_TAKES_MS = 40
const CLIENT_ID = 'app.fetcher'

let folder: string
let portal: Portal
let child: AppSideChild

function rows() {
  return portal.control.snapshot().offline?.events ?? []
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portline-fetch-'))
  portal = await startPortal({ port: 0, oauthPort: 0 })
  child = new AppSideChild('fetch-child.ts', folder, [portal.oauthUrl])
  await child.start()
  portal.control.registerApp({
    name: 'fetcher', kind: 'market', client_id: CLIENT_ID, client_secret: 'fetch secret', ui: true, install_url: `${child.url}/apps/fetcher/install`, scope: ['crm'],
  })
  expect((await portal.control.install(CLIENT_ID)).page?.status).toBe(200)
  portal.control.finish(CLIENT_ID)
  await portal.control.drain()
  portal.control.faults.add({ fault: 'latency', on: 'rest', method: 'event.offline.clear', delay_ms: CLEAR_TAKES_MS, when: 'before' })
})
afterAll(async () => {
  await child.kill()
  await portal.stop()
  await rm(folder, { recursive: true })
})

test(`${KILLS} kills between get and clear lose no event of the offline queue and store none twice`, { timeout: 10 * 60_000 }, async () => {
  let changed = 0
  let reservedAtKill = 0
  for (let round = 0; round < KILLS; round++) {
    for (let n = 0; n < CHANGES; n++) portal.control.fireEvent({ event: 'ONCRMDEALUPDATE', data: { FIELDS: { ID: ++changed } } })
    await until(() => (rows().some(({ processId }) => processId !== '') ? true : undefined), 'rows to be reserved')
    await new Promise((resolve) => setTimeout(resolve, randomInt(0, CLEAR_TAKES_MS * 2)))
    await child.kill()
    reservedAtKill += rows().filter(({ processId }) => processId !== '').length
    await child.start()
  }
  await until(() => (rows().length === 0 ? true : undefined), 'the queue to be empty')
  const everyId = Array.from({ length: changed }, (_, index) => String(index + 1))
  const stored = await until(async () => {
    const events = await storedIds()
    return events.every(({ state }) => state === 'done') && events.length >= changed ? events : undefined
  }, 'every event to be stored and done')
  console.info(`${KILLS} kills, ${reservedAtKill} rows reserved at them, ${changed} changes, ${stored.length} events stored`)
  expect(reservedAtKill).toBeGreaterThan(0)
  expect(stored.map(({ id }) => id).toSorted()).toEqual(everyId.toSorted())
  expect([...new Set((await readFile(child.handledFile, 'utf8')).trim().split('\n'))].toSorted()).toEqual(everyId.toSorted())
})

async function storedIds(): Promise<{ id: string; state: string }[]> {
  const found: { id: string; state: string }[] = []
  for (let after: string | null = ''; after !== null; ) {
    const response: Response = await fetch(`${child.url}/api/events?limit=200&event=ONCRMDEALUPDATE${after === '' ? '' : `&after=${after}`}`)
    const page = (await response.json()) as { events: { data: { FIELDS: { ID: string } }; state: string }[]; next: string | null }
    found.push(...page.events.map(({ data, state }) => ({ id: data.FIELDS.ID, state })))
    after = page.next
  }
  return found
}
