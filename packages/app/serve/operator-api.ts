import { CodedError } from '@portline/wire/errors.ts'
import type { FastifyInstance } from 'fastify'
import { z } from 'zod'
import type { Lanes } from '../inbox/lanes.ts'
import type { RefusalLog } from '../inbox/refusal-log.ts'
import { LIST_MAX_ROWS } from '../limits.ts'
import type { EventFilter, Store } from '../store/port.ts'
import type { LiveFeed } from './live-feed.ts'
import { guardOperator } from './operator-guard.ts'
import { attemptView, eventView, historyOf, installationView } from './views.ts'

/** The operator API under /api/, described in docs/reference/operator-api.md. */
export interface OperatorApiParts {
  readonly store: Store
  readonly lanes: Lanes
  readonly refusals: RefusalLog
  readonly feed: LiveFeed
  readonly listenHost: string
  readonly operatorToken: string | undefined
  readonly nowMs: () => number
}

const DEFAULT_ROWS = 50
const eventsQuery = z.strictObject({
  app: z.string().optional(),
  portal: z.string().optional(),
  event: z.string().transform((code) => code.toUpperCase()).optional(),
  state: z.enum(['held', 'pending', 'done', 'dead']).optional(),
  after: z.string().optional(),
  limit: z.coerce.number().int().min(1).max(LIST_MAX_ROWS).default(DEFAULT_ROWS),
})

export function addOperatorApi(server: FastifyInstance, parts: OperatorApiParts): void {
  const { store, refusals, feed } = parts
  server.register((api, _options, done) => {
    api.addHook('onRequest', (request, _reply, next) => {
      guardOperator(request.raw, parts.listenHost, parts.operatorToken)
      next()
    })
    api.get('/api/events', async (request) => {
      const { events, next } = await store.listEvents(filterOf(request.query))
      return { events: events.map(eventView), next: next ?? null }
    })
    api.get<{ Params: { id: string } }>('/api/events/:id', async (request) => eventDetail(store, request.params.id))
    api.post<{ Params: { id: string } }>('/api/events/:id/replay', async (request) => replay(parts, request.params.id))
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

function filterOf(query: unknown): EventFilter {
  const parsed = eventsQuery.safeParse(query)
  if (!parsed.success) throw new CodedError('BAD_REQUEST', z.prettifyError(parsed.error))
  const { app, portal, event, state, after, limit } = parsed.data
  return {
    limit,
    ...(app === undefined ? {} : { app }),
    ...(portal === undefined ? {} : { memberId: portal }),
    ...(event === undefined ? {} : { code: event }),
    ...(state === undefined ? {} : { state }),
    ...(after === undefined ? {} : { after }),
  }
}

async function eventDetail(store: Store, id: string): Promise<object> {
  const event = await store.event(id)
  if (event === undefined) throw new CodedError('NOT_FOUND', 'no such event')
  const attempts = await store.attempts(id)
  return { ...eventView(event), history: historyOf(event, attempts), attemptLog: attempts.map(attemptView) }
}

/** Errors: NOT_FOUND, EVENT_NOT_REPLAYABLE. */
async function replay({ store, lanes, feed, nowMs }: OperatorApiParts, id: string): Promise<object> {
  const event = await store.event(id)
  if (event === undefined) throw new CodedError('NOT_FOUND', 'no such event')
  const installation = await store.installation(event)
  if (installation?.status === 'deleted') throw new CodedError('EVENT_NOT_REPLAYABLE', 'its portal is uninstalled')
  if (installation?.generation !== event.generation) throw new CodedError('EVENT_NOT_REPLAYABLE', 'it belongs to a former installation')
  if (!(await store.replay(id, nowMs()))) throw new CodedError('EVENT_NOT_REPLAYABLE')
  lanes.wake(event)
  feed.send('event', eventView({ ...event, state: 'pending' }))
  return { id, state: 'pending' }
}
