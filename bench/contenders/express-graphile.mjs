import { Logger, makeWorkerUtils, run } from 'graphile-worker'
import pg from 'pg'
import qs from 'qs'
import { announce, HandlerLog, printCount, readSettings } from '../lib/contender-side.ts'
import { eventBody, portalAt } from '../lib/events.ts'
import { partsOf, serveExpress } from './peer-parts.mjs'

/**
 * Express and a graphile-worker job for each event in a queue of its portal's own: one at a time per portal, many portals at
 * once. The variant `batched` fetches and completes in batches, as its documentation does for its own figures
 * (worker.graphile.org/docs/performance): quicker over many queues, but a queue's next job waits for the next fetch.
 */
const CONNECTIONS = 32
const INSERTED_AT_ONCE = 5_000
const settings = readSettings()
const BATCHED = { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 }
const PRESET = {
  worker: {
    connectionString: settings.serverUrl, schema: 'graphile_worker', concurrentJobs: 24, maxPoolSize: 25,
    ...(settings.variant === 'batched' ? BATCHED : {}),
  },
}
const logger = new Logger(() => () => {})
const pool = new pg.Pool({ connectionString: settings.serverUrl, max: CONNECTIONS })
const onLost = (error) => process.stderr.write(`${error}\n`)
pool.on('error', onLost).on('connect', (client) => client.on('error', onLost))

if (settings.mode === 'prepare') {
  const utils = await makeWorkerUtils({ pgPool: pool, logger })
  await utils.migrate()
  for (const part of settings.backlog) await fill(part)
  await pool.query('ANALYZE')
  await utils.release()
  await pool.end()
} else if (settings.mode === 'count') {
  const { rows } = await pool.query('SELECT count(*) AS stored FROM graphile_worker.jobs')
  printCount(Number(rows[0].stored))
  await pool.end()
} else {
  const log = new HandlerLog()
  const utils = await makeWorkerUtils({ pgPool: pool, logger })
  const taskList = { event: async (payload) => log.began(payload.data.FIELDS.ID) }
  const runner = settings.handlers === 'none' ? undefined : await run({ preset: PRESET, logger, noHandleSignals: true, taskList })
  const { url } = await serveExpress(settings, async ({ memberId, body }) =>
    (await utils.addJob('event', body, { queueName: memberId })).id)
  announce({
    url, log,
    async stop() {
      await runner?.stop()
      await utils.release()
      await pool.end()
    },
  })
}

async function fill({ from, lanes, perLane }) {
  const jobs = Array.from({ length: lanes }, (_, lane) => ({
    queue: portalAt(from + lane).memberId, payload: JSON.stringify(qs.parse(eventBody(from + lane, lane + 1), { depth: 64 })),
  }))
  for (const part of partsOf(lanes * perLane, INSERTED_AT_ONCE)) {
    const batch = part.map((n) => jobs[n % lanes])
    await pool.query(
      `SELECT graphile_worker.add_jobs(array(SELECT ('event', payload::json, queue, NULL, NULL, NULL, NULL, NULL)::graphile_worker.job_spec
         FROM unnest($1::text[], $2::text[]) AS new (queue, payload)))`,
      [batch.map(({ queue }) => queue), batch.map(({ payload }) => payload)],
    )
  }
}
