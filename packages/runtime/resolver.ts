import { lookup } from 'node:dns/promises'

/** Names to addresses, as a dependency. */
export interface Resolver {
  /** Every address of the name, IPv4 and IPv6. Rejects with a `code` such as ENOTFOUND when there is none. */
  addresses(hostname: string): Promise<readonly string[]>
}

/** Asks as every other program of the machine does, its hosts file included. */
export const systemResolver: Resolver = {
  async addresses(hostname) {
    const found = await lookup(hostname, { all: true })
    return found.map(({ address }) => address)
  },
}
