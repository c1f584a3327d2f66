import type { RequestListener, Server as HttpServer } from 'node:http'
import { Server as TlsServer } from 'node:tls'
import { https } from '@portline/runtime/http.ts'
import type { Log } from '@portline/runtime/log.ts'
import { CodedError } from '@portline/wire/errors.ts'
import { listenError } from '@portline/wire/listen-error.ts'
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify'
import fastify from 'fastify'
import { PORTAL_LIMITS } from './limits.ts'
import type { RequestParams } from './rest/params.ts'
import { readParams } from './rest/params.ts'
import type { KeyAndCertificate } from './tls/self-signed.ts'

/** Milliseconds an idle connection is kept: what Fastify has for the servers it makes itself. */
const KEEP_ALIVE_MS = 72_000

/**
 * A server that hands bodies on as bytes and answers every refusal of its own with a code of the error table.
 * @param tls plain HTTP without; CONFIG_INVALID when key and certificate are none
 */
export function createServer(log: Log, tls?: KeyAndCertificate): FastifyInstance {
  const server = fastify<HttpServer>({
    ...(tls === undefined ? {} : { serverFactory: (handler: RequestListener) => createTlsServer(tls, handler) }),
    logger: false,
    bodyLimit: PORTAL_LIMITS.maxBodyBytes,
    // An endpoint with its slash and a path with its own: `//rest/…`.
    rewriteUrl: (request) => (request.url ?? '/').replace(/^\/{2,}/, '/'),
    forceCloseConnections: true,
    // A path the router can't decode is no reason for an answer without a code.
    frameworkErrors: (error, _request, reply) => sendError(reply, error, log),
  })
  server.removeAllContentTypeParsers()
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body))
  server.setErrorHandler((error, _request, reply) => sendError(reply, error, log))
  server.setNotFoundHandler((_request, reply) => sendError(reply, new CodedError('NOT_FOUND'), log))
  return server
}

function createTlsServer(tls: KeyAndCertificate, handler: RequestListener): HttpServer {
  try {
    const server = https.createServer({ key: tls.key, cert: tls.cert }, handler)
    server.keepAliveTimeout = KEEP_ALIVE_MS
    return server
  } catch (error) {
    throw new CodedError('CONFIG_INVALID', 'tls: not a key and its certificate in PEM', { cause: error })
  }
}

/** Query and body of a request as parameters. Throws the CodedErrors of readParams(). */
export function paramsOf(request: FastifyRequest): RequestParams {
  return readParams({
    query: queryOf(request),
    contentType: request.headers['content-type'] ?? '',
    authorization: request.headers.authorization,
    body: bytesOf(request),
  })
}

export function bytesOf(request: FastifyRequest): Uint8Array {
  return request.body instanceof Uint8Array ? request.body : new Uint8Array()
}

function queryOf(request: FastifyRequest): string {
  const url = request.raw.url ?? ''
  const mark = url.indexOf('?')
  return mark === -1 ? '' : url.slice(mark + 1)
}

/** The path as sent, without the query. */
export function pathOf(request: FastifyRequest): string {
  return (request.raw.url ?? '').split('?', 1)[0] ?? ''
}

function sendError(reply: FastifyReply, error: unknown, log: Log): void {
  const coded = asCodedError(error)
  if (coded.code === 'INTERNAL_ERROR') log.error({ error }, 'A request failed')
  void reply.code(coded.status).send(coded.toBody())
}

export function asCodedError(error: unknown): CodedError {
  if (error instanceof CodedError) return error
  const status = typeof error === 'object' && error !== null && 'statusCode' in error ? error.statusCode : 500
  if (status === 413) return new CodedError('BODY_TOO_LARGE', `The limit is ${PORTAL_LIMITS.maxBodyBytes} bytes`)
  if (typeof status === 'number' && status >= 400 && status < 500) return new CodedError('BAD_REQUEST')
  return new CodedError('INTERNAL_ERROR')
}

/** Listens on host and port. Throws CodedError: ADDRESS_IN_USE, CONFIG_INVALID. @returns the origin, without a trailing slash */
export async function listen(server: FastifyInstance, host: string, port: number): Promise<string> {
  try {
    await server.listen({ host, port })
  } catch (error) {
    throw listenError(error, host, port)
  }
  const address = server.server.address()
  const boundPort = typeof address === 'object' && address !== null ? address.port : port
  return originOf(server.server instanceof TlsServer, host, boundPort)
}

/** Where a server that listens on host and port is reached, without a trailing slash. */
export function originOf(secure: boolean, host: string, port: number): string {
  // Of all interfaces, loopback is where the developer's own app reaches it.
  const reachable = host === '0.0.0.0' || host === '::' ? '127.0.0.1' : host
  return `${secure ? 'https' : 'http'}://${reachable.includes(':') ? `[${reachable}]` : reachable}:${port}`
}
