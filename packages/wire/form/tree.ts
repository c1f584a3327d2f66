import type { FormList, FormMap, FormValue } from './value.ts'

/** A path's key for `name[]`: the next free index. No other inner key is ever empty. */
export const APPEND = ''
/** A path's key under which PHP stores nothing. It can't be a real one, as a NUL ends every name. */
export const REFUSED = '\0'

const PHP_INT_MIN = -(2n ** 63n)
const PHP_INT_MAX = 2n ** 63n - 1n
const PHP_INT = /^(?:0|-?[1-9]\d{0,18})$/
const LIST_INDEX = /^(?:0|[1-9]\d*)$/

const INHERITED = new Set(Object.getOwnPropertyNames(Object.prototype))

type Container = FormList | FormMap

/** The PHP array of one body, grown parameter by parameter. A container is a JS array for as long as PHP's would be a list. */
export class FormTree {
  readonly root: FormMap = {}
  /** Where the last value went, and where that container hangs: a list that ceases to be one is replaced there. */
  #parent: Container = this.root
  #grandparent: Container = this.root
  #parentKey = ''
  /** Next free index of those maps that were ever appended to; the maps themselves must hold nothing of ours. */
  readonly #nextIndexes = new Map<FormMap, bigint>()

  /** Stores `value` at the first `depth` keys of `path`. A scalar that stands in the way gives way, as the last write wins. */
  put(path: readonly string[], depth: number, value: string): void {
    this.#parent = this.root
    for (let level = 0; level < depth - 1; level++) {
      const key = this.#settle(path[level] as string)
      if (key === undefined) return
      this.#descend(key)
    }
    this.putBeside(path[depth - 1] as string, value)
  }

  /** Stores `value` in the container where the last one went, sparing the way there. */
  putBeside(key: string, value: string): void {
    const settled = this.#settle(key)
    if (settled !== undefined) write(this.#parent, settled, value)
  }

  #descend(key: string): void {
    const found = read(this.#parent, key)
    const child: Container = found === undefined || typeof found === 'string' ? [] : found
    if (child !== found) write(this.#parent, key, child)
    this.#grandparent = this.#parent
    this.#parentKey = key
    this.#parent = child
  }

  /** The real key for one of a path, after the parent was made fit for it; undefined where PHP stores nothing. */
  #settle(key: string): string | undefined {
    if (key === REFUSED) return undefined
    if (!Array.isArray(this.#parent)) return this.#settleInMap(this.#parent, key)
    const { length } = this.#parent
    if (key === APPEND) return String(length)
    if (LIST_INDEX.test(key) && Number(key) <= length) return key
    this.#parent = toMap(this.#parent)
    write(this.#grandparent, this.#parentKey, this.#parent)
    return key
  }

  #settleInMap(map: FormMap, key: string): string | undefined {
    if (key === APPEND) return this.#append(map)
    const next = this.#nextIndexes.size === 0 ? undefined : this.#nextIndexes.get(map)
    const after = next === undefined ? undefined : indexAfter(key)
    if (next !== undefined && after !== undefined && after > next) this.#nextIndexes.set(map, after)
    return key
  }

  /** undefined behind PHP's largest int: there is no next index, and PHP drops the value. */
  #append(map: FormMap): string | undefined {
    const next = this.#nextIndexes.get(map) ?? nextIndex(Object.keys(map))
    if (next > PHP_INT_MAX) return undefined
    this.#nextIndexes.set(map, next + 1n)
    return String(next)
  }
}

/** Behind a negative index PHP goes on with the one after it, not with 0: -4 follows -5 (run with 8.2). */
function nextIndex(keys: readonly string[]): bigint {
  let next: bigint | undefined
  for (const key of keys) {
    const after = indexAfter(key)
    if (after !== undefined && (next === undefined || after > next)) next = after
  }
  return next ?? 0n
}

/** undefined for a key PHP takes for a string: `01`, `-0`, anything beyond 64 bits. */
function indexAfter(key: string): bigint | undefined {
  if (!PHP_INT.test(key)) return undefined
  const index = BigInt(key)
  return index >= PHP_INT_MIN && index <= PHP_INT_MAX ? index + 1n : undefined
}

function toMap(list: FormList): FormMap {
  const map: FormMap = {}
  for (const [index, item] of list.entries()) map[index] = item
  return map
}

/** A name may be one that every object inherits (`constructor`, `__proto__`): only own keys count. */
function read(parent: Container, key: string): FormValue | undefined {
  const found = (parent as FormMap)[key]
  return found === undefined || Object.hasOwn(parent, key) ? found : undefined
}

/** Plain assignment to an inherited name could reach a prototype; it is defined instead, as JSON.parse does. */
function write(parent: Container, key: string, value: FormValue): void {
  if (INHERITED.has(key)) Object.defineProperty(parent, key, { value, writable: true, enumerable: true, configurable: true })
  else (parent as FormMap)[key] = value
}
