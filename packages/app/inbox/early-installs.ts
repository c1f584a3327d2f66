import type { Log } from '@portline/runtime/log.ts'
import type { Clock } from '@portline/runtime/clock.ts'
import type { AuthBlock } from '@portline/wire/envelope.ts'
import { textField } from '@portline/wire/form/value.ts'
import { codedCauseOf } from '../bitrix24/call-rest.ts'
import { byEvent } from '../installations/installations.ts'
import type { Installations } from '../installations/installations.ts'
import { pairIn } from '../installations/lifecycle.ts'
import { believedRaisedAtMs } from '../raised-at.ts'
import type { Installation, NewEvent } from '../store/port.ts'
import type { TokenPair } from '../tokens/token-pair.ts'
import type { Prover } from '../trust/prover.ts'
import type { Lanes } from './lanes.ts'

/**
 * An install over a live installation waits in its lane, and what is before it may fail for the very want of what it brings: tokens
 * that work, bindings, a portal that answers again (its uninstall was lost). So one that has to wait is proven and applied when it comes
 * in. Its lane does it once more in its order, and anything that goes wrong here is left to that.
 */
export interface EarlyInstallsParts {
  readonly installations: Installations
  readonly prover: Prover
  readonly clientIdOf: (app: string) => string
  /** Binds and registers what the app declares. */
  readonly equip: (installation: Installation) => Promise<void>
  readonly lanes: Pick<Lanes, 'hasten'>
  readonly clock: Clock
  readonly log: Log
}

const INSTALLS: ReadonlySet<string> = new Set(['ONAPPINSTALL', 'ONAPPUPDATE'])

export class EarlyInstalls {
  readonly #parts: EarlyInstallsParts

  constructor(parts: EarlyInstallsParts) {
    this.#parts = parts
  }

  /** `waits`: its lane does not begin it at once. */
  look(event: NewEvent, auth: AuthBlock, waits: boolean): void {
    if (!INSTALLS.has(event.code)) return
    this.#look(event, auth, waits).catch((error: unknown) => {
      this.#parts.log.info({ app: event.app, portal: event.memberId, error: String(error) }, 'an install is applied later, in its lane')
    })
  }

  async #look(event: NewEvent, auth: AuthBlock, waits: boolean): Promise<void> {
    await this.#noteRaised(event)
    if (waits) await this.#apply(event, auth)
  }

  /**
   * Before anybody is asked, which may take long: an uninstall raised before this install must be doubted from now on, or it would end what
   * this one begins.
   */
  async #noteRaised(event: NewEvent): Promise<void> {
    const { installations, clock } = this.#parts
    const known = installations.known(event)
    const raised = believedRaisedAtMs(event.ts, clock.now())
    if (known?.generation !== event.generation || raised === undefined || raised <= (known.raisedAtMs ?? 0)) return
    await installations.patch(event, { raisedAtMs: raised })
  }

  async #apply(event: NewEvent, auth: AuthBlock): Promise<void> {
    const { installations, prover, clientIdOf, equip, lanes, clock } = this.#parts
    const pair = pairIn(auth, event)
    const known = installations.known(event)
    if (pair === undefined || known === undefined || known.generation !== event.generation) return
    const askedAtMs = clock.now()
    const serverEndpoint = auth.server_endpoint ?? known.serverEndpoint
    const proven = await prover.prove({ clientId: clientIdOf(event.app), memberId: event.memberId, accessToken: pair.accessToken, serverEndpoint })
    if (!proven.installed) return
    const confirm = (adopted: TokenPair | undefined): Promise<Installation> => installations.confirm(event, proven, {
      status: 'active', askedAtMs, language: textField(event.data, 'LANGUAGE_ID'), version: textField(event.data, 'VERSION'), ts: event.ts,
      pair: adopted, cause: byEvent(event),
    })
    const isInstall = event.code === 'ONAPPINSTALL'
    await equip(await confirm(isInstall ? pair : undefined)).catch(async (error: unknown) => {
      // An update's are only some administrator's, but better than none.
      if (isInstall || codedCauseOf(error)?.code !== 'TOKENS_DEAD') throw error
      await equip(await confirm(pair))
    })
    await lanes.hasten(event)
  }
}
