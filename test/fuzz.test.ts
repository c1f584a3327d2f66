import { connect } from 'node:net'
import { randomHex, seededRandom, systemRandom } from '@portline/runtime/random.ts'
import type { Random } from '@portline/runtime/random.ts'
import { writeEnvelope } from '@portline/wire/write-envelope.ts'
import { defineApp } from 'portline'
import { afterAll, beforeAll, expect, test } from 'vitest'
import { installApp, openHouse } from './support/house.ts'
import type { House } from './support/house.ts'
import { mutate } from './support/mutate.ts'

/**
 * The request path under broken bodies: every one is answered, none with a 500, and the next true event is taken. The bodies of
 * `npm test` are the same each time; where PORTLINE_FUZZ_BODIES asks for more, each run has others, and PORTLINE_FUZZ_SEED repeats them.
 */
const asked = process.env['PORTLINE_FUZZ_BODIES']
const BODIES = Number(asked ?? 20_000)
const SEED = process.env['PORTLINE_FUZZ_SEED'] ?? (asked === undefined ? 'fuzz' : randomHex(systemRandom, 8))
const CONNECTIONS = 8
/** Requests written at once on a connection; their answers come in the same order. */
const PIPELINED = 25
const PROGRESS_BODIES = 100_000
/** A request without an answer would else show as the test's own timeout, and nobody would know which it was. */
const SILENCE_MS = 10_000
const OTHER_TYPE_SHARE = 0.1
const CHUNKED_SHARE = 0.1

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

const FORM = 'application/x-www-form-urlencoded'
/** The first three are forms; undefined leaves the header out. */
const OTHER_TYPES = [
  `${FORM}; charset=UTF-8`, FORM.toUpperCase(), `${FORM} ;;\t;`, `${FORM}x`, 'application/json', 'multipart/form-data; boundary=x', '', ',', '\u00ff'.repeat(300), undefined,
]

interface Sent {
  /** From 1 on: with the seed it names the request. */
  readonly number: number
  readonly body: string
  readonly contentType: string | undefined
  /** Of each chunk; undefined sends the body with its length. */
  readonly chunkBytes: number | undefined
}

function makeRequest(number: number, trueBody: string, random: Random): Sent {
  const body = mutate(trueBody, random)
  const contentType = random.fraction() < OTHER_TYPE_SHARE ? OTHER_TYPES[Math.floor(random.fraction() * OTHER_TYPES.length)] : FORM
  const chunkBytes = random.fraction() < CHUNKED_SHARE ? 1 + Math.floor(random.fraction() * 500) : undefined
  return { number, body, contentType, chunkBytes }
}

function written({ body, contentType, chunkBytes }: Sent): Buffer {
  const bytes = Buffer.from(body, 'latin1')
  const type = contentType === undefined ? '' : `Content-Type: ${contentType}\r\n`
  const head = (length: string): Buffer => Buffer.from(`POST /apps/fuzz/events HTTP/1.1\r\nHost: x\r\n${type}${length}\r\n\r\n`, 'latin1')
  if (chunkBytes === undefined) return Buffer.concat([head(`Content-Length: ${bytes.length}`), bytes])
  const parts = [head('Transfer-Encoding: chunked')]
  for (let at = 0; at < bytes.length; at += chunkBytes) {
    const chunk = bytes.subarray(at, at + chunkBytes)
    parts.push(Buffer.from(`${chunk.length.toString(16)}\r\n`), chunk, Buffer.from('\r\n'))
  }
  return Buffer.concat([...parts, Buffer.from('0\r\n\r\n')])
}

interface Tally {
  readonly statuses: Map<number, number>
  readonly failures: string[]
}

function nameOf(request: Sent): string {
  return `PORTLINE_FUZZ_SEED=${SEED}, request ${request.number}: ${JSON.stringify(request)}`
}

function count(tally: Tally, request: Sent, status: number): void {
  tally.statuses.set(status, (tally.statuses.get(status) ?? 0) + 1)
  if (status >= 500) tally.failures.push(`${status} to ${nameOf(request)}`)
}

/** One connection, written in groups; a connection that the server closes is opened anew, and what it left unanswered is sent again alone. */
async function sendAll(requests: readonly Sent[], tally: Tally): Promise<void> {
  const unanswered: Sent[] = []
  for (let at = 0; at < requests.length; at += PIPELINED) {
    const group = requests.slice(at, at + PIPELINED)
    const statuses = await exchange(group)
    for (const [index, request] of group.entries()) {
      const status = statuses[index]
      if (status === undefined) unanswered.push(request)
      else count(tally, request, status)
    }
  }
  for (const request of unanswered) {
    const [status] = await exchange([request])
    if (status === undefined) tally.failures.push(`no answer to ${nameOf(request)}`)
    else count(tally, request, status)
  }
}

const ANSWER = /^HTTP\/1\.1 (\d{3})[\s\S]*?content-length: (\d+)[\s\S]*?\r\n\r\n/i

/** The statuses until the last or until the server closes. Errors: when it does neither, with the first request that is unanswered. */
function exchange(requests: readonly Sent[]): Promise<number[]> {
  const { hostname, port } = new URL(house.side.url)
  return new Promise((resolve, reject) => {
    const socket = connect(Number(port), hostname)
    const statuses: number[] = []
    let text = ''
    socket.setEncoding('latin1')
    socket.setTimeout(SILENCE_MS, () => {
      const first = requests[statuses.length]
      reject(new Error(`no answer in ${SILENCE_MS} ms to ${first === undefined ? 'a request' : nameOf(first)}`))
      socket.destroy()
    })
    socket.on('data', (chunk: string) => {
      text += chunk
      for (let answer = ANSWER.exec(text); answer !== null; answer = ANSWER.exec(text)) {
        const end = answer[0].length + Number(answer[2])
        if (text.length < end) return
        statuses.push(Number(answer[1]))
        text = text.slice(end)
      }
      if (statuses.length === requests.length) socket.destroy()
    })
    socket.on('error', () => {})
    socket.on('close', () => resolve(statuses))
    for (const request of requests) socket.write(written(request))
  })
}

test(`${BODIES} mutated bodies: each is answered, none with a 500, and the next true event is taken`, { timeout: 40 * 60_000 }, async () => {
  console.info(`PORTLINE_FUZZ_SEED=${SEED}`)
  const random = seededRandom(SEED)
  const seeds = trueBodies()
  const tally: Tally = { statuses: new Map(), failures: [] }
  for (let sent = 0; sent < BODIES; ) {
    const round = Math.min(BODIES - sent, CONNECTIONS * PIPELINED * 10)
    const requests = Array.from({ length: round }, (_, index) => {
      return makeRequest(sent + index + 1, seeds[Math.floor(random.fraction() * seeds.length)] ?? '', random)
    })
    const share = Math.ceil(round / CONNECTIONS)
    await Promise.all(Array.from({ length: CONNECTIONS }, (_, index) => sendAll(requests.slice(index * share, (index + 1) * share), tally)))
    if (Math.floor((sent + round) / PROGRESS_BODIES) > Math.floor(sent / PROGRESS_BODIES)) console.info(`${sent + round} bodies`)
    sent += round
  }
  console.info(`seed ${SEED}: ${[...tally.statuses].toSorted().map(([status, answers]) => `${answers} x ${status}`).join(', ')}`)
  expect(tally.failures).toEqual([])
  expect([...tally.statuses.values()].reduce((sum, answers) => sum + answers, 0)).toBe(BODIES)
  // All verdicts were reached: the mutations are not all noise.
  for (const status of [200, 400, 403, 415]) expect(tally.statuses.get(status) ?? 0, String(status)).toBeGreaterThan(BODIES / 100)
  const [last] = await exchange([{ number: BODIES + 1, body: seeds[0] ?? '', contentType: FORM, chunkBytes: undefined }])
  expect(last).toBe(200)
})
