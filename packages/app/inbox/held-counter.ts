import { HELD_EVENTS_PER_APP, HELD_EVENTS_PER_PORTAL, HELD_PROVABLE_PER_APP, HELD_PROVABLE_PER_PORTAL } from '../limits.ts'
import type { PortalKey, Store } from '../store/port.ts'
import { keyOf } from '../store/portal-key.ts'

/** How many events are held, in memory, so that a flood of invented portals is refused without asking the store. */
export class HeldCounter {
  readonly #totals = new Map<string, number>()
  readonly #byPortal = new Map<string, number>()

  async load(store: Store, apps: readonly string[]): Promise<void> {
    this.#byPortal.clear()
    for (const app of apps) {
      const { total, byPortal } = await store.countHeld(app)
      this.#totals.set(app, total)
      for (const [memberId, held] of byPortal) this.#byPortal.set(keyOf({ app, memberId }), held)
    }
  }

  /** What brings its own proof has room of its own: no flood in a portal's name may turn its true installation away. */
  hasRoom(portal: PortalKey, provable: boolean): boolean {
    const perPortal = HELD_EVENTS_PER_PORTAL + (provable ? HELD_PROVABLE_PER_PORTAL : 0)
    const perApp = HELD_EVENTS_PER_APP + (provable ? HELD_PROVABLE_PER_APP : 0)
    return (this.#byPortal.get(keyOf(portal)) ?? 0) < perPortal && (this.#totals.get(portal.app) ?? 0) < perApp
  }

  add(portal: PortalKey, count: number): void {
    const key = keyOf(portal)
    const held = (this.#byPortal.get(key) ?? 0) + count
    if (held > 0) this.#byPortal.set(key, held)
    else this.#byPortal.delete(key)
    this.#totals.set(portal.app, Math.max(0, (this.#totals.get(portal.app) ?? 0) + count))
  }
}
