import { connect } from 'node:net'
import { seededRandom } from '@portline/runtime/random.ts'
import { writeEnvelope } from '@portline/wire/write-envelope.ts'
import { defineApp } from 'portline'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { installApp, openHouse } from './support/house.ts'
import type { House } from './support/house.ts'
import { mutate } from './support/mutate.ts'

/** The request path under broken bodies: every one is answered, none with a 500, and the next true event is taken. */
const BODIES = Number(process.env['PORTLINE_FUZZ_BODIES'] ?? 20_000)
const SEED = process.env['PORTLINE_FUZZ_SEED'] ?? 'fuzz'
const CONNECTIONS = 8
/** Requests written at once on a connection; their answers come in the same order. */
const PIPELINED = 25
const PROGRESS_BODIES = 100_000

let house: House
beforeAll(async () => {
  house = await openHouse({ app: defineApp({ name: 'fuzz' }).on('ONAPPTEST', () => {}) })
  await installApp(house)
})
afterAll(() => house.close())

function trueBodies(): string[] {
  const { application_token } = house.portal.control.app(house.clientId)
  const auth = {
    access_token: 'a'.repeat(70), expires: '1700000000', expires_in: '3600', scope: 'crm,user', domain: 'p.example', server_endpoint: 'https://oauth.bitrix.info/rest/',
    status: 'L', client_endpoint: 'https://p.example/rest/', member_id: house.portal.memberId, user_id: '1', refresh_token: 'b'.repeat(70), application_token,
  }
  const data = { FIELDS: { ID: '7', TITLE: 'Ünïcödé & more', LIST: ['1', '2'] } }
  return [
    writeEnvelope({ event: 'ONAPPTEST', event_handler_id: '5', data, ts: '1700000000', auth }),
    writeEnvelope({ event: 'ONCRMDEALADD', data, ts: '1700000000', auth: { member_id: house.portal.memberId, application_token } }),
    writeEnvelope({ event: 'ONAPPINSTALL', data: { VERSION: '1', ACTIVE: 'Y', LANGUAGE_ID: 'en' }, ts: '1700000000', auth: { ...auth, application_token: 'another' } }),
    writeEnvelope({ event: 'ONIMCONNECTORSTATUSDELETE', data: { connector: 'c', line: '1' }, ts: '1', auth: { member_id: 'unknown', application_token: 'x' } }),
  ]
}

interface Tally {
  readonly statuses: Map<number, number>
  readonly failures: string[]
}

/** One connection, written in groups; a connection that the server closes is opened anew, and its unanswered bodies are sent again alone. */
async function sendAll(bodies: readonly string[], tally: Tally): Promise<void> {
  const unanswered: string[] = []
  for (let at = 0; at < bodies.length; at += PIPELINED) {
    const group = bodies.slice(at, at + PIPELINED)
    const statuses = await exchange(group)
    for (const status of statuses) tally.statuses.set(status, (tally.statuses.get(status) ?? 0) + 1)
    unanswered.push(...group.slice(statuses.length))
  }
  for (const body of unanswered) {
    const [status] = await exchange([body])
    if (status === undefined) tally.failures.push(`no answer to ${JSON.stringify(body)}`)
    else tally.statuses.set(status, (tally.statuses.get(status) ?? 0) + 1)
  }
}

function exchange(bodies: readonly string[]): Promise<number[]> {
  const { hostname, port } = new URL(house.side.url)
  return new Promise((resolve) => {
    const socket = connect(Number(port), hostname)
    const statuses: number[] = []
    let text = ''
    socket.setEncoding('latin1')
    socket.on('data', (chunk: string) => {
      text += chunk
      for (let answer = /^HTTP\/1\.1 (\d{3})[\s\S]*?content-length: (\d+)[\s\S]*?\r\n\r\n/i.exec(text); answer !== null; answer = /^HTTP\/1\.1 (\d{3})[\s\S]*?content-length: (\d+)[\s\S]*?\r\n\r\n/i.exec(text)) {
        const end = answer[0].length + Number(answer[2])
        if (text.length < end) return
        statuses.push(Number(answer[1]))
        text = text.slice(end)
      }
      if (statuses.length === bodies.length) socket.destroy()
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(statuses))
    for (const body of bodies) {
      const bytes = Buffer.from(body, 'latin1')
      socket.write(`POST /apps/fuzz/events HTTP/1.1\r\nHost: x\r\nContent-Type: application/x-www-form-urlencoded\r\nContent-Length: ${bytes.length}\r\n\r\n`)
      socket.write(bytes)
    }
  })
}

test(`${BODIES} mutated bodies: each is answered, none with a 500, and the next true event is taken`, { timeout: 40 * 60_000 }, async () => {
  const random = seededRandom(SEED)
  const seeds = trueBodies()
  const tally: Tally = { statuses: new Map(), failures: [] }
  for (let sent = 0; sent < BODIES; ) {
    const round = Math.min(BODIES - sent, CONNECTIONS * PIPELINED * 10)
    const bodies = Array.from({ length: round }, () => mutate(seeds[Math.floor(random.fraction() * seeds.length)] ?? '', random))
    const share = Math.ceil(round / CONNECTIONS)
    await Promise.all(Array.from({ length: CONNECTIONS }, (_, index) => sendAll(bodies.slice(index * share, (index + 1) * share), tally)))
    if (Math.floor((sent + round) / PROGRESS_BODIES) > Math.floor(sent / PROGRESS_BODIES)) console.info(`${sent + round} bodies`)
    sent += round
  }
  console.info(`seed ${SEED}: ${[...tally.statuses].toSorted().map(([status, count]) => `${count} x ${status}`).join(', ')}`)
  expect(tally.failures).toEqual([])
  expect([...tally.statuses.keys()].filter((status) => status >= 500)).toEqual([])
  expect([...tally.statuses.values()].reduce((sum, count) => sum + count, 0)).toBe(BODIES)
  // All three verdicts were reached: the mutations are not all noise.
  for (const status of [200, 400, 403]) expect(tally.statuses.get(status) ?? 0, String(status)).toBeGreaterThan(BODIES / 100)
  const [last] = await exchange([seeds[0] ?? ''])
  expect(last).toBe(200)
})
