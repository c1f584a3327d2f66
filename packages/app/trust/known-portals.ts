import { createHash, timingSafeEqual } from 'node:crypto'
import type { Installation, PortalKey } from '../store/port.ts'
import { keyOf } from '../store/portal-key.ts'
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
    const token = applicationToken && this.#sealer.open(applicationTokenPurpose(installation), applicationToken)
    this.#known.set(keyOf(installation), { installation, ...(token === undefined ? {} : { tokenDigest: digestOf(token) }) })
  }

  get(portal: PortalKey): KnownPortal | undefined {
    return this.#known.get(keyOf(portal))
  }
}

export function applicationTokenPurpose({ app, memberId }: PortalKey): string {
  return `application_token:${app}:${memberId}`
}

/** Constant-time: digests have one length, and how far they agree tells nothing of the token. */
export function isApplicationToken(known: KnownPortal, token: string): boolean {
  return known.tokenDigest !== undefined && timingSafeEqual(known.tokenDigest, digestOf(token))
}

function digestOf(token: string): Uint8Array {
  return createHash('sha256').update(token).digest()
}
