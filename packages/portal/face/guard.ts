import { CodedError } from '@portline/wire/errors.ts'
import type { FastifyRequest } from 'fastify'

const LOOPBACK_NAMES = new Set(['localhost', '127.0.0.1', '[::1]'])
const LOOPBACK_ADDRESSES = /^(127\.|::1$|::ffff:127\.)/

/**
 * The control API has no password, so only this machine may use it: not another machine, not a name that was made to
 * point here (DNS rebinding), not a page of another site in this machine's browser. FOREIGN_HOST, FOREIGN_ORIGIN.
 */
export function requireOwnMachine(request: FastifyRequest): void {
  if (!LOOPBACK_ADDRESSES.test(request.socket.remoteAddress ?? '')) {
    throw new CodedError('FOREIGN_HOST', 'The control API is open on loopback only')
  }
  const host = request.headers.host ?? ''
  const hostname = URL.parse(`http://${host}`)?.hostname
  if (hostname === undefined || !isLoopbackName(hostname)) throw new CodedError('FOREIGN_HOST')
  const origin = request.headers.origin
  if (origin !== undefined && origin !== `${request.protocol}://${host}`) throw new CodedError('FOREIGN_ORIGIN')
}

/** Every name under localhost is this machine (RFC 6761), so no other site can have one. */
function isLoopbackName(hostname: string): boolean {
  return LOOPBACK_NAMES.has(hostname) || hostname.endsWith('.localhost')
}
