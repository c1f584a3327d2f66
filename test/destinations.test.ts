import { randomBytes } from 'node:crypto'
import { Webhook } from 'standardwebhooks'
import { defineApp } from 'portline'
import type { HandlerOptions } from 'portline/handler-options.ts'
import { httpEndpoint } from 'portline/destinations/http-endpoint.ts'
import { startHookReceiver } from 'portline/test-support/hook-receiver.ts'
import type { HookReceiver, ReceivedHook } from 'portline/test-support/hook-receiver.ts'
import { afterEach, beforeEach, expect, test } from 'vitest'
import { installApp, openHouse } from './support/house.ts'
import type { House } from './support/house.ts'

/** The whole way: a portal raises an event, an app in another language takes it. */
const SECRET = `whsec_${randomBytes(32).toString('base64')}`

let receiver: HookReceiver
let house: House
beforeEach(async () => {
  receiver = await startHookReceiver()
})
afterEach(async () => {
  await house.close()
  await receiver.close()
})

async function openWith(options: HandlerOptions = {}): Promise<void> {
  const endpoint = httpEndpoint({ url: receiver.url, secret: SECRET, allowPrivate: ['127.0.0.1'] })
  house = await openHouse({ app: defineApp({ name: 'shop' }).on('ONAPPTEST', endpoint, options) })
  await installApp(house)
}

function fire(data: Record<string, string> = { number: '1' }): void {
  house.portal.control.fireEvent({ event: 'ONAPPTEST', data: { QUERY: data }, client_id: house.clientId })
}

function verified({ headers, body }: ReceivedHook): unknown {
  return new Webhook(SECRET).verify(body, Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, String(value)])))
}

function numberOf({ body }: ReceivedHook): number {
  return Number((JSON.parse(body) as { data: { QUERY: { number: string } } }).data.QUERY.number)
}

test('an event of the portal arrives signed, with the portal\'s identity and none of its secrets', async () => {
  await openWith()
  fire({ number: '1', auth: 'a-token-in-the-data' })
  const event = await house.settled('ONAPPTEST')
  expect(event).toMatchObject({ state: 'done', attempts: 1 })
  const [hook, ...more] = receiver.received
  if (hook === undefined) throw new Error('nothing arrived')
  expect(more).toEqual([])
  expect(hook.headers['webhook-id']).toBe(event.id)
  expect(verified(hook)).toMatchObject({
    type: 'ONAPPTEST', app: 'shop', member_id: house.portal.memberId, data: { QUERY: { number: '1', auth: '[sealed]' } },
  })
  const tokens = house.portal.control.deliveries().deliveries.flatMap(({ body }) => {
    const form = new URLSearchParams(body)
    return ['access_token', 'refresh_token', 'application_token'].flatMap((key) => form.get(`auth[${key}]`) ?? [])
  })
  expect(tokens.length).toBeGreaterThan(2)
  const sent = hook.body + JSON.stringify(hook.headers)
  expect([...tokens, 'a-token-in-the-data', house.clientSecret].filter((secret) => sent.includes(secret))).toEqual([])
})

test('what fails is tried again under the same id, and those behind it wait their turn', async () => {
  await openWith()
  const taken: number[] = []
  let failed = false
  receiver.answer = (_request, response) => {
    const last = receiver.received.at(-1)
    const number = last === undefined ? 0 : numberOf(last)
    if (number === 3 && !failed) {
      failed = true
      response.writeHead(500).end()
      return
    }
    taken.push(number)
    response.end()
  }
  for (let number = 1; number <= 8; number++) fire({ number: String(number) })
  await house.portal.control.drain()
  await expect.poll(() => taken.length, { timeout: 30_000 }).toBe(8)
  expect(taken).toEqual([1, 2, 3, 4, 5, 6, 7, 8])
  const thirds = receiver.received.filter((hook) => numberOf(hook) === 3)
  expect(thirds.map(({ headers }) => headers['portline-attempt'])).toEqual(['1', '2'])
  expect(thirds[1]?.headers['webhook-id']).toBe(thirds[0]?.headers['webhook-id'])
  for (const hook of receiver.received) verified(hook)
})

test('what the app refuses is dead at once, with its reason, and the lane goes on', async () => {
  await openWith()
  receiver.answer = (_request, response) => response.writeHead(receiver.received.length === 1 ? 422 : 200).end()
  fire({ number: '1' })
  expect(await house.settled('ONAPPTEST')).toMatchObject({ state: 'dead', reason: 'DESTINATION_REFUSED', attempts: 1 })
  fire({ number: '2' })
  await expect.poll(async () => (await house.settled('ONAPPTEST')).state, { timeout: 30_000 }).toBe('done')
})

test('an event that only waits for a destination that is left alone has made no attempt', async () => {
  await openWith({ onFailure: 'park' })
  receiver.answer = (_request, response) => {
    if (receiver.received.length === 1) response.writeHead(503, { 'Retry-After': '2' }).end()
    else response.end()
  }
  fire({ number: '1' })
  fire({ number: '2' })
  await house.portal.control.drain()
  await expect.poll(async () => (await house.events({ event: 'ONAPPTEST' })).map(({ reason }) => reason)).toContain('DESTINATION_PAUSED')
  await expect.poll(async () => (await house.events({ event: 'ONAPPTEST', state: 'done' })).length, { timeout: 30_000 }).toBe(2)
  const [first, second] = await Promise.all((await house.events({ event: 'ONAPPTEST' })).toReversed().map(({ id }) => house.event(id)))
  expect(first?.attemptLog).toMatchObject([{ outcome: 'failed', error: { code: 'DESTINATION_FAILED' } }, { outcome: 'done' }])
  expect(second?.attemptLog).toMatchObject([{ outcome: 'done' }])
  expect(receiver.received.map(numberOf).filter((number) => number === 2)).toHaveLength(1)
})

test('a destination that is left alone is shown as such, with the time until which', async () => {
  await openWith({ onFailure: 'park' })
  const shown = async (): Promise<unknown> => {
    const answer = (await (await fetch(`${house.side.url}/api/destinations`)).json()) as { destinations: unknown }
    return answer.destinations
  }
  expect(await shown()).toEqual([
    { app: 'shop', destination: receiver.url, events: ['ONAPPTEST'], state: 'unused', failuresInARow: 0, until: null },
  ])
  receiver.answer = (_request, response) => response.writeHead(503, { 'Retry-After': '60' }).end()
  fire({ number: '1' })
  await house.portal.control.drain()
  await expect.poll(shown).toMatchObject([{ state: 'open', until: expect.stringMatching(/^\d{4}-/) }])
})
