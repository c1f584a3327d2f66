import type { Log } from '@portline/runtime/log.ts'
import { CLONES_WATCHED, MOVE_SKEW_MS } from '../limits.ts'
import { raisedAtMs } from '../raised-at.ts'
import type { Installation, NewEvent } from '../store/port.ts'
import { keyOf } from '../store/portal-key.ts'
import { byEvent } from './installations.ts'
import type { Installations } from './installations.ts'

interface Other {
  readonly host: string
  readonly raisedAtMs: number
  /** When the known address last changed, as it was when this was seen. */
  readonly knownSinceMs: number | undefined
}

/**
 * Finds a copy of an on-premise portal that is alive beside the original: both have the member_id and the application_token, so what
 * either sends is proven, but each says where it is. A portal that was renamed sends from its new address and never again from the
 * old one; two send in turn.
 *
 *     alone ──event from another address──> moved or two ──a later one from the known address──> two (noticed)
 *                                                └──the known address has changed──> alone
 *
 * By the portal's own clock (`ts`), because a queue delivers late events. What was seen before the known address last changed tells
 * nothing of the one that is known now: whoever moved it, the authorization server or an administrator, has answered it.
 */
export class CloneWatch {
  readonly #installations: Pick<Installations, 'noticeClone'>
  readonly #log: Log
  readonly #others = new Map<string, Other>()

  constructor(installations: Pick<Installations, 'noticeClone'>, log: Log) {
    this.#installations = installations
    this.#log = log
  }

  /** Of every proven event: in the usual case one comparison of two strings. */
  look(installation: Installation, event: NewEvent, clientEndpoint: string | undefined): void {
    if (clientEndpoint === undefined || installation.reason === 'PORTAL_CLONED') return
    if (clientEndpoint === installation.clientEndpoint) {
      if (this.#others.size > 0) this.#known(installation, event)
    } else this.#other(installation, event, clientEndpoint)
  }

  #known(installation: Installation, event: NewEvent): void {
    const key = keyOf(installation)
    const other = this.#others.get(key)
    if (other === undefined) return
    if (other.knownSinceMs !== installation.domainAtMs) this.#others.delete(key)
    else if ((raisedAtMs(event.ts) ?? 0) > other.raisedAtMs) this.#notice(key, event)
  }

  #other(installation: Installation, event: NewEvent, clientEndpoint: string): void {
    const host = URL.canParse(clientEndpoint) ? new URL(clientEndpoint).host : ''
    const atMs = raisedAtMs(event.ts) ?? 0
    if (host === '' || atMs <= 0) return
    if (host === installation.domain) return this.#known(installation, event)
    // Raised before it moved, or perhaps so: nobody's clocks agree to the second.
    if (host === installation.formerDomain && atMs < (installation.domainAtMs ?? 0) + MOVE_SKEW_MS) return
    const key = keyOf(installation)
    const former = this.#others.get(key)
    const lastMs = former?.knownSinceMs === installation.domainAtMs ? (former?.raisedAtMs ?? 0) : 0
    const [oldest] = this.#others.keys()
    if (this.#others.size >= CLONES_WATCHED && oldest !== undefined) this.#others.delete(oldest)
    this.#others.set(key, { host, raisedAtMs: Math.max(atMs, lastMs), knownSinceMs: installation.domainAtMs })
  }

  #notice(key: string, event: NewEvent): void {
    this.#others.delete(key)
    const { app, memberId } = event
    this.#log.error({ app, portal: memberId, code: 'PORTAL_CLONED' }, 'two portals speak in the name of one')
    this.#installations.noticeClone(event, byEvent(event)).catch((error: unknown) => {
      this.#log.warn({ app, portal: memberId, error: String(error) }, 'the clone could not be noted')
    })
  }
}
