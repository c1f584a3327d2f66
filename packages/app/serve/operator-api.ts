import { CodedError } from '@portline/wire/errors.ts'
import type { FastifyInstance } from 'fastify'
import type { RefusalLog } from '../inbox/refusal-log.ts'
import { LIST_MAX_ROWS } from '../limits.ts'
import type { Store } from '../store/port.ts'
import { readList } from './event-query.ts'
import { guardOperator } from './operator-guard.ts'
import { replayMany, replayOne } from './replays.ts'
import type { ReplayParts } from './replays.ts'
import { attemptView, eventView, historyOf, installationView } from './views.ts'

/** The operator API under /api/, described in docs/reference/operator-api.md. */
export interface OperatorApiParts extends ReplayParts {
  readonly refusals: RefusalLog
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
      const { events, next } = await store.listEvents(readList(request.query))
      return { events: events.map(eventView), next: next ?? null }
    })
    api.get<{ Params: { id: string } }>('/api/events/:id', async (request) => eventDetail(store, request.params.id))
    api.post<{ Params: { id: string } }>('/api/events/:id/replay', async (request) => replayOne(parts, request.params.id))
    api.post('/api/replays', async (request) => replayMany(parts, request.body))
    api.get('/api/installations', async () => {
      const installations = await store.installations()
      return { installations: await Promise.all(installations.map((installation) => installationView(store, installation))) }
    })
    api.get<{ Params: { app: string; memberId: string } }>('/api/installations/:app/:memberId', async (request) => {
      const installation = await store.installation(request.params)
      if (installation === undefined) throw new CodedError('NOT_FOUND', 'no such installation')
      return installationView(store, installation)
    })
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

function parseJson(text: string, parsed: (error: Error | null, body?: unknown) => void): void {
  try {
    parsed(null, text === '' ? undefined : JSON.parse(text))
  } catch {
    parsed(new CodedError('BAD_REQUEST', 'the body is no JSON'))
  }
}

async function eventDetail(store: Store, id: string): Promise<object> {
  const event = await store.event(id)
  if (event === undefined) throw new CodedError('NOT_FOUND', 'no such event')
  const attempts = await store.attempts(id)
  return { ...eventView(event), history: historyOf(event, attempts), attemptLog: attempts.map(attemptView) }
}
