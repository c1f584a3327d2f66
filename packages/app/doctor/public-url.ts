import type { Network } from '@portline/runtime/network.ts'
import type { Resolver } from '@portline/runtime/resolver.ts'
import { kindOf, plainHost } from '../destinations/address-guard.ts'
import { REMOTE_ANSWER_MAX_BYTES, REMOTE_ANSWER_MS } from '../limits.ts'
import { finding } from './findings.ts'
import type { Finding } from './findings.ts'

/** Calls the app's own address as Bitrix24 would, from here. An empty form is no event: nothing is stored, nothing counted. */
export interface PublicUrlParts {
  readonly network: Network
  readonly resolver: Resolver
}

/** What this app side answers to a form without an event. */
const EXPECTED = 'EVENT_MISSING'
const LIMITS = { timeoutMs: REMOTE_ANSWER_MS, maxBytes: REMOTE_ANSWER_MAX_BYTES }

/** `portalIsHere`: the portal is on this machine, so any address of this machine will do. */
export async function examinePublicUrl({ network, resolver }: PublicUrlParts, address: string, portalIsHere: boolean): Promise<Finding[]> {
  if (!URL.canParse(address)) return [finding('PUBLIC_URL_REFUSED', address)]
  const { hostname, origin } = new URL(address)
  const addresses = await resolver.addresses(plainHost(hostname)).catch(() => [])
  if (addresses.length === 0) return [finding('PUBLIC_URL_NOT_FOUND', hostname)]
  const inside = addresses.filter((each) => kindOf(each) !== 'public')
  if (inside.length > 0 && !portalIsHere) return [finding('PUBLIC_URL_PRIVATE', `${hostname} leads to ${inside.join(', ')}`)]
  try {
    const { status, json } = await network.postForm(address, {}, LIMITS)
    const error = typeof json === 'object' && json !== null && 'error' in json ? json.error : undefined
    return error === EXPECTED ? [] : [finding('PUBLIC_URL_WRONG_ANSWER', `${origin} answered ${status}${isCode(error) ? ` ${error}` : ''}`)]
  } catch (error) {
    return [ofFailure(error, origin)]
  }
}

function isCode(value: unknown): value is string {
  return typeof value === 'string' && /^[\w ]{1,60}$/.test(value)
}

/** Node's and OpenSSL's names for what is wrong with a certificate or a handshake. */
const TLS_CODES = /^(?:ERR_TLS|ERR_SSL|CERT_|DEPTH_ZERO_|SELF_SIGNED_|UNABLE_TO_)|^EPROTO$/

function ofFailure(error: unknown, origin: string): Finding {
  if (error instanceof SyntaxError) return finding('PUBLIC_URL_WRONG_ANSWER', `${origin} answered something that is no JSON`)
  const code = codeIn(error)
  if (TLS_CODES.test(code)) return finding('PUBLIC_URL_TLS', `${origin}: ${code}`)
  return finding('PUBLIC_URL_UNREACHABLE', `${origin}: ${code === '' ? 'no answer' : code}`)
}

function codeIn(error: unknown): string {
  const deepest = 4
  let current = error
  for (let depth = 0; depth < deepest && typeof current === 'object' && current !== null; depth++) {
    if ('code' in current && typeof current.code === 'string') return current.code
    current = 'cause' in current ? current.cause : undefined
  }
  return error instanceof Error && error.name === 'TimeoutError' ? 'no answer in time' : ''
}
