import { afterEach, expect, test } from 'vitest'
import { ASKED, END, startAmqpPeer } from '../test-support/amqp-peer.ts'
import type { AmqpPeer } from '../test-support/amqp-peer.ts'
import { deliver, destinationParts } from '../test-support/deliveries.ts'
import type { OpenDestination } from './destination.ts'
import { rabbitMq } from './rabbitmq.ts'

let peer: AmqpPeer
let destination: OpenDestination
afterEach(async () => {
  await destination.close()
  await peer.close()
})

test.for([
  ['the connection', 'the exchange is found', ASKED.exchangeCheck, END.connection, 'bitrix24'],
  ['the channel', 'the exchange is found', ASKED.exchangeCheck, END.channel, 'bitrix24'],
  ['the connection', 'the channel is ready', ASKED.confirmSelect, END.connection, ''],
  ['the channel', 'the channel is ready', ASKED.confirmSelect, END.channel, ''],
] as const)('%s that the broker ends in the breath in which %s is made anew, and no attempt is lost', async ([, , asked, end, exchange]) => {
  peer = await startAmqpPeer(asked, end)
  destination = rabbitMq({ url: peer.url, exchange }).open(destinationParts())
  for (let event = 0; event < 2; event++) await deliver(destination)
  expect(peer).toMatchObject({ confirmed: 2, connections: 2 })
})
