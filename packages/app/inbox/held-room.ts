/**
 * A room that many share. Nobody may take more than is still free: one sender alone gets half of it, two get a third each, and
 * whoever comes next finds some.
 */
export class HeldRoom {
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
    return events < this.#limits.events - this.#all.events && taken + bytes <= this.#limits.bytes - this.#all.bytes
  }

  /** With a negative number of events: gives back. */
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
