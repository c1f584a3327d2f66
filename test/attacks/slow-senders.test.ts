import { connect } from 'node:net'
import type { Socket } from 'node:net'
import { encodeForm } from '@portline/wire/form/encode.ts'
import { defineApp } from 'portline'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { forged } from '../support/attacker.ts'
import { openHouse, until } from '../support/house.ts'
import type { House } from '../support/house.ts'

/** Senders who take their time, hold connections, or write HTTP that two readers could read in two ways. */
const CONNECTIONS = 40
let house: House

beforeAll(async () => {
  house = await openHouse({
    app: defineApp({ name: 'shop' }),
    side: { http: { headersMs: 400, requestMs: 800, checkMs: 50, connections: CONNECTIONS } },
  })
})
afterAll(() => house.close())

interface Line {
  readonly socket: Socket
  text: string
  closed: boolean
}

function open(): Line {
  const socket = connect(Number(new URL(house.side.url).port), '127.0.0.1')
  const line: Line = { socket, text: '', closed: false }
  socket.on('data', (chunk: Buffer) => (line.text += chunk.toString()))
  socket.on('error', () => {}).on('close', () => (line.closed = true))
  return line
}

/** Closes by itself: the test fails if it never does. */
function closing(line: Line): Promise<true> {
  return until(() => (line.closed ? true : undefined), 'the connection to be closed')
}

const HEAD = 'POST /apps/shop/events HTTP/1.1\r\nhost: x\r\ncontent-type: application/x-www-form-urlencoded\r\n'
const BODY = encodeForm(forged('ONAPPTEST', { member_id: 'smuggled', application_token: 'x' }))

async function answersStill(): Promise<void> {
  expect((await house.post(forged('ONAPPTEST', { member_id: 'still', application_token: 'x' }))).status).toBe(200)
}

describe('a sender that takes its time is cut off', () => {
  test('headers that never end', async () => {
    const line = open()
    const drip = setInterval(() => line.socket.writable && line.socket.write('x-more: 1\r\n'), 20)
    line.socket.write(HEAD)
    await closing(line)
    clearInterval(drip)
    expect(line.text).toMatch(/^HTTP\/1\.1 408 /)
    await answersStill()
  })

  test('a body that never ends', async () => {
    const line = open()
    line.socket.write(`${HEAD}content-length: 500000\r\n\r\n`)
    const drip = setInterval(() => line.socket.writable && line.socket.write('a=1&'), 20)
    await closing(line)
    clearInterval(drip)
    await answersStill()
  })

  test('a connection on which nothing is ever said', async () => {
    const line = open()
    await closing(line)
    await answersStill()
  })
})

test('connections are limited, and one address leaves half of them to others', async () => {
  const lines = Array.from({ length: CONNECTIONS }, open)
  await until(() => (lines.filter(({ closed }) => closed).length >= CONNECTIONS / 2 ? true : undefined), 'the second half to be closed')
  expect(lines.filter(({ closed }) => !closed).length).toBeLessThanOrEqual(CONNECTIONS / 2)
  await Promise.all(lines.map(closing))
  await answersStill()
})

describe('a request that could be read in two ways is refused', () => {
  const hidden = `POST /apps/shop/events HTTP/1.1\r\nhost: x\r\n\r\n`
  test.each([
    ['two lengths', `content-length: 5\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`],
    ['a length and chunks', `content-length: 5\r\ntransfer-encoding: chunked\r\n\r\n0\r\n\r\n${hidden}`],
    ['a chunk whose length is no number', `transfer-encoding: chunked\r\n\r\nzz\r\n${BODY}\r\n0\r\n\r\n`],
    ['a chunk longer than it says', `transfer-encoding: chunked\r\n\r\n5\r\n${BODY}\r\n0\r\n\r\n`],
    ['an encoding that is not chunks', `transfer-encoding: xchunked\r\n\r\n0\r\n\r\n${hidden}`],
    ['a length that is no number', `content-length: +5\r\n\r\n${BODY}`],
    ['a header with a space before its colon', `content-length : 5\r\n\r\n${BODY}`],
    ['a header folded over two lines', `x-a: 1\r\n content-length: 5\r\ncontent-length: ${BODY.length}\r\n\r\n${BODY}`],
  ])('%s', async (_name, rest) => {
    const line = open()
    line.socket.write(HEAD + rest)
    await closing(line)
    expect(line.text).toMatch(/^HTTP\/1\.1 400 /)
    expect(line.text.match(/HTTP\/1\.1/g)).toHaveLength(1)
    expect(await house.events({ portal: 'smuggled' })).toEqual([])
  })

  test('more headers than fit', async () => {
    const line = open()
    line.socket.write(`${HEAD}x-long: ${'x'.repeat(100_000)}\r\n\r\n`)
    await closing(line)
    expect(line.text).toMatch(/^HTTP\/1\.1 431 /)
  })
})
