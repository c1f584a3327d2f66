import { createHash, timingSafeEqual } from 'node:crypto'
import type { IncomingMessage } from 'node:http'
import { CodedError } from '@portline/wire/errors.ts'

/**
 * Who may use the operator API: whoever has the token, or, where none is set, anybody on this machine while the server
 * listens on loopback.
 * On loopback a page of another site must not reach it either: through its own origin, or through a name of its own that
 * resolves to 127.0.0.1 (DNS rebinding).
 */
const LOOPBACK_HOSTS = new Set(['127.0.0.1', 'localhost', '[::1]', '::1'])

export function isLoopbackHost(host: string): boolean {
  return LOOPBACK_HOSTS.has(host)
}

/** Errors: OPERATOR_TOKEN_REQUIRED, FOREIGN_HOST, FOREIGN_ORIGIN. */
export function guardOperator(request: IncomingMessage, listenHost: string, operatorToken: string | undefined): void {
  if (operatorToken !== undefined && hasToken(request, operatorToken)) return
  // A token that is set is always wanted: behind a proxy on this machine everybody seems to come from here.
  if (operatorToken !== undefined || !isLoopbackHost(listenHost)) throw new CodedError('OPERATOR_TOKEN_REQUIRED')
  const host = request.headers.host ?? ''
  if (!isLoopbackHost(hostnameOf(`http://${host}`))) throw new CodedError('FOREIGN_HOST')
  const { origin } = request.headers
  if (origin !== undefined && origin !== `http://${host}` && origin !== `https://${host}`) throw new CodedError('FOREIGN_ORIGIN')
}

function hasToken(request: IncomingMessage, token: string): boolean {
  const given = /^Bearer (.+)$/i.exec(request.headers.authorization ?? '')?.[1] ?? ''
  return timingSafeEqual(digestOf(given), digestOf(token))
}

function digestOf(text: string): Uint8Array {
  return createHash('sha256').update(text).digest()
}

function hostnameOf(url: string): string {
  return URL.canParse(url) ? new URL(url).hostname : ''
}
