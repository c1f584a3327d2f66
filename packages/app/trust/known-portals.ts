import type { Installation, PortalKey } from '../store/port.ts'
import { keyOf } from '../store/portal-key.ts'
import { digestOfSealed, hasDigest } from '../tokens/application-token.ts'
import type { Sealer } from '../tokens/sealer.ts'

/**
 * What the hot path needs of every installation, in memory: what is known of it and a digest of its application_token. The store
 * stays the truth; whoever changes an installation there tells it here after the change is durable.
 */
export interface KnownPortal {
  readonly installation: Installation
  readonly tokenDigest?: Uint8Array
}

export class KnownPortals {
  readonly #sealer: Sealer
  readonly #known = new Map<string, KnownPortal>()

  constructor(sealer: Sealer) {
    this.#sealer = sealer
  }

  learn(installation: Installation): void {
    const { applicationToken } = installation
    const tokenDigest = applicationToken && digestOfSealed(this.#sealer, installation, applicationToken)
    this.#known.set(keyOf(installation), { installation, ...(tokenDigest === undefined ? {} : { tokenDigest }) })
  }

  /** All of them. */
  *installations(): Generator<Installation> {
    for (const { installation } of this.#known.values()) yield installation
  }

  get(portal: PortalKey): KnownPortal | undefined {
    return this.#known.get(keyOf(portal))
  }
}

export function isApplicationToken({ tokenDigest }: KnownPortal, token: string): boolean {
  return tokenDigest !== undefined && hasDigest(token, tokenDigest)
}
