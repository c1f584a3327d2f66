import { CodedError } from './errors.ts'

/** Why a server could not listen: what whoever gave host and port can mend, with a code; anything else as it came. */
export function listenError(cause: unknown, host: string, port: number): unknown {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : ''
  if (code === 'EADDRINUSE') return new CodedError('ADDRESS_IN_USE', `${host}:${port} is taken`, { cause })
  const problem = problemOf(code, host, port)
  return problem === undefined ? cause : new CodedError('CONFIG_INVALID', `${problem} (${code})`, { cause })
}

function problemOf(code: string, host: string, port: number): string | undefined {
  switch (code) {
    case 'EACCES':
      return `port ${port} cannot be listened on by this user: choose one from 1024 on`
    case 'EADDRNOTAVAIL':
      return `the host to listen on: ${host} is no address of this machine`
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return `the host to listen on: ${wanted(host)}`
    case 'EAFNOSUPPORT':
    case 'EINVAL':
      return `the host to listen on: ${host} cannot be listened on`
    default:
      return undefined
  }
}

function wanted(host: string): string {
  const bare = /^\[(?<address>.*:.*)\]$/.exec(host)?.groups?.['address']
  return bare === undefined ? `no address is found for "${host}"` : `"${host}" is an address of a URL: write ${bare}`
}
