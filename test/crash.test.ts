import { randomInt } from 'node:crypto'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { Agent, request } from 'node:http'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { startPortal } from '@portline/portal'
import type { Portal } from '@portline/portal'
import { writeEnvelope } from '@portline/wire/write-envelope.ts'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { AppSideChild } from './support/app-side-child.ts'
import { until } from './support/house.ts'

/** kill -9 at random moments under load: what was answered 200 is there afterwards, done, and in its lane's order. */
const KILLS = Number(process.env['PORTLINE_CRASH_KILLS'] ?? 50)
const SENDERS = 12
const LONGEST_ROUND_MS = 150
/** Of an event that is given up for them. */
const DEATHS_OF_ONE = 5

let folder: string
let portals: Portal[]
let child: AppSideChild
const acknowledged = new Map<string, string>()

async function install(portal: Portal): Promise<void> {
  portal.control.registerApp({
    name: 'crash', kind: 'market', client_id: 'app.crash', client_secret: 'crash secret', ui: true, install_url: `${child.url}/apps/crash/install`,
  })
  const { page } = await portal.control.install('app.crash')
  expect(page?.status).toBe(200)
  portal.control.finish('app.crash')
  await portal.control.drain()
}

/** Posts until the server is gone; keeps each id that was answered 200. */
async function send(portal: Portal): Promise<void> {
  const agent = new Agent({ keepAlive: true })
  const { application_token } = portal.control.app('app.crash')
  for (let n = 0; ; n++) {
    const body = writeEnvelope({ event: 'ONAPPTEST', data: { QUERY: { n } }, ts: '1', auth: { member_id: portal.memberId, application_token } })
    const answer = await post(agent, body)
    if (answer === undefined) return agent.destroy()
    expect(answer.status).toBe(200)
    acknowledged.set((JSON.parse(answer.text) as { id: string }).id, portal.memberId)
  }
}

/** On connections of its own: those of the round before are dead. undefined when the server died before its answer was whole. */
function post(agent: Agent, body: string): Promise<{ status: number | undefined; text: string } | undefined> {
  return new Promise((resolve) => {
    const headers = { 'content-type': 'application/x-www-form-urlencoded' }
    const sent = request(`${child.url}/apps/crash/events`, { method: 'POST', agent, headers }, (response) => {
      let text = ''
      response.on('data', (chunk: Buffer) => (text += chunk.toString()))
      response.on('end', () => resolve({ status: response.statusCode, text }))
      response.on('error', () => resolve(undefined))
    })
    sent.on('error', () => resolve(undefined))
    sent.end(body)
  })
}

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'portline-crash-'))
  portals = await Promise.all(['one', 'two', 'three'].map((seed) => startPortal({ port: 0, oauthPort: 0, seed })))
  child = new AppSideChild('crash-child.ts', folder, portals.map(({ oauthUrl }) => oauthUrl))
  await child.start()
  for (const portal of portals) await install(portal)
})
afterAll(async () => {
  await child.kill()
  await Promise.all(portals.map((portal) => portal.stop()))
  await rm(folder, { recursive: true })
})

test(`${KILLS} kills under load lose nothing that was answered 200, and keep every lane's order`, { timeout: 20 * 60_000 }, async () => {
  for (let round = 0; round < KILLS; round++) {
    const before = acknowledged.size
    const senders = Array.from({ length: SENDERS }, (_, index) => portals[index % portals.length]).flatMap((portal) => (portal ? [send(portal)] : []))
    // Under way first, so that no round kills an idle process.
    await until(() => (acknowledged.size > before ? true : undefined), 'the first answer')
    await new Promise((resolve) => setTimeout(resolve, randomInt(1, LONGEST_ROUND_MS)))
    await child.kill()
    await Promise.all(senders)
    await child.start()
  }
  await lanesRunDry()
  const suspected = await replaySuspected()
  await lanesRunDry()
  const states = await statesOfAll()
  console.info(`${KILLS} kills, ${acknowledged.size} events answered 200, ${states.size} stored, ${suspected.size} suspected of the deaths`)
  expect(suspected.size).toBeLessThanOrEqual(KILLS / DEATHS_OF_ONE)
  expect(acknowledged.size).toBeGreaterThan(KILLS * SENDERS)
  for (const id of acknowledged.keys()) expect(states.get(id), id).toBe('done')
  for (const [portal, all] of await firstRuns()) {
    const ids = all.filter((id) => !suspected.has(id))
    expect(ids.toSorted(), `order of ${portal}`).toEqual(ids)
    const ran = new Set(all)
    for (const [id, memberId] of acknowledged) if (memberId === portal) expect(ran.has(id), id).toBe(true)
  }
})

/** Killed within moments of each start, an event may have to wait for its next try; that takes half a minute at most here. */
async function lanesRunDry(): Promise<void> {
  await until(async () => {
    const response = await fetch(`${child.url}/api/events?state=pending&limit=1`)
    const { events } = (await response.json()) as { events: unknown[] }
    return events.length === 0 ? true : undefined
  }, 'the lanes to run dry', 90_000)
}

/** An event that was about to run at five deaths in a row looks as if it brought them about. It is kept, and done once it is replayed. */
async function replaySuspected(): Promise<Set<string>> {
  const response = await fetch(`${child.url}/api/events?state=dead&reason=PROCESS_DIED&limit=200`)
  const { events } = (await response.json()) as { events: { id: string }[] }
  for (const { id } of events) await fetch(`${child.url}/api/events/${id}/replay`, { method: 'POST' })
  return new Set(events.map(({ id }) => id))
}

async function statesOfAll(): Promise<Map<string, string>> {
  const states = new Map<string, string>()
  for (let after: string | null = ''; after !== null; ) {
    const response: Response = await fetch(`${child.url}/api/events?limit=200&event=ONAPPTEST${after === '' ? '' : `&after=${after}`}`)
    const page = (await response.json()) as { events: { id: string; state: string }[]; next: string | null }
    for (const { id, state } of page.events) states.set(id, state)
    after = page.next
  }
  return states
}

/** Per portal the ids in the order their handlers first ran; a repeat after a crash is allowed, a swap is not. */
async function firstRuns(): Promise<Map<string, string[]>> {
  const runs = new Map<string, Set<string>>(portals.map(({ memberId }) => [memberId, new Set()]))
  for (const line of (await readFile(child.handledFile, 'utf8')).split('\n')) {
    const [portal = '', id] = line.split(' ')
    // A line cut off by the kill has no full id; its event ran again.
    if (id?.length === 26) runs.get(portal)?.add(id)
  }
  return new Map([...runs].map(([portal, ids]) => [portal, [...ids]]))
}
