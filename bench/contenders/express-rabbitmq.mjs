import amqp from 'amqplib'
import { announce, HandlerLog, printCount, readSettings } from '../lib/contender-side.ts'
import { serveExpress } from './peer-parts.mjs'

/** Express and a RabbitMQ message for each event, answered when the broker has confirmed it. */
const PREFETCH = 200
const QUEUE = 'events'
const settings = readSettings()
// Without it Nagle's algorithm and delayed acknowledgements hold back what is small: 40 ms each.
const connection = await amqp.connect(settings.serverUrl, { noDelay: true })
const channel = await connection.createConfirmChannel()
const { messageCount } = await channel.assertQueue(QUEUE, { durable: true, arguments: { 'x-queue-type': 'quorum' } })

if (settings.mode === 'serve') {
  const log = new HandlerLog()
  const { url } = await serveExpress(settings, ({ body }) =>
    new Promise((resolve, reject) => {
      channel.sendToQueue(QUEUE, Buffer.from(JSON.stringify(body)), { persistent: true }, (error) => (error ? reject(error) : resolve(null)))
    }))
  if (settings.handlers !== 'none') {
    const consumer = await connection.createChannel()
    await consumer.prefetch(PREFETCH)
    await consumer.consume(QUEUE, (message) => {
      log.began(JSON.parse(message.content.toString()).data.FIELDS.ID)
      consumer.ack(message)
    })
  }
  announce({ url, log, stop: async () => connection.close() })
} else {
  if (settings.mode === 'count') printCount(messageCount)
  await connection.close()
}
