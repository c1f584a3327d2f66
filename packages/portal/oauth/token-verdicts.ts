import type { PortalContext } from '../context.ts'
import { nowS } from '../context.ts'
import { PORTAL_LIMITS } from '../limits.ts'
import type { ExaminedToken } from './tokens.ts'
import { examineToken } from './tokens.ts'

interface Verdict {
  readonly examined: ExaminedToken | undefined
  readonly untilS: number
}

/**
 * What the portal remembers of access tokens it asked the OAuth server about, good and bad alike (module source,
 * rest/lib/oauth/storagecache.php). While a verdict is remembered a revoked token goes on working, and one that was unknown
 * stays so. A token's own end is looked at each time.
 */
export class TokenVerdicts {
  readonly #lifetimeS: number
  readonly #verdicts = new Map<string, Verdict>()

  /** @param lifetimeS 0: asks each time. About 3,600 on a real portal. */
  constructor(lifetimeS: number) {
    this.#lifetimeS = lifetimeS
  }

  examine(context: PortalContext, token: string): ExaminedToken | undefined {
    const now = nowS(context)
    const known = this.#verdicts.get(token)
    if (known !== undefined && known.untilS > now && isOfThisWorld(context, known)) {
      const { examined } = known
      return examined === undefined ? undefined : { ...examined, expired: examined.claims.expiresS <= now }
    }
    const examined = examineToken(context, 'access', token)
    if (this.#lifetimeS > 0) this.#remember(token, { examined, untilS: now + this.#lifetimeS })
    return examined
  }

  #remember(token: string, verdict: Verdict): void {
    this.#verdicts.delete(token)
    for (const oldest of this.#verdicts.keys()) {
      if (this.#verdicts.size < PORTAL_LIMITS.maxTokenVerdicts) break
      this.#verdicts.delete(oldest)
    }
    this.#verdicts.set(token, verdict)
  }
}

/** A portal that took over another state has other rows under the same numbers. */
function isOfThisWorld({ world }: PortalContext, { examined }: Verdict): boolean {
  return examined === undefined || world.appById(examined.app.id) === examined.app
}
