import { isIP } from 'node:net'
import type { Clock } from '@portline/runtime/clock.ts'
import { CodedError } from '@portline/wire/errors.ts'
import { DELIVERY_TIMEOUT_MS, ENDPOINT_CONNECTIONS, ENDPOINT_CONNECTIONS_MAX } from '../limits.ts'
import { AddressGuard, plainHost } from './address-guard.ts'
import { DeliveryError } from './delivery-error.ts'
import type { Delivery, Destination } from './destination.ts'
import { guarded } from './guarded.ts'
import { checked, checkedTimeoutMs, checkedWhole } from './options.ts'
import { payloadOf } from './payload.ts'
import { JsonPoster, NoAnswerInTime } from './post-json.ts'
import type { PostAnswer } from './post-json.ts'
import { retryAfterMsOf } from './retry-after.ts'
import { createSigner } from './signature.ts'

export interface HttpEndpointOptions {
  /** https; http only for hosts of `allowPrivate`. No user name, no fragment. A query is kept and never shown. */
  readonly url: string
  /** `whsec_` and 24 to 64 random bytes in base64. While it is being changed: the new and the old one, both sign. */
  readonly secret: string | undefined | readonly (string | undefined)[]
  /** For one delivery, connecting included. Whole milliseconds, 1 to 120,000; 15,000 when not given. */
  readonly timeoutMs?: number
  /** Deliveries at once, each on a connection of its own, 1 to 1,000; 64 when not given. As many as the app has workers. */
  readonly connections?: number
  /** Hosts, addresses and networks (10.1.0.0/16) that may be reached although they are not public. */
  readonly allowPrivate?: readonly string[]
  /** Certificates of authorities to trust, PEM, instead of the well-known ones. */
  readonly ca?: string
}

/** Events go by POST to an HTTP endpoint, signed by Standard Webhooks. Errors: DESTINATION_INVALID. */
export function httpEndpoint(options: HttpEndpointOptions): Destination {
  const url = readUrl(options.url)
  const guard = checked('allowPrivate', () => new AddressGuard(options.allowPrivate))
  checkReachable(url, guard, options)
  const sign = checked('secret', () => createSigner(readSecrets(options.secret)))
  const timeoutMs = checkedTimeoutMs(options.timeoutMs ?? DELIVERY_TIMEOUT_MS)
  const places = checkedWhole('connections', options.connections ?? ENDPOINT_CONNECTIONS, ENDPOINT_CONNECTIONS_MAX)
  const name = `${url.origin}${url.pathname}`
  return {
    kind: 'destination',
    name,
    timeoutMs,
    maxEvents: 1,
    open(parts) {
      const { clock, resolver } = parts
      const poster = new JsonPoster(url, { clock, resolver, guard, ca: options.ca })
      const deliverOne = async (delivery: Delivery, signal: AbortSignal): Promise<void> => {
        checkId(delivery)
        const body = payloadOf(delivery)
        const signature = sign(delivery.id, clock.now(), body)
        const headers = { ...FIXED_HEADERS, 'portline-attempt': String(delivery.attempt), ...signature }
        const answer = await poster.post(Buffer.from(body), headers, { timeoutMs, signal }).catch((error: unknown) => {
          throw signal.aborted ? signal.reason : failureOf(name, error)
        })
        judge(name, answer, clock)
      }
      const inner = {
        async deliver(deliveries: readonly Delivery[], signal: AbortSignal) {
          for (const [delivered, delivery] of deliveries.entries()) {
            await deliverOne(delivery, signal).catch((error: unknown) => {
              throw error instanceof DeliveryError ? error.after(delivered) : error
            })
          }
        },
        async close() {
          poster.close()
        },
      }
      return guarded(name, parts, inner, places)
    },
  }
}

/** What HTTP takes in a header. Ours are without exception; that of an imported event is whatever it was. */
const HEADER_TEXT = /^[\t\x20-\x7e\x80-\xff]*$/

function checkId({ id }: Delivery): void {
  if (HEADER_TEXT.test(id)) return
  throw new DeliveryError('DESTINATION_REFUSED', 'the id of the event has characters that a header cannot hold', { unavailable: false, untried: true })
}

const FIXED_HEADERS = { 'Content-Type': 'application/json', Accept: '*/*', 'User-Agent': 'Portline' }

/** What the same bytes will be answered again: this event is refused, not the destination down. */
const REFUSING = new Set([400, 410, 413, 415, 422])
const TOO_MANY_REQUESTS = 429
const UNAVAILABLE = 503

/**
 * 2xx took it. A 4xx that speaks of this body or of an endpoint that is gone is final. All else may pass, also 401, 403 and
 * 404: a deployment or a setting is wrong for every event alike, and none must be lost for it.
 */
function judge(name: string, { status, retryAfter }: PostAnswer, clock: Clock): void {
  if (status >= 200 && status < 300) return
  const description = `${name} answered ${status}`
  if (REFUSING.has(status)) throw new DeliveryError('DESTINATION_REFUSED', description, { unavailable: false })
  const askedMs = status === TOO_MANY_REQUESTS || status === UNAVAILABLE ? retryAfterMsOf(retryAfter, clock.now()) : undefined
  throw new DeliveryError('DESTINATION_FAILED', description, {
    unavailable: true,
    ...(askedMs === undefined ? {} : { retryAfterMs: askedMs }),
  })
}

function failureOf(name: string, error: unknown): DeliveryError {
  if (error instanceof DeliveryError) return error
  const code = error instanceof Error && 'code' in error ? String(error.code) : 'CONNECTION_FAILED'
  const reason = error instanceof NoAnswerInTime ? error.message : code
  return new DeliveryError('DESTINATION_FAILED', `${name}: ${reason}`, { unavailable: true, cause: error })
}

function readUrl(text: string): URL {
  const url = URL.parse(text)
  if (url === null || !['http:', 'https:'].includes(url.protocol)) throw invalid('url must be an http or https address')
  if (url.username !== '' || url.password !== '') throw invalid('url must hold no user name and password')
  if (url.hash !== '') throw invalid('url must have no fragment')
  return url
}

/** What can be known to be refused before anything is resolved is refused at once. */
function checkReachable(url: URL, guard: AddressGuard, { allowPrivate = [] }: HttpEndpointOptions): void {
  const [host, secure] = [plainHost(url.hostname), url.protocol === 'https:']
  if (!secure && allowPrivate.length === 0) throw invalid('url must be https: plain http is for hosts of allowPrivate')
  const objection = isIP(host) === 0 ? undefined : guard.objection(host, host, secure)
  if (objection !== undefined) throw invalid(`url: ${objection}`)
}

function readSecrets(secret: HttpEndpointOptions['secret']): string[] {
  const secrets = typeof secret === 'object' ? secret : [secret]
  if (secrets.length === 0) throw new Error('it is not set')
  return secrets.map((text) => {
    if (text === undefined || text === '') throw new Error('it is not set')
    return text
  })
}

function invalid(problem: string): CodedError {
  return new CodedError('DESTINATION_INVALID', problem)
}
