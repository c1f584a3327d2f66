import { Readable } from 'node:stream'
import { CodedError } from '@portline/wire/errors.ts'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { RefusalLog } from '../inbox/refusal-log.ts'
import type { Retention } from '../inbox/retention.ts'
import { IMPORT_MAX_BYTES, LIST_MAX_ROWS } from '../limits.ts'
import type { ListedEvent, PortalKey, Store } from '../store/port.ts'
import { addAuditApi } from './audit-api.ts'
import type { AuditApiParts } from './audit-api.ts'
import { addChecksApi } from './checks-api.ts'
import type { ChecksApiParts } from './checks-api.ts'
import { addErrorsApi } from './errors-api.ts'
import { exportedLines, importLines } from './event-copies.ts'
import type { DestinationView } from './destination-views.ts'
import { checked, demandCursor, digits, readConditions, readList } from './event-query.ts'
import { readInstallationPage, textOfPlace } from './installation-query.ts'
import { addKeysApi } from './keys-api.ts'
import type { KeysApiParts } from './keys-api.ts'
import { guardOperator } from './operator-guard.ts'
import { replayMany, replayOne, retryOne } from './replays.ts'
import type { ReplayParts } from './replays.ts'
import type { Snapshots } from './snapshots.ts'
import type { Sealer } from '../tokens/sealer.ts'
import type { Reviewer } from '../trust/reviewer.ts'
import { attemptView, eventView, historyOf, installationView } from './views.ts'

/** The operator API under /api/, described in docs/reference/operator-api.md. */
export interface OperatorApiParts extends ReplayParts, KeysApiParts, AuditApiParts, ChecksApiParts {
  readonly refusals: RefusalLog
  readonly retention: Retention
  readonly sealer: Sealer
  readonly snapshots: Snapshots
  readonly reviewer: Reviewer
  readonly destinations: () => readonly DestinationView[]
  readonly listenHost: string
  readonly operatorToken: string | undefined
}

export function addOperatorApi(server: FastifyInstance, parts: OperatorApiParts): void {
  const { store, refusals, feed } = parts
  server.register((api, _options, done) => {
    api.addHook('onRequest', (request, _reply, next) => {
      guardOperator(request.raw, parts.listenHost, parts.operatorToken)
      next()
    })
    api.addContentTypeParser('application/json', { parseAs: 'string' }, (_request, body, parsed) => parseJson(String(body), parsed))
    api.get('/api/events', async (request) => {
      const filter = readList(request.query)
      await demandCursor(filter.after, store)
      const { events, next } = await store.listEvents(filter)
      return { events: events.map(eventView), next: next ?? null }
    })
    addCopies(api, parts)
    addChecksApi(api, parts)
    addKeysApi(api, parts)
    addAuditApi(api, parts)
    addErrorsApi(api)
    api.get<{ Params: { id: string } }>('/api/events/:id', async (request) => eventDetail(store, request.params.id))
    api.post<{ Params: { id: string } }>('/api/events/:id/replay', async (request) => replayOne(parts, request.params.id))
    api.post<{ Params: { id: string } }>('/api/events/:id/retry', async (request) => retryOne(parts, request.params.id))
    api.post('/api/replays', async (request) => replayMany(parts, request.body))
    api.get('/api/installations', async (request) => {
      const { installations, next } = await store.listInstallations(readInstallationPage(request.query))
      const views = await Promise.all(installations.map((installation) => installationView(store, installation)))
      return { installations: views, next: next === undefined ? null : textOfPlace(next) }
    })
    api.get<{ Params: { app: string; memberId: string } }>('/api/installations/:app/:memberId', async (request) => {
      const installation = await store.installation(request.params)
      if (installation === undefined) throw new CodedError('NOT_FOUND', 'no such installation')
      return installationView(store, installation)
    })
    api.get('/api/destinations', async () => ({ destinations: parts.destinations() }))
    api.get('/api/refusals', async () => ({
      counts: Object.fromEntries(refusals.counts),
      samples: (await store.refusals(LIST_MAX_ROWS)).map(({ atMs, ...refusal }) => ({ at: new Date(atMs).toISOString(), ...refusal })),
    }))
    api.get('/api/stream', (_request, reply) => {
      feed.demandPlace()
      reply.hijack()
      feed.watch(reply.raw)
    })
    done()
  })
}

const exportQuery = z.looseObject({ sealed: z.enum(['0', '1']).default('0') })
const importQuery = z.strictObject({ firstLine: digits(1).default(1) })

/** What leaves and enters in bulk: events as lines, the whole store as a file. */
function addCopies(api: FastifyInstance, { store, lanes, sealer, retention, snapshots, nowMs, reviewer }: OperatorApiParts): void {
  api.addContentTypeParser('application/x-ndjson', { parseAs: 'string', bodyLimit: IMPORT_MAX_BYTES }, (_request, body, parsed) => parsed(null, body))
  api.get('/api/events/export', (request, reply) => {
    const { sealed, ...filter } = checked(exportQuery, request.query)
    const lines = exportedLines(store, readConditions(filter), sealed === '1' ? sealer : undefined)
    return reply.type('application/x-ndjson').send(Readable.from(lines, { objectMode: false }))
  })
  api.post('/api/events/import', { bodyLimit: IMPORT_MAX_BYTES }, async (request) => {
    const { firstLine } = checked(importQuery, request.query)
    if (typeof request.body !== 'string') throw new CodedError('UNSUPPORTED_MEDIA_TYPE', 'send application/x-ndjson')
    if (retention.full) throw new CodedError('STORE_FULL')
    // A review that fails comes again by itself.
    const held = { nowMs, review: (portal: PortalKey) => void reviewer.review(portal).catch(() => {}) }
    return importLines({ store, sealer, wake: (portal) => lanes.wake(portal), held }, request.body, firstLine)
  })
  // Not GET: any page can make a browser send one, and a copy is work.
  api.post('/api/backup', async (_request, reply) => {
    const { bytes, stream } = await snapshots.take()
    return reply.type('application/vnd.sqlite3').header('content-length', bytes).send(stream)
  })
  api.get('/api/store', async () => ({ ...(await store.size()), ...retention.view }))
}

function parseJson(text: string, parsed: (error: Error | null, body?: unknown) => void): void {
  try {
    parsed(null, text === '' ? undefined : JSON.parse(text))
  } catch {
    parsed(new CodedError('BAD_REQUEST', 'the body is no JSON'))
  }
}

async function eventDetail(store: Store, id: string): Promise<object> {
  const event = await store.listedEvent(id)
  if (event === undefined) throw new CodedError('NOT_FOUND', 'no such event')
  const attempts = await store.attempts(id)
  return { ...eventView(event), ...(await whatItWaitsFor(store, event)), history: historyOf(event, attempts), attemptLog: attempts.map(attemptView) }
}

/** `portalBlockedFor`: nothing of its portal runs, and an operator or the portal has to end that. */
async function whatItWaitsFor(store: Store, event: ListedEvent) {
  if (event.state !== 'pending') return { waitsFor: null, portalBlockedFor: null }
  const [before, installation] = await Promise.all([store.eventBefore(event.id), store.installation(event)])
  return { waitsFor: before ?? null, portalBlockedFor: installation?.status === 'blocked' ? (installation.reason ?? 'PORTAL_BLOCKED') : null }
}
