/**
 * The parked events of a lane by when they are due, in the order of receipt where that is the same. There may be a hundred thousand, and
 * each lease asks for the first of them: a binary heap.
 */
interface Parked {
  readonly seq: number
  readonly dueAtMs: number
}

/** What has left stays in the heap until there is more of it than this and than of those that are there. */
const LEFT_MOST = 1_024

export class ParkedEvents {
  readonly #bySeq = new Map<number, Parked>()
  /** Who is not in the map as this very object has left, or has another time by now. */
  #heap: Parked[] = []

  get size(): number {
    return this.#bySeq.size
  }

  get seqs(): IterableIterator<number> {
    return this.#bySeq.keys()
  }

  dueAtMs(seq: number): number | undefined {
    return this.#bySeq.get(seq)?.dueAtMs
  }

  set(seq: number, dueAtMs: number): void {
    const parked = { seq, dueAtMs }
    this.#bySeq.set(seq, parked)
    push(this.#heap, parked)
    if (this.#heap.length > 2 * this.#bySeq.size + LEFT_MOST) this.#rebuild()
  }

  delete(seq: number): void {
    this.#bySeq.delete(seq)
  }

  remove(gone: (seq: number) => boolean): void {
    for (const seq of this.#bySeq.keys()) if (gone(seq)) this.#bySeq.delete(seq)
    this.#rebuild()
  }

  nextDueAtMs(): number | undefined {
    return this.#first()?.dueAtMs
  }

  /** Those whose time has come, up to so many: who has waited longest comes first. They stay. */
  due(nowMs: number, limit: number): number[] {
    const due: Parked[] = []
    for (let first = this.#first(); first !== undefined && first.dueAtMs <= nowMs && due.length < limit; first = this.#first()) {
      due.push(first)
      pop(this.#heap)
    }
    for (const parked of due) push(this.#heap, parked)
    return due.map(({ seq }) => seq)
  }

  #first(): Parked | undefined {
    let first = this.#heap[0]
    while (first !== undefined && this.#bySeq.get(first.seq) !== first) {
      pop(this.#heap)
      first = this.#heap[0]
    }
    return first
  }

  #rebuild(): void {
    this.#heap = [...this.#bySeq.values()]
    for (let place = this.#heap.length >>> 1; place >= 0; place--) sink(this.#heap, place)
  }
}

function isBefore(a: Parked, b: Parked): boolean {
  return a.dueAtMs < b.dueAtMs || (a.dueAtMs === b.dueAtMs && a.seq < b.seq)
}

function push(heap: Parked[], added: Parked): void {
  let place = heap.push(added) - 1
  while (place > 0) {
    const above = (place - 1) >>> 1
    const parent = heap[above]
    if (parent === undefined || !isBefore(added, parent)) break
    heap[place] = parent
    place = above
  }
  heap[place] = added
}

/** Takes the first one off. */
function pop(heap: Parked[]): void {
  const last = heap.pop()
  if (last === undefined || heap.length === 0) return
  heap[0] = last
  sink(heap, 0)
}

/** To its place among those below. */
function sink(heap: Parked[], from: number): void {
  const sunk = heap[from]
  if (sunk === undefined) return
  let place = from
  for (;;) {
    const left = heap[2 * place + 1]
    const right = heap[2 * place + 2]
    const isRight = left !== undefined && right !== undefined && isBefore(right, left)
    const child = isRight ? right : left
    if (child === undefined || !isBefore(child, sunk)) break
    heap[place] = child
    place = 2 * place + (isRight ? 2 : 1)
  }
  heap[place] = sunk
}
