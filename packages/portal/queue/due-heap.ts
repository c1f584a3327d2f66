/** What is due first comes out first; of two due at once, the one that was put in first. */
export class DueHeap<Item extends { readonly dueMs: number; readonly id: number }> {
  readonly #items: Item[] = []

  get size(): number {
    return this.#items.length
  }

  peek(): Item | undefined {
    return this.#items[0]
  }

  push(item: Item): void {
    this.#items.push(item)
    let index = this.#items.length - 1
    while (index > 0) {
      const parent = (index - 1) >> 1
      if (!this.#swapIfLater(parent, index)) return
      index = parent
    }
  }

  pop(): Item | undefined {
    const first = this.#items[0]
    const moved = this.#items.pop()
    if (first === undefined || moved === undefined || moved === first) return first
    this.#items[0] = moved
    for (let index = 0; ;) {
      const child = this.#earlierChild(index)
      if (child === undefined || !this.#swapIfLater(index, child)) return first
      index = child
    }
  }

  /** In no particular order. */
  items(): readonly Item[] {
    return this.#items
  }

  clear(): Item[] {
    return this.#items.splice(0)
  }

  #earlierChild(index: number): number | undefined {
    const left = 2 * index + 1
    const [leftItem, rightItem] = [this.#items[left], this.#items[left + 1]]
    if (leftItem === undefined) return undefined
    return rightItem !== undefined && isBefore(rightItem, leftItem) ? left + 1 : left
  }

  #swapIfLater(upper: number, lower: number): boolean {
    const [above, below] = [this.#items[upper], this.#items[lower]]
    if (above === undefined || below === undefined || !isBefore(below, above)) return false
    this.#items[upper] = below
    this.#items[lower] = above
    return true
  }
}

function isBefore(one: { dueMs: number; id: number }, other: { dueMs: number; id: number }): boolean {
  return one.dueMs === other.dueMs ? one.id < other.id : one.dueMs < other.dueMs
}
