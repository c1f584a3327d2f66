import type { Log } from '@portline/runtime/log.ts'
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
  /** Absent while the application_token is not known, or opens with no key at hand. */
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

  /** Whether a key at hand opens the application_token of any of them. */
  opensSome(): boolean {
    for (const { tokenDigest } of this.#known.values()) if (tokenDigest !== undefined) return true
    return false
  }

  /** Those whose events are held though their application_token is stored. */
  unopened(): readonly Installation[] {
    return [...this.#known.values()].flatMap(({ installation, tokenDigest }) => {
      const { applicationToken, status } = installation
      return applicationToken !== undefined && tokenDigest === undefined && status !== 'deleted' ? [installation] : []
    })
  }
}

/** A key that is lost leaves thousands of portals so, and a log of their names alone helps nobody. */
const UNOPENED_NAMED = 20

export function tellUnopened(known: KnownPortals, log: Log): void {
  const unopened = known.unopened()
  for (const { app, memberId } of unopened.slice(0, UNOPENED_NAMED)) {
    log.warn({ app, portal: memberId, code: 'KEY_INVALID' },
      'the application_token of a portal opens with no key at hand: its events are held until the key is back, or an administrator opens or installs the app there')
  }
  if (unopened.length > UNOPENED_NAMED) log.warn({ portals: unopened.length, code: 'KEY_INVALID' }, 'so it is with this many portals')
}

export function isApplicationToken({ tokenDigest }: KnownPortal, token: string): boolean {
  return tokenDigest !== undefined && hasDigest(token, tokenDigest)
}
