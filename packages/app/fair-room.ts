/**
 * A room that senders share: for events that are held, for bodies that are on their way. Nobody may take more than is still free, and
 * the fuller it is the smaller a part of that: one sender alone gets half of the room, the next a fifth, and it takes 20 to 190 to fill
 * one, by its size. Were it all that is free, each would take half of the rest, and a dozen addresses would fill any room.
 */
export class FairRoom {
  readonly #limits: RoomLimits
  readonly #shares = new Map<string, Share>()
  readonly #all: Share = { events: 0, bytes: 0 }

  constructor(limits: RoomLimits) {
    this.#limits = limits
  }

  get isEmpty(): boolean {
    return this.#shares.size === 0
  }

  hasRoom(sender: string, bytes: number): boolean {
    const { events, bytes: taken } = this.#shares.get(sender) ?? NOTHING
    const { events: maxEvents, bytes: maxBytes } = this.#limits
    return events < shareOf(maxEvents - this.#all.events, maxEvents) && taken + bytes <= shareOf(maxBytes - this.#all.bytes, maxBytes)
  }

  /** With a negative number of events: gives back what was added. */
  add(sender: string, events: 1 | -1, bytes: number): void {
    const share = this.#shares.get(sender) ?? { events: 0, bytes: 0 }
    for (const counted of [share, this.#all]) {
      counted.events += events
      counted.bytes += events * bytes
    }
    if (share.events > 0) this.#shares.set(sender, share)
    else this.#shares.delete(sender)
  }
}

export interface RoomLimits {
  readonly events: number
  readonly bytes: number
}

interface Share {
  events: number
  bytes: number
}

const NOTHING: Share = { events: 0, bytes: 0 }

/** Half of the room when the other half is free, then falling faster than what is free. */
function shareOf(free: number, all: number): number {
  return Math.min(free, (2 * free * free) / all)
}
