import type { Clock, Timer } from '@portline/runtime/clock.ts'
import type { Log } from '@portline/runtime/log.ts'
import { byEvent } from '../installations/installations.ts'
import type { Installations } from '../installations/installations.ts'
import { asksToClean } from '../installations/lifecycle.ts'
import { ERASE_WAITS_MS } from '../limits.ts'
import type { ListedEvent, NewEvent, PortalKey, Store } from '../store/port.ts'
import type { Lanes } from './lanes.ts'
import { STORE_RETRY_MS } from './settler.ts'

/**
 * An uninstall closes its installation when it comes in: that stops all use of revoked tokens at once and lets the uninstall past events
 * that wait for a retry. Its lane closes once more, in its order.
 *
 *     accepted ──closed──> closed ──its lane is due now──> gone
 *        └──────────────────────┴── the store fails: tried again; the process ends: by the next one, at its start
 *
 * Whoever sent it is answered when it is closed: outcomes that cannot be written just now may keep the lane's part waiting.
 *
 * CLEAN=1 is followed when the app's handler of the uninstall has ended, or has had ERASE_WAITS_MS (eraseOverdue): what comes before it
 * in the lane, its own retries and a destination out of reach all count.
 *
 * It must not be left to the lane: an install that is proven before the lane comes to the uninstall would find the former installation
 * open, and become a part of it; then the lane would close, and erase, what is in use again.
 */
export interface ClosingsParts {
  readonly store: Store
  readonly installations: Installations
  readonly lanes: Pick<Lanes, 'wake' | 'hasten'>
  readonly clock: Clock
  readonly log: Log
}

const PAGE_EVENTS = 100

export class Closings {
  readonly #parts: ClosingsParts
  readonly #again = new Set<Timer>()
  #stopped = false

  constructor(parts: ClosingsParts) {
    this.#parts = parts
  }

  /** Closes what a former process has not. An uninstall that was closed and never tried may still wait behind a failing event. */
  start(): Promise<void> {
    const { installations } = this.#parts
    return this.#eachPending(async (event) => {
      if (installations.known(event)?.status !== 'deleted') await this.close(event)
      else if (event.attempts === 0) void this.#hasten(event)
    })
  }

  /** Begins the erasures whose uninstalls have waited long enough for their handlers. Never rejects. */
  eraseOverdue(): Promise<void> {
    const { installations, clock } = this.#parts
    return this.#eachPending(async (event) => {
      if (asksToClean(event) && clock.now() - event.receivedAtMs >= ERASE_WAITS_MS) await installations.erase(event)
    })
  }

  async #eachPending(work: (event: ListedEvent) => Promise<void>): Promise<void> {
    const { store, log } = this.#parts
    try {
      for (let after: string | undefined; ; ) {
        const { events, next } = await store.listEvents({ state: 'pending', code: 'ONAPPUNINSTALL', limit: PAGE_EVENTS, ...(after === undefined ? {} : { after }) })
        for (const event of events) await work(event)
        if (next === undefined) return
        after = next
      }
    } catch (error) {
      log.error({ error: String(error) }, 'the store could not be searched for uninstalls')
    }
  }

  stop(): void {
    this.#stopped = true
    for (const timer of this.#again) timer.cancel()
  }

  async close(event: NewEvent | ListedEvent): Promise<void> {
    const { installations, log } = this.#parts
    try {
      await installations.close(event, event, byEvent(event))
    } catch (error) {
      log.warn({ app: event.app, portal: event.memberId, error: String(error) }, 'the installation could not be closed; trying again')
      return this.#later(event, () => this.close(event))
    }
    // In this order: once it is closed no event of it that fails is to be tried again.
    void this.#hasten(event)
  }

  async #hasten(event: PortalKey): Promise<void> {
    const { lanes, log } = this.#parts
    try {
      await lanes.hasten(event)
    } catch (error) {
      log.warn({ app: event.app, portal: event.memberId, error: String(error) }, 'the lane of an uninstall could not be made due; trying again')
      this.#later(event, () => this.#hasten(event))
    }
  }

  #later(event: PortalKey, again: () => Promise<void>): void {
    const { lanes, clock } = this.#parts
    lanes.wake(event)
    if (this.#stopped) return
    const timer = clock.setTimer(STORE_RETRY_MS, () => {
      this.#again.delete(timer)
      void again()
    })
    this.#again.add(timer)
  }
}
