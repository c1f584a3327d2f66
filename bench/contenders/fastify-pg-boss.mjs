import fastify from 'fastify'
import pg from 'pg'
import { PgBoss } from 'pg-boss'
import qs from 'qs'
import { announce, HandlerLog, printCount, readSettings } from '../lib/contender-side.ts'
import { EVENTS_PATH } from '../lib/events.ts'
import { BODY_LIMITS, tokensOf } from './peer-parts.mjs'

/** Fastify, qs and a pg-boss job for each event. It polls: twice a second is the quickest it allows. */
const CONNECTIONS = 32
const HANDLED_AT_ONCE = 100
const POLLING_S = 0.5
const QUEUE = 'events'
const settings = readSettings()

if (settings.mode === 'count') {
  const client = new pg.Client(settings.serverUrl)
  await client.connect()
  const { rows } = await client.query('SELECT count(*) AS stored FROM pgboss.job WHERE name = $1', [QUEUE])
  printCount(Number(rows[0].stored))
  await client.end()
} else {
  const boss = new PgBoss({ connectionString: settings.serverUrl, max: CONNECTIONS })
  boss.on('error', (error) => process.stderr.write(`${error}\n`))
  await boss.start()
  await boss.createQueue(QUEUE)
  if (settings.mode === 'prepare') await boss.stop()
  else await serve(boss)
}

async function serve(boss) {
  const log = new HandlerLog()
  const tokens = tokensOf(settings.portals)
  const app = fastify({ bodyLimit: 1_048_576 })
  app.addContentTypeParser('application/x-www-form-urlencoded', { parseAs: 'string' }, (_request, body, done) => {
    done(null, qs.parse(body, { parameterLimit: BODY_LIMITS.parameterLimit, depth: BODY_LIMITS.depth }))
  })
  app.post(EVENTS_PATH, async (request, reply) => {
    const { auth } = request.body
    if (tokens.get(auth.member_id) !== auth.application_token) return reply.code(403).send()
    return { id: await boss.send(QUEUE, request.body) }
  })
  if (settings.handlers !== 'none') {
    const options = { batchSize: HANDLED_AT_ONCE, pollingIntervalSeconds: POLLING_S, burstWhenBatchFull: true }
    await boss.work(QUEUE, options, async (jobs) => {
      for (const job of jobs) log.began(job.data.data.FIELDS.ID)
    })
  }
  const url = await app.listen({ host: '127.0.0.1', port: settings.port })
  announce({ url, log, stop: async () => boss.stop() })
}
