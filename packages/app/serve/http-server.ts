import type { IncomingMessage, Server, ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { Clock } from '@portline/runtime/clock.ts'
import { http } from '@portline/runtime/http.ts'
import { CodedError } from '@portline/wire/errors.ts'
import { listenError } from '@portline/wire/listen-error.ts'
import { CONNECTIONS, CONNECTIONS_CHECK_MS, HEADERS_RECEIVE_MS, REQUEST_RECEIVE_MS } from '../limits.ts'
import { sendError } from './answer.ts'
import { Connections } from './connections.ts'
import { answerEvent, eventPathApp } from './event-endpoint.ts'
import type { EventEndpointParts } from './event-endpoint.ts'
import type { WebHandler } from './web.ts'

/**
 * One server: the event endpoint on bare node:http in front, everything else behind it, loaded once the server listens so that
 * events need not wait for it.
 *
 *     created ──listen()──> listening ──close()──> closing ──last answer sent──> closed
 */
export interface HttpServerParts extends EventEndpointParts {
  readonly clock: Clock
  readonly limits?: Partial<HttpLimits> | undefined
  readonly loadWeb: () => Promise<WebHandler>
}

/** Slow and idle senders. In milliseconds, but for `connections`. */
export interface HttpLimits {
  readonly headersMs: number
  readonly requestMs: number
  readonly checkMs: number
  readonly connections: number
}

const LIMITS: HttpLimits = {
  headersMs: HEADERS_RECEIVE_MS, requestMs: REQUEST_RECEIVE_MS, checkMs: CONNECTIONS_CHECK_MS, connections: CONNECTIONS,
}

/** Proxies keep connections for a minute; one that we close first answers somebody's request with a 502. */
const KEEP_ALIVE_MS = 72_000
/** Pages are loaded then, asked for or not: loading them would hold up the first events. */
const PRELOAD_AFTER_MS = 500
/** While closing, connections that have become idle are ended this often. */
const IDLE_CHECK_MS = 50

export class HttpServer {
  readonly #parts: HttpServerParts
  readonly #server: Server
  #web: Promise<WebHandler> | undefined
  #closing = false

  constructor(parts: HttpServerParts) {
    this.#parts = parts
    const { headersMs, requestMs, checkMs, connections } = { ...LIMITS, ...parts.limits }
    const timeouts = { headersTimeout: headersMs, requestTimeout: requestMs, connectionsCheckingInterval: checkMs }
    this.#server = http.createServer(timeouts, (request, response) => this.#handle(request, response))
    this.#server.keepAliveTimeout = KEEP_ALIVE_MS
    const open = new Connections(connections)
    this.#server.on('connection', (socket) => open.add(socket))
  }

  /** The address it has then. Errors: ADDRESS_IN_USE, CONFIG_INVALID. */
  async listen(host: string, port: number): Promise<string> {
    await new Promise<void>((resolve, reject) => {
      // Kept: one that cannot take a connection later on must not end the process.
      this.#server.on('error', (error) => reject(listenError(error, host, port)))
      this.#server.listen({ host, port }, resolve)
    })
    this.#parts.clock.setTimer(PRELOAD_AFTER_MS, () => void this.#loadWeb().catch(() => {}))
    return urlOf(this.#server.address() as AddressInfo)
  }

  /** Takes no new connection and lets requests under way end. */
  async close(): Promise<void> {
    this.#closing = true
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()))
    let isClosed = false
    const endIdle = (): void => {
      this.#server.closeIdleConnections()
      if (!isClosed) this.#parts.clock.setTimer(IDLE_CHECK_MS, endIdle)
    }
    endIdle()
    await closed
    isClosed = true
  }

  closeAllConnections(): void {
    this.#server.closeAllConnections()
  }

  #handle(request: IncomingMessage, response: ServerResponse): void {
    if (this.#closing) response.shouldKeepAlive = false
    const app = eventPathApp(request.url)
    if (app !== undefined) return void answerEvent(this.#parts, app, request, response)
    this.#loadWeb().then(
      (web) => web(request, response),
      () => sendError(request, response, new CodedError('INTERNAL_ERROR')),
    )
  }

  #loadWeb(): Promise<WebHandler> {
    this.#web ??= this.#parts.loadWeb().catch((error: unknown) => {
      this.#parts.log.error({ error: String(error) }, 'the pages and the operator API could not be loaded')
      this.#web = undefined
      throw error
    })
    return this.#web
  }
}

/** An address that a browser on this machine can open. */
function urlOf({ address, port, family }: AddressInfo): string {
  if (family === 'IPv6') return `http://${address === '::' ? '[::1]' : `[${address}]`}:${port}`
  return `http://${address === '0.0.0.0' ? '127.0.0.1' : address}:${port}`
}
