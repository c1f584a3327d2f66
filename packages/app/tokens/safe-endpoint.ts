const LOOPBACK_NAMES = ['127.0.0.1', 'localhost', '[::1]']

/** Tokens travel to this address: in the clear only where the authorization server itself is on this machine. */
export function isSafeEndpoint({ protocol, hostname }: URL, server: URL): boolean {
  if (protocol === 'https:') return true
  return protocol === 'http:' && LOOPBACK_NAMES.includes(hostname) && LOOPBACK_NAMES.includes(server.hostname)
}
