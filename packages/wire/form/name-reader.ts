import type { FormBody } from './body.ts'
import { knownName } from './known-names.ts'
import { splitName } from './name.ts'
import { decodeEscapes } from './percent.ts'
import { APPEND } from './tree.ts'

const UNDERSCORE = 0x5f
const EQUALS = 0x3d
const OPEN = 0x5b
const CLOSE = 0x5d
const PERCENT = 0x25
/** `%5B` and `%5D`, the brackets' escapes, come with letters of either case. */
const FIVE = 0x35
const LETTER_B = 0x62
const LETTER_D = 0x64
const LOWER_CASE = 0x20

/** Characters that mean themselves anywhere in a name, by character code: nearly all names consist of these and brackets. */
const PLAIN = Uint8Array.from({ length: 256 }, (_, code) => (/[\w:/-]/.test(String.fromCharCode(code)) ? 1 : 0))

/**
 * Reads one parameter name after another out of a body. The usual names, plain characters and brackets, are read as they
 * stand; any other is unescaped and split by PHP's full rules.
 */
export class NameReader {
  /** The keys of the name read last, of which the first `depth` count. */
  readonly path: string[] = []
  depth = 0
  end = 0
  /** Whether all keys but the last are those of the name before. */
  isBeside = false
  readonly #body: FormBody
  readonly #bytes: Uint8Array
  readonly #text: string
  /** What two such names have in common, up to and with the last opening bracket; of no length when they can't. */
  #prefixStart = 0
  #prefixLength = 0

  constructor(body: FormBody) {
    this.#body = body
    this.#bytes = body.bytes
    this.#text = body.text
  }

  /** Reads the name of the parameter between `start` and `limit` and leaves its end, an `=` or `limit`, in `end`. */
  read(start: number, limit: number): void {
    this.isBeside = this.#prefixLength > 0 && this.#readBeside(start, limit)
    if (this.isBeside || this.#readPlain(start, limit)) return
    this.end = this.#endOfName(start, limit)
    this.depth = splitName(decodeEscapes(this.#body, start, this.end), this.path)
    this.#prefixLength = 0
  }

  #readBeside(start: number, limit: number): boolean {
    const length = this.#prefixLength
    for (let index = 0; index < length; index++) {
      if (this.#bytes[start + index] !== this.#bytes[this.#prefixStart + index]) return false
    }
    const keyStart = start + length
    const keyEnd = this.#plainEnd(keyStart, limit)
    const width = this.#bracket(keyEnd, CLOSE)
    const end = keyEnd + width
    if (width === 0 || !this.#isEnd(end, limit) || this.#mayBeRefused(keyStart)) return false
    this.path[this.depth - 1] = this.#key(keyStart, keyEnd)
    this.end = end
    return true
  }

  #readPlain(start: number, limit: number): boolean {
    let at = this.#plainEnd(start, limit)
    if (at === start) return false
    this.path[0] = this.#key(start, at)
    let depth = 1
    let lastKey = start
    let appends = false
    while (!this.#isEnd(at, limit)) {
      const keyStart = at + this.#bracket(at, OPEN)
      const keyEnd = this.#plainEnd(keyStart, limit)
      const width = this.#bracket(keyEnd, CLOSE)
      if (keyStart === at || width === 0 || this.#mayBeRefused(keyStart)) return false
      if (this.path[depth - 1] === APPEND) appends = true
      this.path[depth++] = this.#key(keyStart, keyEnd)
      lastKey = keyStart
      at = keyEnd + width
    }
    this.end = at
    this.depth = depth
    this.#prefixStart = start
    this.#prefixLength = appends ? 0 : lastKey - start
    return true
  }

  #key(start: number, end: number): string {
    return knownName(this.#bytes, start, end) ?? this.#text.slice(start, end)
  }

  #endOfName(start: number, limit: number): number {
    let at = start
    while (!this.#isEnd(at, limit)) at++
    return at
  }

  #isEnd(at: number, limit: number): boolean {
    return at >= limit || this.#bytes[at] === EQUALS
  }

  #plainEnd(start: number, limit: number): number {
    let at = start
    while (at < limit && PLAIN[this.#bytes[at] as number] === 1) at++
    return at
  }

  /** Length of the bracket at `at`, escaped or not; 0 when there is none. */
  #bracket(at: number, bracket: typeof OPEN | typeof CLOSE): number {
    const code = this.#bytes[at]
    if (code === bracket) return 1
    if (code !== PERCENT || this.#bytes[at + 1] !== FIVE) return 0
    const letter = (this.#bytes[at + 2] ?? 0) | LOWER_CASE
    return letter === (bracket === OPEN ? LETTER_B : LETTER_D) ? 3 : 0
  }

  /** Names PHP refuses as inner keys begin with `__`. */
  #mayBeRefused(keyStart: number): boolean {
    return this.#bytes[keyStart] === UNDERSCORE
  }
}
