import { Queue, Worker } from 'bullmq'
import qs from 'qs'
import { announce, HandlerLog, printCount, readSettings } from '../lib/contender-side.ts'
import { eventBody } from '../lib/events.ts'
import { partsOf, serveExpress } from './peer-parts.mjs'

/** Express and a BullMQ job for each event; Redis syncs its log at every write. */
const HANDLERS_AT_ONCE = 64
const ADDED_AT_ONCE = 1_000
const settings = readSettings()
const { hostname: host, port } = new URL(settings.serverUrl)
const connection = { host, port: Number(port), maxRetriesPerRequest: null }
const queue = new Queue('events', { connection })

if (settings.mode === 'prepare') {
  await queue.waitUntilReady()
  for (const { from, lanes, perLane } of settings.backlog) {
    for (const part of partsOf(lanes * perLane, ADDED_AT_ONCE)) {
      await queue.addBulk(part.map((n) => ({ name: 'event', data: qs.parse(eventBody(from + (n % lanes), n + 1), { depth: 64 }) })))
    }
  }
  await queue.close()
} else if (settings.mode === 'count') {
  const counts = await queue.getJobCounts()
  printCount(Object.values(counts).reduce((sum, count) => sum + count, 0))
  await queue.close()
} else {
  const log = new HandlerLog()
  const worker = settings.handlers === 'none' ? undefined : new Worker('events', async (job) => log.began(job.data.data.FIELDS.ID), {
    connection, concurrency: HANDLERS_AT_ONCE,
  })
  const { url } = await serveExpress(settings, async ({ body }) => (await queue.add(body.event, body)).id)
  announce({
    url, log,
    async stop() {
      await worker?.close()
      await queue.close()
    },
  })
}
