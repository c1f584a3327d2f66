import { connect } from 'amqplib'
import type { ChannelModel, ConfirmChannel } from 'amqplib'
import { defineApp } from 'portline'
import type { Delivery } from 'portline/destinations/destination.ts'
import { rabbitMq } from 'portline/destinations/rabbitmq.ts'
import type { HandlerOptions } from 'portline/handler-options.ts'
import { startBroker } from 'portline/test-support/rabbitmq-broker.ts'
import type { Broker } from 'portline/test-support/rabbitmq-broker.ts'
import { afterAll, afterEach, beforeAll, beforeEach, expect, test } from 'vitest'
import { installApp, openHouse } from './support/house.ts'
import type { House } from './support/house.ts'

/** Events that are handed to RabbitMQ together, and one of them cannot be: the whole way, from the store to a real queue. */
const QUEUE = 'batches'

let broker: Broker
let model: ChannelModel
let channel: ConfirmChannel
let house: House

beforeAll(async () => {
  broker = await startBroker()
}, 120_000)
afterAll(() => broker.close())

beforeEach(async () => {
  model = await connect(broker.url)
  channel = await model.createConfirmChannel()
  await channel.assertQueue(QUEUE, { durable: true })
  await channel.purgeQueue(QUEUE)
})
afterEach(async () => {
  await house.close()
  await model.close()
})

/** What an event of this kind has for a routing key. */
const KEYS: Readonly<Record<string, () => string>> = {
  good: () => QUEUE,
  throws: () => {
    throw new Error('the deal has no stage')
  },
  long: () => 'k'.repeat(256),
  nowhere: () => 'no-such-queue',
}

function kindOf({ data }: Pick<Delivery, 'data'>): string {
  return (data as { KIND: string }).KIND
}

async function openWith(options: HandlerOptions): Promise<void> {
  const destination = rabbitMq({ url: broker.url, exchange: '', routingKey: (delivery) => KEYS[kindOf(delivery)]?.() ?? '' })
  house = await openHouse({ app: defineApp({ name: 'shop' }).on('ONAPPTEST', destination, options) })
  await installApp(house)
}

/** Stored in one write, they are leased together and so handed on together. */
async function importTogether(kinds: readonly string[]): Promise<string[]> {
  const receivedAt = new Date().toISOString()
  const common = { app: 'shop', portal: house.portal.memberId, event: 'ONAPPTEST', state: 'pending', proof: 'application_token', generation: 1, receivedAt, provenAt: receivedAt, attempts: 0 }
  const lines = kinds.map((KIND, n) => ({ ...common, id: `IMPORTED${n}`, data: { KIND } }))
  const body = lines.map((line) => JSON.stringify(line)).join('\n')
  const answer = await fetch(`${house.side.url}/api/events/import`, { method: 'POST', headers: { 'content-type': 'application/x-ndjson' }, body })
  expect(await answer.json()).toMatchObject({ imported: kinds.length })
  return lines.map(({ id }) => id)
}

async function outcomesOf(ids: readonly string[]): Promise<unknown[]> {
  await expect.poll(async () => (await house.events({ state: 'pending' })).length, { timeout: 30_000 }).toBe(0)
  const events = await Promise.all(ids.map((id) => house.event(id)))
  return events.map(({ state, attempts, attemptLog }) => [state, attempts, attemptLog.length])
}

async function idsInQueue(): Promise<unknown[]> {
  const ids: unknown[] = []
  for (let message = await channel.get(QUEUE, { noAck: true }); message !== false; message = await channel.get(QUEUE, { noAck: true })) {
    ids.push(message.properties.messageId)
  }
  return ids
}

const DONE = ['done', 1, 1]
const DEAD = ['dead', 1, 1]

test.for([
  ['its failure is final', { isFinal: () => true }],
  ['it is tried once', { retryDelaysMs: [] }],
  ['it is tried once, beside its lane', { retryDelaysMs: [], onFailure: 'park' }],
] as const)('an event without a routing key dies alone where %s: those behind it are sent, at their first attempt and in order', async ([, options]) => {
  await openWith(options)
  const ids = await importTogether(['good', 'throws', 'good', 'long', 'good'])
  expect(await outcomesOf(ids)).toEqual([DONE, DEAD, DONE, DEAD, DONE])
  expect(await idsInQueue()).toEqual([ids[0], ids[2], ids[4]])
})

test('an event that no queue takes dies alone: none behind it is dead though the broker has it', async () => {
  await openWith({ isFinal: () => true })
  const ids = await importTogether(['good', 'nowhere', 'good', 'good'])
  expect(await outcomesOf(ids)).toEqual([DONE, DEAD, DONE, DONE])
  expect(new Set(await idsInQueue())).toEqual(new Set([ids[0], ids[2], ids[3]]))
})

test('those behind an event that is tried again keep their order and wait without an attempt', async () => {
  await openWith({ retryDelaysMs: [50, 50] })
  const ids = await importTogether(['good', 'throws', 'good', 'good'])
  expect(await outcomesOf(ids)).toEqual([DONE, ['dead', 3, 3], DONE, DONE])
  expect(await idsInQueue()).toEqual([ids[0], ids[2], ids[3]])
})
