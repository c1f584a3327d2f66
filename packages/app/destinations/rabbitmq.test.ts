import { VirtualClock, letPromisesSettle, sleep, systemClock } from '@portline/runtime/clock.ts'
import { connect } from 'amqplib'
import type { ChannelModel, ConfirmChannel, GetMessage } from 'amqplib'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { BREAKER_FAILURES } from '../limits.ts'
import { deliver, destinationParts, failureOf, newDelivery } from '../test-support/deliveries.ts'
import { startBroker } from '../test-support/rabbitmq-broker.ts'
import type { Broker } from '../test-support/rabbitmq-broker.ts'
import { NotNow } from './delivery-error.ts'
import type { Delivery, DestinationParts, OpenDestination } from './destination.ts'
import { rabbitMq } from './rabbitmq.ts'
import type { RabbitMqOptions } from './rabbitmq.ts'

const EXCHANGE = 'bitrix24'
const QUEUE = 'portline-test'
const never = new AbortController().signal

let broker: Broker
let model: ChannelModel
let channel: ConfirmChannel
let opened: OpenDestination[] = []

beforeAll(async () => {
  broker = await startBroker()
}, 120_000)
afterAll(() => broker.close())

beforeEach(async () => {
  await lookIn()
  await channel.assertExchange(EXCHANGE, 'topic', { durable: true })
  await channel.assertQueue(QUEUE, { durable: true })
  await channel.bindQueue(QUEUE, EXCHANGE, 'ONCRMDEALADD')
  await channel.purgeQueue(QUEUE)
})
afterEach(async () => {
  for (const destination of opened) await destination.close()
  opened = []
  await channel.deleteQueue(QUEUE)
  await channel.deleteExchange(EXCHANGE)
  await model.close()
})

/** The test's own connection, as a consumer's. */
async function lookIn(): Promise<void> {
  model = await connect(broker.url)
  model.on('error', () => {})
  channel = await model.createConfirmChannel()
}

function open(options: Partial<RabbitMqOptions> = {}, parts: Partial<DestinationParts> = {}): OpenDestination {
  const destination = rabbitMq({ url: broker.url, exchange: EXCHANGE, ...options }).open(destinationParts(parts))
  opened.push(destination)
  return destination
}

async function messages(): Promise<GetMessage[]> {
  const found: GetMessage[] = []
  for (;;) {
    const message = await channel.get(QUEUE, { noAck: true })
    if (message === false) return found
    found.push(message)
  }
}

async function idsInQueue(): Promise<unknown[]> {
  return (await messages()).map(({ properties }) => properties.messageId as unknown)
}

function connectionsSeen(): number {
  return process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap').length
}

/** Letters of two bytes each: by one byte more than a key may have. */
function longKey(): string {
  return 'ü'.repeat(128)
}

function noKey(): string {
  throw new Error('the deal has no stage')
}

/** As a lane does: what failed goes again, not before its destination may be back. */
async function again(destination: OpenDestination, deliveries: readonly Delivery[]): Promise<void> {
  for (const delivery of deliveries) {
    for (;;) {
      const error: unknown = await destination.deliver([{ ...delivery, attempt: 2 }], never).then(() => undefined, (failure: unknown) => failure)
      if (error === undefined) break
      if (!(error instanceof NotNow)) throw error
      await sleep(systemClock, error.retryAtMs - systemClock.now())
    }
  }
}

describe('a delivery to RabbitMQ', () => {
  test('is in the durable queue once it is confirmed, persistent and with what a consumer needs', async () => {
    const delivery = newDelivery({ attempt: 2 })
    await open().deliver([delivery], never)
    const [message, ...rest] = await messages()
    expect(rest).toEqual([])
    expect(message?.fields).toMatchObject({ exchange: EXCHANGE, routingKey: 'ONCRMDEALADD' })
    expect(message?.properties).toMatchObject({
      messageId: delivery.id, type: 'ONCRMDEALADD', contentType: 'application/json', deliveryMode: 2, appId: 'portline', timestamp: 1_767_225_601,
      headers: { app: 'shop', member_id: delivery.memberId, code: 'ONCRMDEALADD', attempt: 2 },
    })
    expect(JSON.parse(String(message?.content))).toMatchObject({ type: 'ONCRMDEALADD', data: { FIELDS: { ID: '42' } }, member_id: delivery.memberId })
  })

  test('keeps the order of one lane, in single deliveries and in batches', async () => {
    const destination = open()
    const deliveries = Array.from({ length: 400 }, () => newDelivery())
    for (const delivery of deliveries.slice(0, 100)) await destination.deliver([delivery], never)
    await destination.deliver(deliveries.slice(100, 250), never)
    await destination.deliver(deliveries.slice(250), never)
    expect(await idsInQueue()).toEqual(deliveries.map(({ id }) => id))
  })

  test('uses one connection for all lanes', async () => {
    const before = connectionsSeen()
    const destination = open()
    await Promise.all(Array.from({ length: 50 }, () => deliver(destination)))
    expect(await messages()).toHaveLength(50)
    expect(connectionsSeen()).toBe(before + 1)
  })

  test('may have a routing key of its own, and the default exchange, where that is the queue', async () => {
    await deliver(open({ exchange: '', routingKey: QUEUE }))
    await channel.bindQueue(QUEUE, EXCHANGE, 'shop.*')
    await deliver(open({ routingKey: ({ app, code }: Delivery) => `${app}.${code}` }))
    expect((await messages()).map(({ fields }) => fields.routingKey)).toEqual([QUEUE, 'shop.ONCRMDEALADD'])
  })

  test('that no queue takes is not lost without a word: it fails, and others go on', async () => {
    const destination = open()
    const failure = await failureOf(deliver(destination, { code: 'ONTASKADD' }))
    expect(failure).toMatchObject({ code: 'DESTINATION_UNROUTABLE', unavailable: false })
    expect(failure.message).toContain('no queue for the routing key ONTASKADD')
    await deliver(destination)
    const mixed = [newDelivery(), newDelivery({ code: 'ONTASKADD' }), newDelivery()]
    expect(await failureOf(destination.deliver(mixed, never))).toMatchObject({ code: 'DESTINATION_UNROUTABLE', delivered: 1 })
  })

  test.for([
    ['cannot be made', noKey, 'DESTINATION_FAILED'],
    ['is too long', longKey, 'DESTINATION_INVALID'],
  ] as const)('whose routing key %s keeps back none before it, and those behind it go on without it', async ([, badKey, code]) => {
    const bad = newDelivery()
    const destination = open({ routingKey: (delivery) => (delivery === bad ? badKey() : delivery.code) })
    const [first, second, third] = [newDelivery(), newDelivery(), newDelivery()]
    const batch = [first, second, bad, third]
    expect(await failureOf(destination.deliver(batch, never))).toMatchObject({ code, delivered: 2, unavailable: false })
    expect(await failureOf(destination.deliver(batch.slice(2), never))).toMatchObject({ code, delivered: 0, untried: true })
    expect(destination.status()).toEqual({ state: 'closed', failures: 0 })
    await destination.deliver([third], never)
    expect(await idsInQueue()).toEqual([first.id, second.id, third.id])
  })

  test('whose id is longer than a message_id may be is refused for good, without a word to the broker and without harm to others', async () => {
    const destination = open()
    const bad = newDelivery({ id: 'i'.repeat(256) })
    const [first, last] = [newDelivery({ id: 'i'.repeat(255) }), newDelivery()]
    expect(await failureOf(destination.deliver([first, bad, last], never))).toMatchObject({ code: 'DESTINATION_REFUSED', delivered: 1, unavailable: false })
    for (let attempt = 0; attempt <= BREAKER_FAILURES; attempt++) {
      expect(await failureOf(destination.deliver([bad], never))).toMatchObject({ code: 'DESTINATION_REFUSED', delivered: 0, untried: true })
    }
    expect(destination.status()).toEqual({ state: 'closed', failures: 0 })
    await destination.deliver([last], never)
    expect(await idsInQueue()).toEqual([first.id, last.id])
  })

  test('that the library cannot write is about that event alone, and the connection stays', async () => {
    const destination = open()
    await deliver(destination)
    // Before the epoch, which AMQP has no number for.
    const bad = newDelivery({ receivedAtMs: -1_000 })
    for (let attempt = 0; attempt <= BREAKER_FAILURES; attempt++) {
      expect(await failureOf(destination.deliver([bad], never))).toMatchObject({ code: 'DESTINATION_REFUSED', unavailable: false, untried: true })
    }
    expect(destination.status()).toEqual({ state: 'closed', failures: 0 })
    await deliver(destination)
    expect(await messages()).toHaveLength(2)
  })

  test('that the queue rejects for being full fails', async () => {
    const full = await channel.assertQueue('', { exclusive: true, maxLength: 1, overflow: 'reject-publish' })
    const destination = open({ exchange: '', routingKey: full.queue })
    await deliver(destination)
    expect(await failureOf(deliver(destination))).toMatchObject({ code: 'DESTINATION_FAILED', message: expect.stringContaining('did not take it') as string })
  })

  test('declares the exchange when it is told to, and else needs it to be there', async () => {
    const declared = 'declared-by-portline'
    const missing = await failureOf(deliver(open({ exchange: declared })))
    expect(missing).toMatchObject({ code: 'DESTINATION_FAILED', message: expect.stringContaining(`no exchange '${declared}'`) as string })
    expect(await failureOf(deliver(open({ exchange: declared, declare: 'topic' })))).toMatchObject({ code: 'DESTINATION_UNROUTABLE' })
    await channel.checkExchange(declared)
    await channel.deleteExchange(declared)
  })

  test('connects again when the exchange vanished and came back', async () => {
    const destination = open()
    await deliver(destination)
    await channel.deleteExchange(EXCHANGE)
    expect(await failureOf(deliver(destination))).toMatchObject({ code: 'DESTINATION_FAILED' })
    await channel.assertExchange(EXCHANGE, 'topic', { durable: true })
    await channel.bindQueue(QUEUE, EXCHANGE, 'ONCRMDEALADD')
    await deliver(destination)
    expect(await messages()).toHaveLength(2)
  })

  test('that is not confirmed in time fails; nothing was heard of a broker that hangs', async () => {
    const clock = new VirtualClock()
    const destination = open({ timeoutMs: 5_000 }, { clock })
    await deliver(destination)
    broker.freeze()
    try {
      const failing = failureOf(deliver(destination))
      await letPromisesSettle()
      await clock.advance(5_000)
      expect(await failing).toMatchObject({ code: 'DESTINATION_FAILED', message: expect.stringContaining('no confirm within 5000 ms') as string })
    } finally {
      broker.thaw()
    }
  })

  test('that was given up while the connection was being made is not sent when it comes', async () => {
    const clock = new VirtualClock()
    const destination = open({ timeoutMs: 5_000 }, { clock })
    const late = newDelivery()
    broker.freeze()
    try {
      const failing = failureOf(destination.deliver([late], never))
      await letPromisesSettle()
      await clock.advance(5_000)
      expect(await failing).toMatchObject({ code: 'DESTINATION_FAILED' })
    } finally {
      broker.thaw()
    }
    const next = newDelivery()
    await destination.deliver([next], never)
    expect(await idsInQueue()).toEqual([next.id])
  })

  test('an abort ends it with its reason', async () => {
    const destination = open()
    await deliver(destination)
    const stop = new AbortController()
    const reason = new Error('stopping')
    broker.freeze()
    try {
      const failing = failureOf(deliver(destination, {}, stop.signal))
      stop.abort(reason)
      expect(await failing).toBe(reason)
    } finally {
      broker.thaw()
    }
    expect(await failureOf(deliver(destination, {}, stop.signal))).toBe(reason)
  })

  test('after close nothing is sent', async () => {
    const destination = open()
    await deliver(destination)
    await destination.close()
    expect(await failureOf(deliver(destination))).toMatchObject({ code: 'DESTINATION_FAILED', message: expect.stringContaining('it is closed') as string })
  })
})

describe('a broker in trouble', () => {
  test('killed in the middle: what was confirmed is there, what was not fails, and goes again', async () => {
    const destination = open()
    const confirmed: string[] = []
    const failed: Delivery[] = []
    const lane = async (): Promise<void> => {
      for (let event = 0; event < 60; event++) {
        const delivery = newDelivery()
        await destination.deliver([delivery], never).then(() => confirmed.push(delivery.id), () => failed.push(delivery))
      }
    }
    await Promise.all(Array.from({ length: 8 }, lane))
    expect(confirmed).toHaveLength(480)

    // Frozen, it can confirm nothing: these are under way for certain when it dies.
    broker.freeze()
    const underWay = Array.from({ length: 20 }, () => newDelivery())
    const outcomes = underWay.map((delivery) => failureOf(destination.deliver([delivery], never)))
    await letPromisesSettle()
    await broker.kill()
    for (const failure of await Promise.all(outcomes)) expect(failure).toMatchObject({ code: 'DESTINATION_FAILED', unavailable: true })

    await broker.start()
    await lookIn()
    const found = new Set(await idsInQueue())
    expect(confirmed.filter((id) => !found.has(id))).toEqual([])
    await again(destination, underWay)
    expect(await idsInQueue()).toEqual(expect.arrayContaining(underWay.map(({ id }) => id)))
  })

  test('that is not there costs a few attempts, then none until it may be back', async () => {
    const clock = new VirtualClock()
    const destination = open({ url: 'amqp://me:hidden@127.0.0.1:1' }, { clock })
    for (let attempt = 0; attempt < 5; attempt++) {
      expect(await failureOf(deliver(destination))).toMatchObject({ code: 'DESTINATION_FAILED', message: expect.stringContaining('ECONNREFUSED') as string })
    }
    expect(await failureOf(deliver(destination))).toMatchObject({ code: 'DESTINATION_PAUSED' })
  })

  test('is not taken for one that is there again because a routing key could not be made', async () => {
    const bad = newDelivery()
    const destination = open({ url: 'amqp://me:hidden@127.0.0.1:1', routingKey: (delivery) => (delivery === bad ? longKey() : delivery.code) })
    for (let attempt = 0; attempt < BREAKER_FAILURES - 1; attempt++) await failureOf(deliver(destination))
    expect(await failureOf(destination.deliver([bad], never))).toMatchObject({ code: 'DESTINATION_INVALID' })
    expect(await failureOf(deliver(destination))).toMatchObject({ code: 'DESTINATION_FAILED' })
    expect(await failureOf(deliver(destination))).toMatchObject({ code: 'DESTINATION_PAUSED' })
  })

  test('short of memory takes nothing, and says so', async () => {
    const destination = open()
    await deliver(destination)
    await broker.ctl('set_vm_memory_high_watermark', 'absolute', '1')
    try {
      // The broker tells of it once something is sent to it; what is sent until then is not confirmed.
      const stop = new AbortController()
      const failures: unknown[] = []
      while (failures.length === 0) {
        deliver(destination, {}, stop.signal).catch((error: unknown) => failures.push(error))
        await sleep(systemClock, 20)
      }
      expect(failures[0]).toMatchObject({ code: 'DESTINATION_FAILED', message: expect.stringContaining('takes nothing now') as string })
      stop.abort()
    } finally {
      await broker.ctl('set_vm_memory_high_watermark', '0.4')
    }
  })

  test('that refuses the password does not get it shown, nor the user', async () => {
    const destination = open({ url: broker.url.replace('guest:guest', 'somebody:hidden') })
    const failure = await failureOf(deliver(destination))
    expect(failure).toMatchObject({ code: 'DESTINATION_FAILED', message: expect.stringContaining('ACCESS_REFUSED') as string })
    expect(`${failure.message} ${String(failure.stack)} ${JSON.stringify(failure)}`).not.toMatch(/hidden|somebody/)
    expect(rabbitMq({ url: 'amqps://me:hidden@mq.example/shop?heartbeat=5', exchange: 'a' }).name).toBe('amqps://mq.example/shop exchange a')
  })
})

test.for([
  ['no url', { url: undefined }, 'url is not set'],
  ['another scheme', { url: 'http://hidden@mq.example' }, 'url must be an amqp or amqps address'],
  ['no host', { url: 'amqp:///shop' }, 'url must be an amqp or amqps address'],
  ['an exchange that is too long', { exchange: 'e'.repeat(256) }, 'exchange is too long'],
  ['a type that is none', { declare: 'queue' as 'topic' }, 'declare must be one of direct'],
  ['the default exchange declared', { exchange: '', declare: 'topic' }, 'the default exchange cannot be declared'],
  ['a routing key that is too long', { routingKey: longKey() }, 'at most 255 bytes'],
  ['no time', { timeoutMs: 1.5 }, 'timeoutMs must be a whole number'],
] as const)('is refused when it is described: %s', ([, options, problem]) => {
  const describeIt = () => rabbitMq({ url: 'amqp://localhost', exchange: EXCHANGE, ...options })
  expect(describeIt).toThrow(expect.objectContaining({ code: 'DESTINATION_INVALID', message: expect.stringContaining(problem) as string }))
  expect(describeIt).not.toThrow(/hidden/)
})
