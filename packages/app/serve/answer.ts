import type { IncomingMessage, ServerResponse } from 'node:http'
import type { Log } from '@portline/runtime/log.ts'
import { CodedError } from '@portline/wire/errors.ts'
import { REFUSED_BODY_DRAIN_BYTES } from '../limits.ts'

/** Any error as a coded one; what has no code is a bug and goes to the log, not to the sender. */
export function asCoded(error: unknown, log: Log): CodedError {
  if (error instanceof CodedError) return error
  log.error({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }, 'an unexpected error')
  return new CodedError('INTERNAL_ERROR')
}

export function sendJson(response: ServerResponse, status: number, body: object, headers: Record<string, string> = {}): void {
  const text = JSON.stringify(body)
  response.writeHead(status, { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text), ...headers })
  response.end(text)
}

/**
 * Refuses a request whose body may still be on its way: the answer goes out at once, and what still comes is thrown
 * away up to a limit, because a connection that is reset takes the answer with it.
 */
export function sendError(request: IncomingMessage, response: ServerResponse, error: CodedError): void {
  const headers: Record<string, string> = error.code === 'METHOD_NOT_ALLOWED' ? { allow: 'POST' } : {}
  if (request.complete) return sendJson(response, error.status, error.toBody(), headers)
  sendJson(response, error.status, error.toBody(), { ...headers, connection: 'close' })
  let drained = 0
  request.on('data', (chunk: Buffer) => {
    drained += chunk.length
    if (drained > REFUSED_BODY_DRAIN_BYTES) request.destroy()
  })
  request.on('error', () => {})
  request.resume()
}
