/**
 * Where portals may be. Anywhere, when nothing is said: only a known authorization server names a portal's address, and it is called
 * over https. A list narrows that to hosts by name (portal.example.com) and to all below a domain (*.bitrix24.com).
 */
export class PortalHosts {
  readonly #hosts: readonly string[]

  constructor(hosts: readonly string[] = []) {
    this.#hosts = hosts.map((host) => host.toLowerCase())
  }

  allows(hostname: string): boolean {
    if (this.#hosts.length === 0) return true
    const host = hostname.toLowerCase().replace(/\.$/, '')
    return this.#hosts.some((entry) => (entry.startsWith('*.') ? host.endsWith(entry.slice(1)) : host === entry))
  }
}
