import { once } from 'node:events'
import { createServer } from 'node:http'
import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import { connect } from 'node:net'
import type { AddressInfo, Socket } from 'node:net'
import { VirtualClock } from '@portline/runtime/clock.ts'
import { CodedError } from '@portline/wire/errors.ts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { BODY_RECEIVE_MS } from '../limits.ts'
import { heapBytes } from '../test-support/heap.ts'
import { BodyReader } from './read-body.ts'

/** Bodies as they come over real connections, whose senders name themselves in a header. */
const MAX_BYTES = 65_536
const ROOM_BYTES = 8 * MAX_BYTES
const ROOM_BODIES = 1_000

let server: Server
let clock: VirtualClock
let reader: BodyReader
let sockets: Socket[]
/** What became of each body: its length, or the code of the error. */
let read: (number | string)[]
let bodies: Buffer[]

beforeEach(async () => {
  clock = new VirtualClock()
  reader = new BodyReader(clock, { events: ROOM_BODIES, bytes: ROOM_BYTES })
  ;[sockets, read, bodies] = [[], [], []]
  server = createServer((request, response) => void answer(request, response)).listen(0, '127.0.0.1')
  await once(server, 'listening')
})
afterEach(async () => {
  for (const socket of sockets) socket.destroy()
  const closed = once(server, 'close')
  server.close()
  server.closeAllConnections()
  await closed
})

async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
  // Those of another test end late.
  const [outcomes, kept] = [read, bodies]
  try {
    const body = await reader.read(request, MAX_BYTES, String(request.headers['x-sender']))
    kept.push(body)
    outcomes.push(body.length)
    response.end('taken')
  } catch (error) {
    outcomes.push(error instanceof CodedError ? error.code : String(error))
    request.on('error', () => {}).resume()
    response.end('refused')
  }
}

/** The first bytes of a body; the rest is for the test to send. */
function send(sender: string, length: number | 'chunked', first: string): Socket {
  const socket = connect((server.address() as AddressInfo).port, '127.0.0.1').on('error', () => {})
  const framing = length === 'chunked' ? 'transfer-encoding: chunked' : `content-length: ${length}`
  socket.write(`POST / HTTP/1.1\r\nhost: x\r\nx-sender: ${sender}\r\n${framing}\r\n\r\n${first}`)
  sockets.push(socket)
  return socket
}

/** One body with nothing missing but its last byte. */
function sendAlmost(sender: string): Socket {
  return send(sender, MAX_BYTES, 'x'.repeat(MAX_BYTES - 1))
}

/** The limit only ends a test that would never end. */
async function until(isSo: () => boolean): Promise<void> {
  const giveUpAtMs = Date.now() + 10_000
  while (!isSo()) {
    if (Date.now() > giveUpAtMs) throw new Error('waited in vain')
    await new Promise((resolve) => setTimeout(resolve, 1))
  }
}

/** How many of so many bodies of one sender are refused before they are complete. */
async function refusedOf(count: number, sender: string): Promise<number> {
  const before = read.length
  let seen = 0
  const onRequest = (request: IncomingMessage): void => {
    request.on('data', (piece: Buffer) => (seen += piece.length))
  }
  server.on('request', onRequest)
  for (let n = 0; n < count; n++) sendAlmost(sender)
  // Also of those that are refused all bytes are read.
  await until(() => seen === count * (MAX_BYTES - 1))
  server.off('request', onRequest)
  return read.length - before
}

test('a body cut into pieces of one byte takes no more memory than its bytes', async () => {
  const pieces = MAX_BYTES - 1
  const before = heapBytes()
  let seen = 0
  server.on('request', (request: IncomingMessage) => request.on('data', () => (seen += 1)))
  const socket = send('a', 'chunked', '1\r\nx\r\n'.repeat(pieces))
  await until(() => seen === pieces)
  expect(heapBytes() - before).toBeLessThan(20 * MAX_BYTES)
  socket.write('1\r\ny\r\n0\r\n\r\n')
  await until(() => read.length === 1)
  expect([read, bodies[0]?.equals(Buffer.from(`${'x'.repeat(pieces)}y`))]).toEqual([[MAX_BYTES], true])
})

test('pieces of any size are put together as they were sent', async () => {
  const sizes = [1, 2, 8_191, 1, 8_192, 1, 3, 20_000, 17, 28_000]
  const text = sizes.map((size, index) => String.fromCodePoint(97 + index).repeat(size))
  send('a', 'chunked', `${text.map((part) => `${part.length.toString(16)}\r\n${part}\r\n`).join('')}0\r\n\r\n`)
  send('a', 0, '')
  await until(() => read.length === 2)
  expect(bodies.map(String).toSorted()).toEqual(['', text.join('')])
})

test('one sender gets half of the room, and whoever comes next finds some', async () => {
  expect(await refusedOf(8, 'a')).toBe(4)
  expect(new Set(read)).toEqual(new Set(['TOO_MANY_BODIES']))
  expect(await refusedOf(4, 'b')).toBe(2)
})

test('what comes whole in one piece has room when there is none for others', async () => {
  reader = new BodyReader(clock, { events: 0, bytes: 0 })
  send('a', 700, 'x'.repeat(700))
  await until(() => read.length === 1)
  send('a', 700, 'x'.repeat(699))
  await until(() => read.length === 2)
  expect(read).toEqual([700, 'TOO_MANY_BODIES'])
})

test('a length that is only claimed takes no room', async () => {
  let seen = 0
  server.on('request', (request: IncomingMessage) => request.on('data', () => (seen += 1)))
  for (let n = 0; n < 16; n++) send('a', MAX_BYTES, 'x')
  await until(() => seen === 16)
  expect(read).toEqual([])
})

test.each<[string, (lines: readonly Socket[]) => Promise<void> | void, number | string]>([
  ['is complete', (lines) => lines.forEach((socket) => socket.write('y')), MAX_BYTES],
  ['breaks off', (lines) => lines.forEach((socket) => socket.destroy()), 'BODY_INCOMPLETE'],
  ['trickles', () => clock.advance(BODY_RECEIVE_MS + 1_000), 'BODY_INCOMPLETE'],
])('a body that %s gives its room back', async (_name, end, outcome) => {
  for (let round = 0; round < 3; round++) {
    expect(await refusedOf(4, 'a')).toBe(0)
    await end(sockets.slice(-4))
    await until(() => read.length === 4 * (round + 1))
    expect(new Set(read)).toEqual(new Set([outcome]))
  }
})

test('a body that is refused gives its room back, though its sender goes on', async () => {
  for (let round = 0; round < 3; round++) {
    for (let n = 0; n < 4; n++) send('a', 'chunked', `${MAX_BYTES.toString(16)}\r\n${'x'.repeat(MAX_BYTES)}\r\n1\r\nx\r\n`)
    await until(() => read.length === 4 * (round + 1))
    expect(new Set(read)).toEqual(new Set(['BODY_TOO_LARGE']))
  }
})
