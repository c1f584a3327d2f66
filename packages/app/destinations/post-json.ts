import type { Agent, ClientRequest, IncomingMessage } from 'node:http'
import { isIP } from 'node:net'
import type { LookupFunction } from 'node:net'
import type { Clock } from '@portline/runtime/clock.ts'
import { http, https } from '@portline/runtime/http.ts'
import type { Resolver } from '@portline/runtime/resolver.ts'
import { DELIVERY_ANSWER_MAX_BYTES } from '../limits.ts'
import { plainHost } from './address-guard.ts'
import type { AddressGuard } from './address-guard.ts'

export interface PosterParts {
  readonly clock: Clock
  readonly resolver: Resolver
  readonly guard: AddressGuard
  /** Certificates of authorities, PEM; the well-known ones when not given. */
  readonly ca: string | undefined
}

export interface PostLimits {
  readonly timeoutMs: number
  readonly signal: AbortSignal
}

export interface PostAnswer {
  readonly status: number
  readonly retryAfter: string | undefined
}

/** No whole answer came in time. */
export class NoAnswerInTime extends Error {}

/**
 * POSTs JSON to one address over connections that are kept. Never follows a redirect. The name is resolved once for each
 * connection, every address it leads to is checked, and the connection is made to one of the very addresses checked: there is
 * no second look-up between check and use that could answer otherwise.
 */
export class JsonPoster {
  readonly #target: URL
  readonly #parts: PosterParts
  readonly #kept: Agent
  /** Makes a connection for each request. */
  readonly #fresh: Agent

  constructor(target: URL, parts: PosterParts) {
    this.#target = target
    this.#parts = parts
    const ca = parts.ca === undefined ? {} : { ca: parts.ca }
    const agent = (keepAlive: boolean): Agent => (this.#secure ? new https.Agent({ keepAlive, ...ca }) : new http.Agent({ keepAlive }))
    this.#kept = agent(true)
    this.#fresh = agent(false)
  }

  /** Errors: DESTINATION_FORBIDDEN, NoAnswerInTime, the signal's reason, and the system's with their `code`. */
  async post(body: Buffer, headers: Readonly<Record<string, string>>, limits: PostLimits): Promise<PostAnswer> {
    const { guard } = this.#parts
    const host = plainHost(this.#target.hostname)
    // Node asks no look-up function about an address.
    if (isIP(host) !== 0) guard.check(host, [host], this.#secure)
    const deadline = new Deadline(this.#parts.clock, limits)
    try {
      return await this.#postOnce(this.#kept, body, headers, deadline).catch(async (error: unknown) => {
        // The other side closed a kept connection just as it was used again: its idle time had run out, or it was started anew. Then
        // the other kept ones are closed too.
        if (!(error instanceof StaleConnection)) throw error
        return await this.#postOnce(this.#fresh, body, headers, deadline)
      })
    } finally {
      deadline.end()
    }
  }

  close(): void {
    this.#kept.destroy()
    this.#fresh.destroy()
  }

  get #secure(): boolean {
    return this.#target.protocol === 'https:'
  }

  #postOnce(agent: Agent, body: Buffer, headers: Readonly<Record<string, string>>, deadline: Deadline): Promise<PostAnswer> {
    return new Promise((resolve, reject) => {
      const options = {
        method: 'POST',
        headers: { ...headers, 'Content-Length': String(body.length) },
        agent,
        lookup: this.#checkedLookup,
      }
      const request = (this.#secure ? https : http).request(this.#target, options)
      deadline.guard(request, reject)
      request.on('error', (error) => reject(isStale(request, error) ? new StaleConnection('stale', { cause: error }) : error))
      request.on('response', (response) => {
        const answer = { status: response.statusCode ?? 0, retryAfter: response.headers['retry-after'] }
        drain(response).then(() => resolve(answer), reject)
      })
      request.end(body)
    })
  }

  readonly #checkedLookup: LookupFunction = (hostname, { all }, callback) => {
    const { resolver, guard } = this.#parts
    resolver.addresses(hostname).then(
      (addresses) => {
        guard.check(hostname, addresses, this.#secure)
        const found = addresses.map((address) => ({ address, family: isIP(address) }))
        const [first] = found
        if (first === undefined) throw Object.assign(new Error('no address'), { code: 'ENOTFOUND' })
        if (all === true) callback(null, found)
        else callback(null, first.address, first.family)
      },
    ).catch((error: unknown) => callback(error instanceof Error ? error : new Error(String(error)), []))
  }
}

class StaleConnection extends Error {}

function isStale(request: ClientRequest, error: Error): boolean {
  return request.reusedSocket && 'code' in error && (error.code === 'ECONNRESET' || error.code === 'EPIPE')
}

/** Reads the answer to its end and throws it away; one that is too long is cut off, its status stands. */
function drain(response: IncomingMessage): Promise<void> {
  return new Promise((resolve, reject) => {
    let bytes = 0
    response.on('data', (chunk: Buffer) => {
      bytes += chunk.length
      if (bytes <= DELIVERY_ANSWER_MAX_BYTES) return
      resolve()
      response.destroy()
    })
    response.on('end', resolve)
    response.on('error', reject)
  })
}

/** One deadline and one abort over all tries of a post. */
class Deadline {
  readonly end: () => void
  #passed: Error | undefined
  #giveUp: (reason: Error) => void = () => {}

  constructor(clock: Clock, { timeoutMs, signal }: PostLimits) {
    signal.throwIfAborted()
    const pass = (reason: Error): void => {
      this.#passed = reason
      this.#giveUp(reason)
    }
    const timer = clock.setTimer(timeoutMs, () => pass(new NoAnswerInTime(`no answer within ${timeoutMs} ms`)))
    const onAbort = (): void => pass(signal.reason as Error)
    signal.addEventListener('abort', onAbort, { once: true })
    this.end = () => {
      timer.cancel()
      signal.removeEventListener('abort', onAbort)
    }
  }

  guard(request: ClientRequest, reject: (reason: Error) => void): void {
    this.#giveUp = (reason) => {
      reject(reason)
      request.destroy()
    }
    if (this.#passed !== undefined) this.#giveUp(this.#passed)
  }
}
