import type { IncomingMessage, ServerResponse } from 'node:http'
import { readFile } from 'node:fs/promises'
import { CodedError } from '@portline/wire/errors.ts'
import type { ErrorCode } from '@portline/wire/errors.ts'
import { decodeForm } from '@portline/wire/form/decode.ts'
import { FORM_LIMITS } from '@portline/wire/form/limits.ts'
import fastify from 'fastify'
import type { FastifyInstance, FastifyRequest } from 'fastify'
import type { Log } from '@portline/runtime/log.ts'
import type { BodyReader } from '../receive/read-body.ts'
import { asCoded, sendJson } from './answer.ts'
import { addFrameEndpoints } from './frame-endpoints.ts'
import type { FrameEndpointParts } from './frame-endpoints.ts'
import { addOperatorApi } from './operator-api.ts'
import type { OperatorApiParts } from './operator-api.ts'
import { networkOf } from './sender-address.ts'

/** Everything but the event endpoint: frames, operator API, page. Loaded after the server listens: receiving needs none of it. */
export type WebHandler = (request: IncomingMessage, response: ServerResponse) => void

export interface WebParts extends FrameEndpointParts, OperatorApiParts {
  readonly bodies: BodyReader
}

export async function createWeb(parts: WebParts): Promise<WebHandler> {
  const server = createFastify(parts)
  addFrameEndpoints(server, parts)
  addOperatorApi(server, parts)
  addPage(server)
  await server.ready()
  return (request, response) => server.routing(request, response)
}

function createFastify({ log, bodies, senders }: WebParts): FastifyInstance {
  const server = fastify({
    logger: false,
    bodyLimit: FORM_LIMITS.maxBodyBytes,
    // A HEAD of the live stream would hold a watcher's place for ever.
    exposeHeadRoutes: false,
    // A path that is no path fails before any route and its error handler.
    frameworkErrors: (error, _request, reply) => {
      const coded = new CodedError('BAD_REQUEST', error.message)
      reply.hijack()
      sendJson(reply.raw, coded.status, coded.toBody())
    },
  })
  server.removeAllContentTypeParsers()
  // The same room as events: anybody can post to a frame's address.
  server.addContentTypeParser('application/x-www-form-urlencoded', async (_request: FastifyRequest, body: IncomingMessage) => {
    return decodeForm(await bodies.read(body, FORM_LIMITS.maxBodyBytes, networkOf(senders.of(body))))
  })
  answerErrors(server, log)
  return server
}

const FASTIFY_ERRORS: Readonly<Record<string, ErrorCode>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: 'BODY_TOO_LARGE',
  FST_ERR_CTP_INVALID_MEDIA_TYPE: 'UNSUPPORTED_MEDIA_TYPE',
}
const CLIENT_ERRORS = { from: 400, to: 499 }

function answerErrors(server: FastifyInstance, log: Log): void {
  server.setErrorHandler((error, _request, reply) => {
    const coded = toCoded(error, log)
    if (coded.code === 'METHOD_NOT_ALLOWED') reply.header('allow', 'POST')
    void reply.code(coded.status).send(coded.toBody())
  })
  server.setNotFoundHandler((_request, reply) => {
    const coded = new CodedError('NOT_FOUND')
    void reply.code(coded.status).send(coded.toBody())
  })
}

function toCoded(error: unknown, log: Log): CodedError {
  if (!(error instanceof Error) || error instanceof CodedError) return asCoded(error, log)
  const known = 'code' in error && typeof error.code === 'string' ? FASTIFY_ERRORS[error.code] : undefined
  if (known !== undefined) return new CodedError(known)
  const status = 'statusCode' in error ? Number(error.statusCode) : 0
  const fromClient = status >= CLIENT_ERRORS.from && status <= CLIENT_ERRORS.to
  return fromClient ? new CodedError('BAD_REQUEST', error.message) : asCoded(error, log)
}

const PAGE_SCRIPTS = [
  'page.js', 'event-detail.js', 'event-list.js', 'installations.js', 'known.js', 'nodes.js', 'operator-api.js', 'reasons.js', 'reasons-ru.js', 'texts.js',
]
const PAGE_FILES = [
  { path: '/', file: 'index.html', type: 'text/html; charset=utf-8' },
  { path: '/page.css', file: 'page.css', type: 'text/css; charset=utf-8' },
  { path: '/icon.svg', file: 'icon.svg', type: 'image/svg+xml' },
  ...PAGE_SCRIPTS.map((file) => ({ path: `/${file}`, file, type: 'text/javascript; charset=utf-8' })),
]
const PAGE_HEADERS = {
  'content-security-policy': "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'self'",
  'x-content-type-options': 'nosniff',
  'referrer-policy': 'no-referrer',
  'cache-control': 'no-cache',
}

/** The plain page. It holds no data: what it shows it asks of the operator API. */
function addPage(server: FastifyInstance): void {
  for (const { path, file, type } of PAGE_FILES) {
    server.get(path, async (_request, reply) => {
      reply.headers(PAGE_HEADERS).type(type)
      return readFile(new URL(`./page/${file}`, import.meta.url))
    })
  }
}
