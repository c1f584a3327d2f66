import type { IncomingMessage } from 'node:http'
import { BlockList, isIP } from 'node:net'
import { CodedError } from '@portline/wire/errors.ts'

/**
 * Where a request comes from. X-Forwarded-For is whatever its writer likes, so it counts only as far as trusted proxies wrote it: read
 * from its end, the first address that is none of theirs is the sender's.
 */
export class SenderAddresses {
  readonly #proxies: AddressList | undefined

  /** Addresses and networks of proxies. Errors: CONFIG_INVALID. */
  constructor(trustedProxies: readonly string[] = []) {
    this.#proxies = trustedProxies.length === 0 ? undefined : new AddressList()
    for (const entry of trustedProxies) {
      if (this.#proxies?.add(entry) === false) throw new CodedError('CONFIG_INVALID', `${entry} is no address or network of a proxy`)
    }
  }

  of(request: IncomingMessage): string {
    const peer = plainAddress(request.socket.remoteAddress ?? '')
    if (this.#proxies?.has(peer) !== true) return peer
    const forwarded = request.headers['x-forwarded-for']
    const hops = (Array.isArray(forwarded) ? forwarded.join(',') : (forwarded ?? '')).split(',')
    let sender = peer
    for (const hop of hops.toReversed()) {
      const address = plainAddress(hop.trim())
      // What no proxy would write was there before.
      if (isIP(address) === 0) return sender
      sender = address
      if (!this.#proxies.has(address)) return sender
    }
    return sender
  }
}

/** Addresses and networks (10.0.0.0/8), of both families. */
export class AddressList {
  readonly #list = new BlockList()
  size = 0

  /** false when it is none. */
  add(entry: string): boolean {
    const [address = '', prefix, ...rest] = entry.trim().split('/')
    const family = isIP(address)
    if (family === 0 || rest.length > 0) return false
    const kind = family === 4 ? 'ipv4' : 'ipv6'
    if (prefix === undefined) this.#list.addAddress(address, kind)
    else if (/^\d{1,3}$/.test(prefix) && Number(prefix) <= (family === 4 ? 32 : 128)) this.#list.addSubnet(address, Number(prefix), kind)
    else return false
    this.size += 1
    return true
  }

  has(address: string): boolean {
    const family = isIP(address)
    return family !== 0 && this.#list.check(address, family === 4 ? 'ipv4' : 'ipv6')
  }
}

/** An IPv4 address in IPv6 clothes as what it is; without the zone of fe80::1%eth0, and without the port that some proxies add. */
export function plainAddress(address: string): string {
  // The usual one, on a path that every event takes.
  if (!address.includes(':')) return address
  const bare = address.replace(/^\[(.*)\](?::\d+)?$/, '$1').replace(/%.*$/, '')
  return bare.replace(/^::ffff:(?=\d+\.)/i, '').replace(/^(\d+\.\d+\.\d+\.\d+):\d+$/, '$1')
}

const GROUPS = 8
const NETWORK_GROUPS = 4

/** Who shares what is given out by sender: one IPv4 address, or the /64 that an IPv6 host has to itself. */
export function networkOf(address: string): string {
  if (!address.includes(':')) return address
  const [head = '', tail] = address.split('::')
  const groups = head === '' ? [] : head.split(':')
  const after = tail === undefined || tail === '' ? [] : tail.split(':')
  if (tail !== undefined) while (groups.length + after.length < GROUPS) groups.push('0')
  return [...groups, ...after].slice(0, NETWORK_GROUPS).map((group) => group.replace(/^0+(?=.)/, '')).join(':')
}
