import { CodedError } from '@portline/wire/errors.ts'
import type { KeyAndCertificate } from './self-signed.ts'
import { createSelfSigned } from './self-signed.ts'

/**
 * true: a self-signed certificate made at the start, for localhost and the loopback addresses; `names`: for these hosts too,
 * such as one the portal will be renamed to; or a key and a certificate of one's own, both PEM.
 */
export type TlsOption = boolean | { readonly names: readonly string[] } | KeyAndCertificate

const LOCAL_NAMES = ['localhost', '127.0.0.1', '::1']
const ANY_ADDRESS = new Set(['0.0.0.0', '::'])
/** Characters of a host name (RFC 1035). */
const HOST_NAME = /^[A-Za-z0-9.:-]{1,253}$/

/** undefined: plain HTTP. CONFIG_INVALID for a name that is none. @param host the portal listens on */
export function certificateFor(option: TlsOption | undefined, host: string): KeyAndCertificate | undefined {
  if (option === undefined || option === false) return undefined
  if (option !== true && 'key' in option) return option
  const names = new Set([...LOCAL_NAMES, ...(ANY_ADDRESS.has(host) ? [] : [host]), ...(option === true ? [] : option.names)])
  for (const name of names) if (!HOST_NAME.test(name)) throw new CodedError('CONFIG_INVALID', `tls: not a host name: ${name}`)
  return createSelfSigned([...names])
}
