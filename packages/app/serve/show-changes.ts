import type { Clock } from '@portline/runtime/clock.ts'
import { SHOWN_EVENTS_AT_ONCE, SHOWN_EVENTS_WAITING, SHOWN_PORTALS_AT_ONCE, SHOW_REST_MS } from '../limits.ts'
import type { PortalKey, Store } from '../store/port.ts'
import { keyOf } from '../store/portal-key.ts'
import type { LiveFeed } from './live-feed.ts'
import { eventView, installationView } from './views.ts'

export function showChanges(store: Store, feed: LiveFeed, clock: Clock) {
  const shown = new ChangesShown(store, feed, clock)
  return {
    showEvent: (id: string): void => shown.showEvent(id),
    showInstallation: (portal: PortalKey): void => shown.showInstallation(portal),
  }
}

/**
 * Sends the pages that watch what has become of an event or an installation. Nothing is looked up while nobody watches.
 *
 *     idle ──a change──> looking ──all or enough shown──> resting ──changes meanwhile──> looking
 *                                                            └──none──> idle
 *
 * What it costs to look must not grow with the load: the thread that answers is the one that writes. So there is one question at a time,
 * a few in a round, and however often something changes while it waits for its turn, it is looked up once, as it is then.
 */
class ChangesShown {
  readonly #store: Store
  readonly #feed: LiveFeed
  readonly #clock: Clock
  /** In the order in which they changed first. */
  readonly #events = new Set<string>()
  /** No more than there are installations, all of which are in memory anyway. */
  readonly #portals = new Map<string, PortalKey>()
  #busy = false

  constructor(store: Store, feed: LiveFeed, clock: Clock) {
    this.#store = store
    this.#feed = feed
    this.#clock = clock
  }

  showEvent(id: string): void {
    if (!this.#feed.watched) return
    this.#events.add(id)
    // A page that learns of so many starts again from its first rows, and has those that are left out here as they are then.
    const [oldest = id] = this.#events
    if (this.#events.size > SHOWN_EVENTS_WAITING) this.#events.delete(oldest)
    this.#wake()
  }

  showInstallation({ app, memberId }: PortalKey): void {
    if (!this.#feed.watched) return
    this.#portals.set(keyOf({ app, memberId }), { app, memberId })
    this.#wake()
  }

  #wake(): void {
    if (this.#busy) return
    this.#busy = true
    // An event and its portal change one after the other, and many in one turn.
    this.#clock.soon(() => void this.#show())
  }

  async #show(): Promise<void> {
    const { events, portals } = this.#nextRound()
    // A question that fails is not asked again: the store has other worries, and the page can be loaded anew.
    for (const id of events) await this.#lookAtEvent(id).catch(() => {})
    for (const portal of portals) await this.#lookAtInstallation(portal).catch(() => {})
    this.#clock.setTimer(SHOW_REST_MS, () => {
      this.#busy = false
      if (this.#events.size + this.#portals.size > 0) this.#wake()
    })
  }

  #nextRound(): { events: string[]; portals: PortalKey[] } {
    if (!this.#feed.watched) {
      this.#events.clear()
      this.#portals.clear()
    }
    const events = [...this.#events].slice(0, SHOWN_EVENTS_AT_ONCE)
    const portals = [...this.#portals.values()].slice(0, SHOWN_PORTALS_AT_ONCE)
    // Before they are looked up: what changes while the answer is on its way is looked up once more.
    for (const id of events) this.#events.delete(id)
    for (const portal of portals) this.#portals.delete(keyOf(portal))
    return { events, portals }
  }

  async #lookAtEvent(id: string): Promise<void> {
    const event = await this.#store.listedEvent(id)
    if (event !== undefined) this.#feed.send('event', eventView(event))
  }

  async #lookAtInstallation(portal: PortalKey): Promise<void> {
    const installation = await this.#store.installation(portal)
    if (installation !== undefined) this.#feed.send('installation', await installationView(this.#store, installation))
  }
}
