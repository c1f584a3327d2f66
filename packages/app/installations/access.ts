import type { Clock } from '@portline/runtime/clock.ts'
import { UNBLOCK_BY_CALL_MS } from '../limits.ts'
import type { PortalKey } from '../store/port.ts'
import type { Installations } from './installations.ts'
import { PORTAL_BLOCKS } from './states.ts'
import type { BlockReason } from './states.ts'

/** Learns from what portals answer to REST calls whether they let the app work. Nothing is asked for it. */
export class AccessWatch {
  readonly #installations: Pick<Installations, 'known' | 'block' | 'unblock'>
  readonly #clock: Clock

  constructor(installations: Pick<Installations, 'known' | 'block' | 'unblock'>, clock: Clock) {
    this.#installations = installations
    this.#clock = clock
  }

  /** `refusal`: what the portal says it refuses every call for; absent when the call succeeded. */
  async answered(portal: PortalKey, refusal: BlockReason | undefined): Promise<void> {
    const known = this.#installations.known(portal)
    if (known === undefined) return
    const nowMs = this.#clock.now()
    if (refusal !== undefined) {
      if (known.status === 'new' || known.status === 'active') await this.#installations.block(portal, refusal, { by: 'app side' }, nowMs)
    } else if (known.status === 'blocked' && nowMs - (known.statusAtMs ?? 0) >= UNBLOCK_BY_CALL_MS) {
      await this.#installations.unblock(portal, PORTAL_BLOCKS, { by: 'app side' }, nowMs)
    }
  }
}
