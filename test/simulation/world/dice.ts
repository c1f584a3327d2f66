import { seededRandom } from '@portline/runtime/random.ts'
import type { Random } from '@portline/runtime/random.ts'

/** All chance of a run. Each part of the world has dice of its own, so that a change to one leaves the others as they were. */
export class Dice {
  readonly random: Random

  constructor(seed: string) {
    this.random = seededRandom(seed)
  }

  chance(probability: number): boolean {
    return this.random.fraction() < probability
  }

  /** A float in [from, to). */
  between(from: number, to: number): number {
    return from + (to - from) * this.random.fraction()
  }

  /** A whole number in [from, to]. */
  whole(from: number, to: number): number {
    return from + Math.floor((to - from + 1) * this.random.fraction())
  }

  pick<Item>(items: readonly Item[]): Item {
    const item = items[this.whole(0, items.length - 1)]
    if (item === undefined) throw new Error('there is nothing to pick from')
    return item
  }

  hex(bytes: number): string {
    return Buffer.from(this.random.bytes(bytes)).toString('hex')
  }
}
