import { VirtualClock } from '@portline/runtime/clock.ts'
import { afterEach, expect, test } from 'vitest'
import { BROKER_GOODBYE_MS } from '../limits.ts'
import { ASKED, BLOCKED, END, startAmqpPeer } from '../test-support/amqp-peer.ts'
import type { AmqpPeer, AmqpTwist } from '../test-support/amqp-peer.ts'
import { deliver, destinationParts, failureOf } from '../test-support/deliveries.ts'
import type { OpenDestination } from './destination.ts'
import { rabbitMq } from './rabbitmq.ts'

let peer: AmqpPeer
let destination: OpenDestination
afterEach(async () => {
  // First: a goodbye to a peer that is silent waits for a clock that stands still.
  await peer.close()
  await destination.close()
})

test.for([
  ['the connection', 'the exchange is found', ASKED.exchangeCheck, END.connection, 'bitrix24'],
  ['the channel', 'the exchange is found', ASKED.exchangeCheck, END.channel, 'bitrix24'],
  ['the connection', 'the channel is ready', ASKED.confirmSelect, END.connection, ''],
  ['the channel', 'the channel is ready', ASKED.confirmSelect, END.channel, ''],
] as const)('%s that the broker ends in the breath in which %s is made anew, and no attempt is lost', async ([, , asked, end, exchange]) => {
  peer = await startAmqpPeer({ asked, along: end })
  destination = rabbitMq({ url: peer.url, exchange }).open(destinationParts())
  for (let event = 0; event < 2; event++) await deliver(destination)
  expect(peer).toMatchObject({ confirmed: 2, connections: 2 })
})

const TIMEOUT_MS = 5_000
const clock = new VirtualClock()
const late = { code: 'DESTINATION_FAILED', message: expect.stringContaining('no confirm within') as string }

async function openTo(twist: AmqpTwist, exchange = 'bitrix24'): Promise<void> {
  peer = await startAmqpPeer(twist)
  destination = rabbitMq({ url: peer.url, exchange, timeoutMs: TIMEOUT_MS }).open(destinationParts({ clock }))
}

const isSilent = (): Promise<void> => expect.poll(() => peer.silent).toBe(true)

test.for(['channelOpen', 'confirmSelect', 'exchangeCheck'] as const)('a broker that is silent from %s on is left when a whole delivery has met silence, and the next one has a connection of its own', async (asked) => {
  await openTo({ asked: ASKED[asked], silent: 'from then on' })
  // The first one saw the connection begin: a broker that is slow, step by step, is not cut off.
  for (const connections of [1, 1]) {
    const failing = failureOf(deliver(destination))
    await isSilent()
    await clock.advance(TIMEOUT_MS)
    expect(await failing).toMatchObject(late)
    expect(peer.connections).toBe(connections)
  }
  await deliver(destination)
  expect(peer).toMatchObject({ confirmed: 1, connections: 2 })
  await expect.poll(() => peer.open).toBe(1)
})

test('a broker that confirms nothing for the whole time of a delivery is left, and all that is under way there fails at once', async () => {
  await openTo({ asked: ASKED.publish, after: 1, silent: 'from then on' })
  await deliver(destination)
  const failing = failureOf(deliver(destination))
  await isSilent()
  await clock.advance(TIMEOUT_MS - 1)
  const other = failureOf(deliver(destination))
  await clock.advance(1)
  expect(await failing).toMatchObject(late)
  expect(await other).toMatchObject({ code: 'DESTINATION_FAILED', message: expect.stringContaining('the connection was lost') as string, unavailable: true })
  await deliver(destination)
  expect(peer).toMatchObject({ confirmed: 2, connections: 2 })
  await expect.poll(() => peer.open).toBe(1)
})

test('a message that is not confirmed while others are does not cost them their connection', async () => {
  await openTo({ asked: ASKED.publish, after: 1, silent: 'once' })
  await deliver(destination)
  const failing = failureOf(deliver(destination))
  await isSilent()
  await deliver(destination)
  await clock.advance(TIMEOUT_MS)
  expect(await failing).toMatchObject(late)
  await deliver(destination)
  expect(peer).toMatchObject({ confirmed: 3, connections: 1 })
})

test('a broker that says that it takes nothing is not left for its silence', async () => {
  await openTo({ asked: ASKED.publish, after: 1, silent: 'from then on', along: BLOCKED })
  await deliver(destination)
  const failing = failureOf(deliver(destination))
  const taken: unknown[] = []
  await expect.poll(() => {
    deliver(destination).catch((error: unknown) => taken.push(error))
    return taken[0]
  }).toMatchObject({ message: expect.stringContaining('takes nothing now: low on memory') as string })
  await clock.advance(TIMEOUT_MS)
  expect(await failing).toMatchObject(late)
  expect(await failureOf(deliver(destination))).toMatchObject({ message: expect.stringContaining('takes nothing now') as string })
})

test.for(['channelOpen', 'publish'] as const)('a broker that is silent from %s on does not answer a goodbye: its socket is ended all the same', async (asked) => {
  await openTo({ asked: ASKED[asked], silent: 'from then on' })
  const failing = failureOf(deliver(destination))
  await isSilent()
  const closing = destination.close()
  await clock.advance(BROKER_GOODBYE_MS)
  await closing
  await expect.poll(() => peer.open).toBe(0)
  expect(await failing).toMatchObject({ code: 'DESTINATION_FAILED' })
})
