import { request as httpRequest } from 'node:http'
import { request as httpsRequest } from 'node:https'
import type { Clock } from '@portline/runtime/clock.ts'

export interface PostOptions {
  readonly timeoutMs: number
  /** Bytes of the answer's body that are kept; the rest is read and dropped. */
  readonly maxResponseBytes: number
  readonly userAgent: string
  readonly signal?: AbortSignal
}

/** `error` instead of a status: TIMEOUT, STOPPED, URL_INVALID or the system's own code such as ECONNREFUSED. */
export type PostOutcome =
  | { readonly status: number; readonly body: string }
  | { readonly status: null; readonly body: ''; readonly error: string }

/** POSTs a form once. Never follows a redirect, never repeats, never throws; a connection is never used twice. */
export function postForm(clock: Clock, url: string, body: string, options: PostOptions): Promise<PostOutcome> {
  return new Promise((resolve) => {
    const target = URL.parse(url)
    if (target === null) return resolve(failed('URL_INVALID'))
    const send = target.protocol === 'https:' ? httpsRequest : httpRequest
    const headers = {
      'User-Agent': options.userAgent,
      'Content-Type': 'application/x-www-form-urlencoded',
      'Content-Length': Buffer.byteLength(body),
      Connection: 'close',
    }
    const request = send(target, { method: 'POST', headers, agent: false })
    const settle = (outcome: PostOutcome): void => {
      timer.cancel()
      options.signal?.removeEventListener('abort', onAbort)
      request.destroy()
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
    request.end(body)
  })
}

function failed(error: string): PostOutcome {
  return { status: null, body: '', error }
}
