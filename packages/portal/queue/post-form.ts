import type { ClientRequest } from 'node:http'
import type { Clock } from '@portline/runtime/clock.ts'
import { sleep } from '@portline/runtime/clock.ts'
import { http, https } from '@portline/runtime/http.ts'
import type { Connections } from './connections.ts'
import type { Breakage } from './plan.ts'
import { resetConnection } from './reset-connection.ts'

export interface PostOptions {
  readonly timeoutMs: number
  /** Bytes of the answer's body that are kept; the rest is read and dropped. */
  readonly maxResponseBytes: number
  readonly userAgent: string
  readonly signal?: AbortSignal
  /** Connections to use and keep; without them the connection is used once. */
  readonly connections?: Connections
  /** How the request goes wrong on its way. */
  readonly breakage?: Breakage
}

/** `error` instead of a status: TIMEOUT, STOPPED, URL_INVALID or the system's own code such as ECONNREFUSED. */
export type PostOutcome =
  | { readonly status: number; readonly body: string }
  | { readonly status: null; readonly body: ''; readonly error: string }

/** POSTs a form once. Never follows a redirect, never repeats, never throws. */
export function postForm(clock: Clock, url: string, body: string, options: PostOptions): Promise<PostOutcome> {
  return new Promise((resolve) => {
    const target = URL.parse(url)
    if (target === null) return resolve(failed('URL_INVALID'))
    const request = openRequest(target, body, options)
    const settle = (outcome: PostOutcome): void => {
      timer.cancel()
      options.signal?.removeEventListener('abort', onAbort)
      // A connection that is to be kept survives only a complete answer.
      if (options.connections === undefined || outcome.status === null) request.destroy()
      resolve(outcome)
    }
    const onAbort = (): void => settle(failed('STOPPED'))
    const timer = clock.setTimer(options.timeoutMs, () => settle(failed('TIMEOUT')))
    options.signal?.addEventListener('abort', onAbort, { once: true })
    request.on('error', (error) => settle(failed('code' in error ? String(error.code) : 'CONNECTION_FAILED')))
    request.on('response', (response) => {
      const chunks: Buffer[] = []
      let keptBytes = 0
      response.on('data', (chunk: Buffer) => {
        if (keptBytes >= options.maxResponseBytes) return
        chunks.push(chunk.subarray(0, options.maxResponseBytes - keptBytes))
        keptBytes += chunk.length
      })
      response.on('error', () => settle(failed('ECONNRESET')))
      response.on('end', () => settle({ status: response.statusCode ?? 0, body: Buffer.concat(chunks).toString('utf8') }))
    })
    if (options.signal?.aborted) return settle(failed('STOPPED'))
    // A form is ASCII, which goes out faster when said so.
    if (options.breakage === undefined) request.end(body, Buffer.byteLength(body) === body.length ? 'latin1' : 'utf8')
    else void sendBroken(clock, request, body, options.breakage)
  })
}

function openRequest(target: URL, body: string, { userAgent, connections }: PostOptions): ClientRequest {
  const isSecure = target.protocol === 'https:'
  const headers = {
    'User-Agent': userAgent,
    'Content-Type': 'application/x-www-form-urlencoded',
    'Content-Length': Buffer.byteLength(body),
    ...(connections === undefined ? { Connection: 'close' } : {}),
  }
  const agent = isSecure ? connections?.https : connections?.http
  return (isSecure ? https : http).request(target, { method: 'POST', headers, agent: agent ?? false })
}

async function sendBroken(clock: Clock, request: ClientRequest, body: string, breakage: Breakage): Promise<void> {
  const bytes = Buffer.from(body)
  if (breakage.kind === 'reset') {
    request.write(bytes.subarray(0, Math.floor(bytes.length / 2)), () => resetConnection(request.socket))
    return
  }
  for (let start = 0; start < bytes.length && !request.destroyed; start += breakage.chunkBytes) {
    request.write(bytes.subarray(start, start + breakage.chunkBytes))
    await sleep(clock, breakage.everyMs)
  }
  request.end()
}

function failed(error: string): PostOutcome {
  return { status: null, body: '', error }
}
