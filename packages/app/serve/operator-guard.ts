import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { CodedError } from '@portline/wire/errors.ts'

/**
 * Who may use the operator API: whoever has the token, or, where none is set, anybody on this machine while the server
 * listens on loopback.
 * On loopback a page of another site must not reach it either: through its own origin, through a name of its own that resolves to
 * 127.0.0.1 (DNS rebinding), or with a GET that tells no origin, as an image's. Nor may what a proxy on this machine lets in.
 */
const LOOPBACK_HOSTS = new Set(['127.0.0.1', 'localhost', '[::1]', '::1'])

/** As it is written: a URL parser makes loopback of much that no browser sends for it. */
const LOOPBACK_HOST_HEADER = /^(?:127\.0\.0\.1|localhost|\[::1\])(?::\d{1,5})?$/i

/** Browsers say it of themselves; a page cannot change it. Another server of this machine is `same-site`. */
const OWN_FETCH_SITES: ReadonlySet<unknown> = new Set([undefined, 'same-origin', 'none'])

const PROXY_HEADERS = ['forwarded', 'x-forwarded-for', 'x-forwarded-host', 'x-real-ip', 'via'] as const

export function isLoopbackHost(host: string): boolean {
  return LOOPBACK_HOSTS.has(host)
}

/** Errors: OPERATOR_TOKEN_REQUIRED, FOREIGN_HOST, FOREIGN_ORIGIN. */
export function guardOperator(request: IncomingMessage, listenHost: string, operatorToken: string | undefined): void {
  if (operatorToken !== undefined && hasToken(request, operatorToken)) return
  // A token that is set is always wanted: behind a proxy on this machine everybody seems to come from here.
  if (operatorToken !== undefined || !isLoopbackHost(listenHost)) throw new CodedError('OPERATOR_TOKEN_REQUIRED')
  const { host = '', origin } = request.headers
  if (!LOOPBACK_HOST_HEADER.test(host)) throw new CodedError('FOREIGN_HOST')
  if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`) throw new CodedError('FOREIGN_ORIGIN')
  if (!OWN_FETCH_SITES.has(request.headers['sec-fetch-site'])) throw new CodedError('FOREIGN_ORIGIN')
  if (PROXY_HEADERS.some((name) => request.headers[name] !== undefined)) throw new CodedError('OPERATOR_TOKEN_REQUIRED', 'the request came through a proxy')
}

function hasToken(request: IncomingMessage, token: string): boolean {
  const given = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? ''
  return timingSafeEqual(digestOf(given), digestOf(token))
}

function digestOf(text: string): Uint8Array {
  return createHash('sha256').update(text).digest()
}
