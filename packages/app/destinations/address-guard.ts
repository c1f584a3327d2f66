import { BlockList, isIP } from 'node:net'
import { DeliveryError } from './delivery-error.ts'

/**
 * Which addresses may be reached. Only public ones, unless the operator opened others in `allowPrivate`: a host name opens
 * the private and loopback addresses it leads to, an address or a network (10.1.0.0/16) opens itself. What is special beyond
 * that (link-local, metadata services, multicast, tunnels into IPv4) must be opened by address. Plain http is for opened
 * addresses only. Nothing of an event has a say in it.
 */
export class AddressGuard {
  readonly #hosts = new Set<string>()
  readonly #networks = new BlockList()

  /** Throws an Error naming the entry that is none. */
  constructor(allowPrivate: readonly string[] = []) {
    for (const entry of allowPrivate) {
      const [address = '', prefix, ...more] = plainHost(entry).split('/')
      const family = isIP(address)
      if (family === 0 && !HOST_NAME.test(plainHost(entry))) throw new Error(`${entry} is no host name, address or network`)
      if (family === 0) this.#hosts.add(plainHost(entry))
      else if (prefix === undefined) this.#networks.addAddress(address, family === 4 ? 'ipv4' : 'ipv6')
      else if (isPrefix(prefix, family) && more.length === 0) this.#networks.addSubnet(address, Number(prefix), family === 4 ? 'ipv4' : 'ipv6')
      else throw new Error(`${entry} is no network`)
    }
  }

  /** Why the address may not be reached under this name; undefined when it may. */
  objection(hostname: string, address: string, secure: boolean): string | undefined {
    const kind = kindOf(address)
    const host = plainHost(hostname)
    if (this.#networks.check(bare(address), familyOf(address))) return undefined
    if (kind === 'private' && this.#hosts.has(host)) return undefined
    if (kind !== 'public') return `${host} leads to ${address}, which is not a public address`
    return secure ? undefined : `${host} leads to ${address}, a public address: use https`
  }

  /** Errors: DESTINATION_FORBIDDEN. One address that may not be reached is enough: an answer with both is an attack or a slip. */
  check(hostname: string, addresses: readonly string[], secure: boolean): void {
    for (const address of addresses) {
      const objection = this.objection(hostname, address, secure)
      if (objection !== undefined) throw new DeliveryError('DESTINATION_FORBIDDEN', objection, { unavailable: true })
    }
  }
}

export type AddressKind = 'public' | 'private' | 'special'

export function kindOf(address: string): AddressKind {
  const family = familyOf(address)
  if (isIP(bare(address)) === 0 || SPECIAL.check(bare(address), family)) return 'special'
  if (PRIVATE.check(bare(address), family)) return 'private'
  // Of IPv6 only 2000::/3 has been given out; an IPv4 address in IPv6 clothes is judged as IPv4 (BlockList sees through them).
  if (family === 'ipv4' || MAPPED_IPV4.check(bare(address), 'ipv6')) return 'public'
  return GLOBAL_IPV6.check(bare(address), 'ipv6') ? 'public' : 'special'
}

/** A URL's host without brackets and without the dot at the end that means the same. */
export function plainHost(hostname: string): string {
  return hostname.toLowerCase().replace(/^\[(.*)\]$/, '$1').replace(/\.$/, '')
}

const HOST_NAME = /^(?=.{1,253}$)[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?(?:\.[a-z0-9_](?:[a-z0-9_-]*[a-z0-9_])?)*$/

/** Without the zone of fe80::1%eth0, which BlockList does not know. */
function bare(address: string): string {
  return address.replace(/%.*$/, '')
}

function familyOf(address: string): 'ipv4' | 'ipv6' {
  return isIP(address) === 4 ? 'ipv4' : 'ipv6'
}

function isPrefix(text: string, family: number): boolean {
  return /^\d{1,3}$/.test(text) && Number(text) <= (family === 4 ? 32 : 128)
}

function listOf(...networks: readonly string[]): BlockList {
  const list = new BlockList()
  for (const network of networks) {
    const [address = '', prefix = ''] = network.split('/')
    // Not asked of node:net, which would build its expression for IPv6 in every start.
    list.addSubnet(address, Number(prefix), address.includes(':') ? 'ipv6' : 'ipv4')
  }
  return list
}

/** Networks of somebody's own: loopback, RFC 1918, the carrier's (RFC 6598), unique local. */
const PRIVATE = listOf('127.0.0.0/8', '10.0.0.0/8', '172.16.0.0/12', '192.168.0.0/16', '100.64.0.0/10', '::1/128', 'fc00::/7')

/** IANA's special-purpose registries, and where clouds keep the credentials of their machines. */
const SPECIAL = listOf(
  // This host, link-local, protocol assignments, documentation, the 6to4 relay, benchmarks, multicast, reserved and broadcast.
  '0.0.0.0/8', '169.254.0.0/16', '192.0.0.0/24', '192.0.2.0/24', '192.88.99.0/24', '198.18.0.0/15', '198.51.100.0/24',
  '203.0.113.0/24', '224.0.0.0/4', '240.0.0.0/4',
  // Metadata and agents: Alibaba in the carrier's network, Azure at a public address, AWS and Google in unique local ones.
  '100.100.100.200/32', '168.63.129.16/32', 'fd00:ec2::254/128', 'fd20:ce::254/128',
  // Inside 2000::/3: Teredo and other assignments, documentation, 6to4. NAT64 and the rest lie outside it.
  '2001::/23', '2001:db8::/32', '2002::/16', '3fff::/20',
)
const GLOBAL_IPV6 = listOf('2000::/3')
const MAPPED_IPV4 = listOf('::ffff:0:0/96')
