import { UNOPENED_END } from 'portline/serve/event-lines.ts'

/** So many are named; more of them would push what else there is to say out of sight. */
const NAMED_EVENTS = 10

/** Finds in an export that goes by, in pieces that end anywhere, the events whose auth blocks were left out of it. */
export class UnopenedEvents {
  #begun: string[] = []
  readonly #named: string[] = []
  #count = 0

  pass(piece: string): void {
    const end = piece.lastIndexOf('\n')
    this.#begun.push(end === -1 ? piece : piece.slice(0, end + 1))
    if (end === -1) return
    const whole = this.#begun.join('')
    this.#begun = [piece.slice(end + 1)]
    if (!whole.includes(UNOPENED_END)) return
    for (const line of whole.split('\n')) if (line.endsWith(UNOPENED_END)) this.#add(line)
  }

  /** Nothing when there are none. */
  get told(): string | undefined {
    if (this.#count === 0) return undefined
    const others = this.#count > this.#named.length ? ` and ${this.#count - this.#named.length} more` : ''
    return `Without its auth block, which no key at hand opens: ${this.#named.join(', ')}${others}.`
  }

  #add(line: string): void {
    this.#count += 1
    const { id } = JSON.parse(line) as { id: string }
    if (this.#named.length < NAMED_EVENTS) this.#named.push(id)
  }
}
