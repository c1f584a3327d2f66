import {
  HELD_BYTES_PER_APP, HELD_BYTES_PER_PORTAL, HELD_EVENTS_PER_APP, HELD_EVENTS_PER_PORTAL, HELD_PROVABLE_BYTES_PER_APP,
  HELD_PROVABLE_BYTES_PER_PORTAL, HELD_PROVABLE_PER_APP, HELD_PROVABLE_PER_PORTAL,
} from '../limits.ts'
import { FairRoom } from '../fair-room.ts'
import type { RoomLimits } from '../fair-room.ts'
import type { PortalKey, Store } from '../store/port.ts'
import { keyOf } from '../store/portal-key.ts'

/**
 * Which events are held, in memory, so that a flood is refused without asking the store. What brings its own proof has rooms of its
 * own: no flood of what nothing can prove may turn a portal's true installation away. Who sent an event is known to the process that
 * received it; after a restart all that is left are nobody's.
 */
export interface HeldItem extends PortalKey {
  readonly id: string
  readonly provable: boolean
  readonly bytes: number
  readonly sender: string
}

interface Limits {
  readonly perPortal: RoomLimits
  readonly perApp: RoomLimits
}

const OPEN: Limits = {
  perPortal: { events: HELD_EVENTS_PER_PORTAL, bytes: HELD_BYTES_PER_PORTAL },
  perApp: { events: HELD_EVENTS_PER_APP, bytes: HELD_BYTES_PER_APP },
}
const PROVABLE: Limits = {
  perPortal: { events: HELD_PROVABLE_PER_PORTAL, bytes: HELD_PROVABLE_BYTES_PER_PORTAL },
  perApp: { events: HELD_PROVABLE_PER_APP, bytes: HELD_PROVABLE_BYTES_PER_APP },
}
const PROVABLE_CODES: ReadonlySet<string> = new Set(['ONAPPINSTALL', 'ONAPPUPDATE'])

export class HeldCounter {
  readonly #held = new Map<string, HeldItem>()
  readonly #rooms = new Map<string, FairRoom>()
  /** Events that are on their way to the disk: no look at the store tells of them yet. */
  readonly #arriving = new Set<string>()
  /** What ended its hold while the store was being looked at. */
  #removed: Set<string> | undefined

  /** Takes over what the store says: what a former process left, and that an erased portal's events are gone. */
  async load(store: Store): Promise<void> {
    const removed = (this.#removed = new Set<string>())
    const before = new Set(this.#held.keys())
    for (const id of this.#arriving) before.delete(id)
    try {
      for (const { code, ...entry } of await store.heldEntries()) {
        before.delete(entry.id)
        if (!this.#held.has(entry.id) && !removed.has(entry.id)) this.#put({ ...entry, provable: PROVABLE_CODES.has(code), sender: '' })
      }
    } finally {
      // A store that failed must not leave a list behind that grows until the next look.
      this.#removed = undefined
    }
    this.remove([...before])
  }

  isHeld(id: string): boolean {
    return this.#held.has(id)
  }

  hasRoom(item: Omit<HeldItem, 'id'>): boolean {
    // Whoever is refused leaves nothing behind, a room neither.
    return roomsOf(item).every(([key, limits]) => (this.#rooms.get(key) ?? new FairRoom(limits)).hasRoom(item.sender, item.bytes))
  }

  /** Before it is on disk, so that a flood finds no gap. */
  arrive(item: HeldItem): void {
    this.#arriving.add(item.id)
    this.#put(item)
  }

  arrived(id: string): void {
    this.#arriving.delete(id)
  }

  remove(ids: readonly string[]): void {
    for (const id of ids) {
      this.#removed?.add(id)
      this.#arriving.delete(id)
      const item = this.#held.get(id)
      if (item === undefined) continue
      this.#held.delete(id)
      this.#count(item, -1)
    }
  }

  senderOf(id: string): string {
    return this.#held.get(id)?.sender ?? ''
  }

  #put(item: HeldItem): void {
    this.#held.set(item.id, item)
    this.#count(item, 1)
  }

  #count(item: HeldItem, events: 1 | -1): void {
    for (const [key, limits] of roomsOf(item)) {
      const room = this.#rooms.get(key) ?? new FairRoom(limits)
      room.add(item.sender, events, item.bytes)
      if (room.isEmpty) this.#rooms.delete(key)
      else this.#rooms.set(key, room)
    }
  }
}

function roomsOf({ app, memberId, provable }: Omit<HeldItem, 'id'>): readonly (readonly [key: string, limits: RoomLimits])[] {
  const { perPortal, perApp } = provable ? PROVABLE : OPEN
  const kind = provable ? 'provable' : 'open'
  return [[`${kind}/${keyOf({ app, memberId })}`, perPortal], [`${kind}/${app}`, perApp]]
}
