import { createHmac, randomBytes } from 'node:crypto'
import type { ServerResponse } from 'node:http'
import { VirtualClock } from '@portline/runtime/clock.ts'
import type { Log } from '@portline/runtime/log.ts'
import { Webhook } from 'standardwebhooks'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { BREAKER_FAILURES } from '../limits.ts'
import { deliver, destinationParts, failureOf, newDelivery } from '../test-support/deliveries.ts'
import { startHookReceiver } from '../test-support/hook-receiver.ts'
import type { HookReceiver, ReceivedHook } from '../test-support/hook-receiver.ts'
import type { DeliveryError } from './delivery-error.ts'
import type { DestinationParts, OpenDestination } from './destination.ts'
import { httpEndpoint } from './http-endpoint.ts'
import type { HttpEndpointOptions } from './http-endpoint.ts'

const SECRET = `whsec_${randomBytes(32).toString('base64')}`
const NEXT_SECRET = `whsec_${randomBytes(32).toString('base64')}`

let receiver: HookReceiver
let opened: OpenDestination[] = []
beforeEach(async () => {
  receiver = await startHookReceiver()
})
afterEach(async () => {
  for (const destination of opened) await destination.close()
  opened = []
  await receiver.close()
})

function open(options: Partial<HttpEndpointOptions> = {}, parts: Partial<DestinationParts> = {}): OpenDestination {
  const endpoint = httpEndpoint({ url: receiver.url, secret: SECRET, allowPrivate: ['127.0.0.1'], ...options })
  const destination = endpoint.open(destinationParts(parts))
  opened.push(destination)
  return destination
}

function only(): ReceivedHook {
  const [first, ...rest] = receiver.received
  if (first === undefined || rest.length > 0) throw new Error(`${receiver.received.length} requests`)
  return first
}

function headersOf({ headers }: ReceivedHook): Record<string, string> {
  return Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)]))
}

test('an event arrives as the JSON of Standard Webhooks, and the receiver\'s library verifies it', async () => {
  const delivery = newDelivery({ attempt: 3 })
  await open().deliver([delivery], new AbortController().signal)
  const hook = only()
  const verified = new Webhook(SECRET).verify(hook.body, headersOf(hook))
  expect(verified).toEqual({
    type: 'ONCRMDEALADD',
    timestamp: '2026-01-01T00:00:00.000Z',
    data: { FIELDS: { ID: '42', TITLE: 'Скидка «10 %»' } },
    app: 'shop',
    member_id: delivery.memberId,
    domain: 'first.bitrix24.com',
    user_id: '1',
    received_at: '2026-01-01T00:00:01.500Z',
  })
  expect(hook.headers).toMatchObject({ 'content-type': 'application/json', 'webhook-id': delivery.id, 'portline-attempt': '3' })
})

test('the signature is the HMAC that the specification describes', async () => {
  await open()
    .deliver([newDelivery()], new AbortController().signal)
  const { body, headers } = only()
  const key = Buffer.from(SECRET.slice('whsec_'.length), 'base64')
  const signed = `${String(headers['webhook-id'])}.${String(headers['webhook-timestamp'])}.${body}`
  expect(headers['webhook-signature']).toBe(`v1,${createHmac('sha256', key).update(signed).digest('base64')}`)
})

test('another secret, another body or another id does not verify', async () => {
  await deliver(open())
  const hook = only()
  const verify = (secret: string, body: string, more: Record<string, string> = {}) => () =>
    new Webhook(secret).verify(body, { ...headersOf(hook), ...more })
  expect(verify(SECRET, hook.body)).not.toThrow()
  expect(verify(NEXT_SECRET, hook.body)).toThrow('No matching signature found')
  expect(verify(SECRET, hook.body.replace('42', '43'))).toThrow('No matching signature found')
  expect(verify(SECRET, hook.body, { 'webhook-id': 'another' })).toThrow('No matching signature found')
})

test('while the secret is being changed both sign, so that either verifies', async () => {
  await deliver(open({ secret: [NEXT_SECRET, SECRET] }))
  const hook = only()
  for (const secret of [SECRET, NEXT_SECRET]) expect(new Webhook(secret).verify(hook.body, headersOf(hook))).toBeDefined()
})

test('every attempt at an event has the same id and the same bytes, and its own number', async () => {
  const destination = open()
  const delivery = newDelivery()
  for (const attempt of [1, 2]) await destination.deliver([{ ...delivery, attempt }], new AbortController().signal)
  const [first, second] = receiver.received
  expect(second?.body).toBe(first?.body)
  expect(second?.headers['webhook-id']).toBe(first?.headers['webhook-id'])
  expect(receiver.received.map(({ headers }) => headers['portline-attempt'])).toEqual(['1', '2'])
})

test('an event without data, user or time has the time of its arrival', async () => {
  await open().deliver([{ id: 'A', app: 'shop', memberId: 'm', code: 'ONAPPTEST', data: undefined, ts: 'soon', receivedAtMs: 0, attempt: 1 }], new AbortController().signal)
  const at = '1970-01-01T00:00:00.000Z'
  expect(JSON.parse(only().body)).toEqual({ type: 'ONAPPTEST', timestamp: at, data: {}, app: 'shop', member_id: 'm', received_at: at })
})

test('deliveries after one another use one connection', async () => {
  const destination = open()
  for (let event = 0; event < 5; event++) await deliver(destination)
  expect(new Set(receiver.received.map(({ socket }) => socket)).size).toBe(1)
})

test('a kept connection that the receiver has closed meanwhile costs no attempt', async () => {
  const destination = open()
  await deliver(destination)
  let cut = false
  receiver.answer = (request, response) => {
    if (!cut) request.socket.resetAndDestroy()
    else response.end()
    cut = true
  }
  await deliver(destination)
  expect(receiver.received).toHaveLength(3)
})

test('a receiver that was started anew, with every kept connection closed, costs no attempt', async () => {
  const destination = open()
  const waiting: ServerResponse[] = []
  receiver.answer = (_request, response) => void waiting.push(response)
  const delivering = Promise.all(Array.from({ length: 3 }, () => deliver(destination)))
  await until(() => waiting.length === 3)
  for (const response of waiting) response.end()
  await delivering
  const closed = new Set(receiver.received.map(({ socket }) => socket))
  expect(closed.size).toBe(3)
  receiver.answer = ({ socket }, response) => {
    if (closed.has(socket)) socket.resetAndDestroy()
    else response.end()
  }
  for (let event = 0; event < 3; event++) await deliver(destination)
  expect(receiver.received.filter(({ socket }) => !closed.has(socket))).toHaveLength(3)
})

test('a fresh connection that is reset is a failure', async () => {
  receiver.answer = (request) => request.socket.resetAndDestroy()
  const failure = await failureOf(deliver(open()))
  expect(failure).toMatchObject({ code: 'DESTINATION_FAILED', unavailable: true, message: `${receiver.url}: ECONNRESET` })
  expect(receiver.received).toHaveLength(1)
})

test.for([
  [200, 'taken'], [201, 'taken'], [204, 'taken'],
  [400, 'DESTINATION_REFUSED'], [410, 'DESTINATION_REFUSED'], [413, 'DESTINATION_REFUSED'], [415, 'DESTINATION_REFUSED'], [422, 'DESTINATION_REFUSED'],
  [301, 'DESTINATION_FAILED'], [401, 'DESTINATION_FAILED'], [403, 'DESTINATION_FAILED'], [404, 'DESTINATION_FAILED'], [408, 'DESTINATION_FAILED'],
  [409, 'DESTINATION_FAILED'], [425, 'DESTINATION_FAILED'], [429, 'DESTINATION_FAILED'], [500, 'DESTINATION_FAILED'], [502, 'DESTINATION_FAILED'],
  [503, 'DESTINATION_FAILED'], [504, 'DESTINATION_FAILED'],
] as const)('an answer %i means %s', async ([status, meaning]) => {
  receiver.answer = (_request, response) => response.writeHead(status).end()
  if (meaning === 'taken') return await deliver(open())
  expect(await failureOf(deliver(open()))).toMatchObject({ code: meaning, unavailable: meaning === 'DESTINATION_FAILED', retryAfterMs: undefined })
})

test('a redirect is not followed', async () => {
  const other = await startHookReceiver()
  receiver.answer = (_request, response) => response.writeHead(307, { Location: other.url }).end()
  expect(await failureOf(deliver(open()))).toMatchObject({ code: 'DESTINATION_FAILED', message: `${receiver.url} answered 307` })
  expect(other.received).toHaveLength(0)
  await other.close()
})

test.for([
  ['120', 120_000],
  ['0', 0],
  ['9999999999', 24 * 3_600_000],
  ['Thu, 01 Jan 2026 00:05:00 GMT', 300_000],
  ['Wed, 31 Dec 2025 00:00:00 GMT', 0],
  ['Sun, 01 Jan 2040 00:00:00 GMT', 24 * 3_600_000],
  ['later', undefined],
  ['-5', undefined],
  ['1.5', undefined],
] as const)('Retry-After "%s" is %s ms', async ([header, waitMs]) => {
  const clock = new VirtualClock(Date.parse('2026-01-01T00:00:00Z'))
  for (const status of [429, 503]) {
    receiver.answer = (_request, response) => response.writeHead(status, { 'Retry-After': header }).end()
    expect(await failureOf(deliver(open({}, { clock })))).toMatchObject({ code: 'DESTINATION_FAILED', retryAfterMs: waitMs })
  }
})

test('after a Retry-After the endpoint is left alone that long, by every lane', async () => {
  const clock = new VirtualClock()
  receiver.answer = (_request, response) => response.writeHead(429, { 'Retry-After': '60' }).end()
  const destination = open({}, { clock })
  await failureOf(deliver(destination))
  expect(await failureOf(deliver(destination))).toMatchObject({ code: 'DESTINATION_PAUSED', retryAtMs: clock.now() + 60_000 })
  expect(receiver.received).toHaveLength(1)
  await clock.advance(60_000)
  receiver.answer = (_request, response) => response.end()
  await deliver(destination)
})

test('no answer in time is a failure, and its connection is not used again', async () => {
  const clock = new VirtualClock()
  receiver.answer = () => {}
  const destination = open({ timeoutMs: 5_000 }, { clock })
  const arrived = until(() => receiver.received.length === 1)
  const failing = failureOf(deliver(destination))
  await arrived
  await clock.advance(4_999)
  expect(receiver.received[0]?.socket.destroyed).toBe(false)
  await clock.advance(1)
  expect(await failing).toMatchObject({ code: 'DESTINATION_FAILED', message: `${receiver.url}: no answer within 5000 ms`, unavailable: true })
  await until(() => receiver.received[0]?.socket.destroyed === true)
})

test('an answer that begins and never ends is a failure too', async () => {
  const clock = new VirtualClock()
  receiver.answer = (_request, response) => void response.writeHead(200).write('half')
  const failing = failureOf(deliver(open({ timeoutMs: 5_000 }, { clock })))
  await until(() => receiver.received.length === 1)
  await clock.advance(5_000)
  expect(await failing).toMatchObject({ code: 'DESTINATION_FAILED' })
})

test('an endless answer is cut off after 64 KiB, and its status stands', async () => {
  let sent = 0
  receiver.answer = (_request, response) => {
    response.writeHead(200)
    const chunk = Buffer.alloc(16_384)
    const more = (): void => {
      if (response.destroyed) return
      sent += chunk.length
      response.write(chunk, more)
    }
    more()
  }
  await deliver(open())
  await until(() => receiver.received[0]?.socket.destroyed === true)
  expect(sent).toBeGreaterThan(65_536)
})

test('an abort ends the delivery with its reason', async () => {
  receiver.answer = () => {}
  const stop = new AbortController()
  const failing = failureOf(deliver(open(), {}, stop.signal))
  await until(() => receiver.received.length === 1)
  const reason = new Error('stopping')
  stop.abort(reason)
  expect(await failing).toBe(reason)
  await until(() => receiver.received[0]?.socket.destroyed === true)
  expect(await failureOf(deliver(open(), {}, stop.signal))).toBe(reason)
  expect(receiver.received).toHaveLength(1)
})

test.for(['42\n', '42\r\nx-more: 1', 'сделка-42', '42\0'])('an event whose id cannot be put into a header is refused for good, and the endpoint is in no trouble: %j', async (id) => {
  const destination = open()
  const refused = { code: 'DESTINATION_REFUSED', unavailable: false, untried: true }
  for (let attempt = 0; attempt <= BREAKER_FAILURES; attempt++) expect(await failureOf(deliver(destination, { id }))).toMatchObject(refused)
  expect(destination.status()).toEqual({ state: 'closed', failures: 0 })
  expect(receiver.received).toEqual([])
  await deliver(destination)
})

test('of several the error says how many were taken before it', async () => {
  let requests = 0
  receiver.answer = (_request, response) => response.writeHead(++requests === 3 ? 422 : 200).end()
  const failure = await failureOf(open().deliver([1, 2, 3, 4].map(() => newDelivery()), new AbortController().signal))
  expect(failure).toMatchObject({ code: 'DESTINATION_REFUSED', delivered: 2 })
  expect(receiver.received).toHaveLength(3)
})

test('a failing endpoint is left alone, and nothing reaches it meanwhile', async () => {
  const clock = new VirtualClock()
  receiver.answer = (_request, response) => response.writeHead(500).end()
  const destination = open({}, { clock })
  for (let failure = 0; failure < 5; failure++) expect(await failureOf(deliver(destination))).toMatchObject({ code: 'DESTINATION_FAILED' })
  expect(await failureOf(deliver(destination))).toMatchObject({ code: 'DESTINATION_PAUSED' })
  expect(receiver.received).toHaveLength(5)
  expect(destination.status()).toMatchObject({ state: 'open' })
})

test('no more are under way at once than it has connections, and an outage lets those who wait go at once', async () => {
  const waiting: ServerResponse[] = []
  receiver.answer = (_request, response) => void waiting.push(response)
  const destination = open({ connections: 5 })
  const outcomes = Array.from({ length: 30 }, () => deliver(destination).then(() => 'taken', (error: DeliveryError) => error.code))
  await until(() => waiting.length === 5)
  const [first] = waiting.splice(0, 1)
  first?.end()
  await until(() => waiting.length === 5)
  expect(new Set(receiver.received.map(({ socket }) => socket)).size).toBe(5)
  for (const response of waiting) response.writeHead(503, { 'Retry-After': '60' }).end()
  const counts = Map.groupBy(await Promise.all(outcomes), (outcome) => outcome)
  expect(receiver.received).toHaveLength(6)
  expect([...counts].map(([outcome, all]) => [outcome, all.length])).toEqual([
    ['taken', 1], ['DESTINATION_FAILED', 5], ['DESTINATION_PAUSED', 24],
  ])
})

test('neither the query nor the secret is in a name, an error or the log', async () => {
  const lines: string[] = []
  const note = (fields: object, message: string): void => void lines.push(JSON.stringify(fields) + message)
  const log: Log = { debug: note, info: note, warn: note, error: note }
  receiver.answer = (_request, response) => response.writeHead(503).end(SECRET)
  const destination = open({ url: `${receiver.url}?key=hidden` }, { log })
  for (let attempt = 0; attempt < 6; attempt++) {
    const error = await failureOf(deliver(destination))
    lines.push(error.message, String(error.stack), JSON.stringify(error))
  }
  expect(receiver.received[0]?.path).toBe('/hook?key=hidden')
  expect(lines.length).toBeGreaterThan(15)
  expect(lines.filter((line) => line.includes('hidden') || line.includes(SECRET.slice(6)))).toEqual([])
})

test.for([
  ['no url', { url: 'app.example/hook' }, 'url must be an http or https address'],
  ['another scheme', { url: 'ftp://app.example/hook' }, 'url must be an http or https address'],
  ['a password in the url', { url: 'https://me:hidden@app.example/hook' }, 'url must hold no user name and password'],
  ['a fragment', { url: 'https://app.example/hook#a' }, 'url must have no fragment'],
  ['plain http', { url: 'http://app.example/hook' }, 'url must be https'],
  ['a private address', { url: 'https://10.0.0.1/hook' }, '10.0.0.1, which is not a public address'],
  ['no secret', { secret: undefined }, 'secret: it is not set'],
  ['an empty secret', { secret: [SECRET, ''] }, 'secret: it is not set'],
  ['no secrets', { secret: [] }, 'secret: it is not set'],
  ['a secret that is no base64', { secret: 'whsec_hidden-hidden-hidden-hidden-hidden-hidden' }, 'secret: a secret must be'],
  ['a secret that is too short', { secret: `whsec_${randomBytes(23).toString('base64')}` }, '24 to 64 bytes'],
  ['a secret that is too long', { secret: `whsec_${randomBytes(65).toString('base64')}` }, '24 to 64 bytes'],
  ['no time', { timeoutMs: 0 }, 'timeoutMs must be a whole number'],
  ['no connection', { connections: 0 }, 'connections must be a whole number, 1 to 1000'],
  ['too much time', { timeoutMs: 120_001 }, 'timeoutMs must be a whole number'],
  ['a host that is none', { allowPrivate: ['http://php-app'] }, 'allowPrivate: http://php-app is no host name'],
  ['a network that is none', { allowPrivate: ['10.0.0.0/33'] }, 'allowPrivate: 10.0.0.0/33 is no network'],
] as const)('is refused when it is described: %s', ([, options, problem]) => {
  const describeIt = () => httpEndpoint({ url: 'https://app.example/hook', secret: SECRET, ...options })
  expect(describeIt).toThrow(expect.objectContaining({ code: 'DESTINATION_INVALID', message: expect.stringContaining(problem) as string }))
  expect(describeIt).not.toThrow(/hidden/)
})

/** Waits for what a real socket does; the test's own timeout ends it. */
async function until(condition: () => boolean): Promise<void> {
  while (!condition()) {
    await new Promise((resolve) => {
      setImmediate(resolve)
    })
  }
}
