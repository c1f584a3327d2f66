/** First in, first out, in constant time: an array's own shift() moves everything behind it. */
export class Fifo<Item> {
  #items: Item[] = []
  #head = 0

  get size(): number {
    return this.#items.length - this.#head
  }

  push(item: Item): void {
    this.#items.push(item)
  }

  shift(): Item | undefined {
    const item = this.#items[this.#head]
    this.#head += 1
    // Halfway through, what was taken is let go of: each item is moved at most once more.
    if (this.#head * 2 >= this.#items.length) {
      this.#items = this.#items.slice(this.#head)
      this.#head = 0
    }
    return item
  }

  items(): readonly Item[] {
    return this.#items.slice(this.#head)
  }

  clear(): readonly Item[] {
    const items = this.items()
    this.#items = []
    this.#head = 0
    return items
  }
}
