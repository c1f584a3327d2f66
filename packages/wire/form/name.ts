import { APPEND, REFUSED } from './tree.ts'

/** What C's `isspace` takes for white space; PHP skips one such character behind an opening bracket. */
const WHITE_SPACE = ' \t\n\v\f\r'
/** Cookie prefixes promise something of the sender, so PHP stores nothing under a key that has one when the name has not. */
const PROTECTED_PREFIXES = ['__Host-', '__Secure-']

/**
 * Splits a parameter's name, escapes undone, into the keys of PHP's array and returns how many there are. They are left in
 * `path`, which serves for one name after another. 0: nothing of the name is left, PHP takes no such parameter.
 *
 * What PHP does to a name (php_register_variable_ex in its main/php_variables.c): leading spaces go; a NUL ends it; in the
 * first key dots and spaces become `_`; a first bracket that is never closed becomes `_` too, and so do the dots, spaces and
 * brackets behind it; a later bracket that is never closed, and anything between one pair and the next, is left out.
 */
export function splitName(name: string, path: string[]): number {
  const kept = withoutEdges(name)
  const open = kept.indexOf('[')
  if (kept === '' || open === 0) return 0
  const closed = open !== -1 && kept.includes(']', open + 1)
  const top = (closed ? kept.slice(0, open) : kept).replace(/[ .[]/g, '_')
  if (isRefused(top, kept)) return 0
  path[0] = top
  return closed ? splitBrackets(kept, open, path) : 1
}

function splitBrackets(name: string, firstOpen: number, path: string[]): number {
  let depth = 1
  for (let open = firstOpen; name[open] === '['; ) {
    const close = endOfKey(name, open + 1)
    if (close === -1) break
    const isAppend = close === open + 1 || (close === open + 2 && WHITE_SPACE.includes(name.charAt(open + 1)))
    const key = isAppend ? APPEND : name.slice(open + 1, close)
    path[depth++] = isRefused(key, name) ? REFUSED : key
    open = close + 1
  }
  return depth
}

function endOfKey(name: string, start: number): number {
  return name.indexOf(']', start)
}

function withoutEdges(name: string): string {
  const nul = name.indexOf('\0')
  let start = 0
  while (name[start] === ' ') start++
  return name.slice(start, nul === -1 ? name.length : nul)
}

function isRefused(key: string, name: string): boolean {
  return PROTECTED_PREFIXES.some((prefix) => key.startsWith(prefix) && !name.startsWith(prefix))
}
