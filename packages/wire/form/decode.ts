import { CodedError } from '../errors.ts'
import { toFormBody } from './body.ts'
import { FORM_LIMITS, type FormLimits } from './limits.ts'
import { NameReader } from './name-reader.ts'
import { decodeEscapes } from './percent.ts'
import { FormTree } from './tree.ts'
import type { FormMap } from './value.ts'

const AMPERSAND = 0x26

/**
 * Reads an application/x-www-form-urlencoded body as PHP 8 does (`$_POST`, parse_str; php_register_variable_ex in its
 * main/php_variables.c), and gives what `json_encode((object) $_POST)` would: each PHP array becomes a JS array exactly when
 * its keys are 0..n-1 in order, an object otherwise. The top level is always an object, and every scalar is a string.
 *
 * - Names as in PHP: brackets nest, `[]` appends behind the largest index, the last of duplicates wins, a scalar and an array
 *   of one name replace each other, dots and spaces in the first key become `_`; what is left without a name is not taken.
 * - `__proto__`, `constructor` and the like are own keys as any other; no prototype is ever read or changed.
 * - JavaScript iterates integer-like keys first and ascending, so where PHP's order of such keys differs it is lost.
 * - Text is UTF-8. What is not valid becomes U+FFFD by the rule of WHATWG; keys that differ in nothing else become one.
 *   A body given as a string stands for its UTF-8 bytes.
 * - Where parse_str alone would drop all behind a bare NUL byte, it is kept as in `$_POST`, where it does what `%00` does: it
 *   ends a name and is part of a value.
 * - Strings of the result may be views of the whole body: copy one that is to outlive it by far.
 *
 * Throws CodedError BODY_TOO_LARGE, TOO_MANY_PARAMETERS (empty ones between `&&` do not count), KEY_TOO_LONG or
 * NESTING_TOO_DEEP when a limit is exceeded, and nothing else; where PHP would cut at limits of its own, all is kept below ours.
 */
export function decodeForm(body: Uint8Array | string, limits: FormLimits = FORM_LIMITS): FormMap {
  const form = toFormBody(body, limits.maxBodyBytes)
  const { bytes } = form
  const tree = new FormTree()
  const name = new NameReader(form)
  let parameters = 0
  let end = 0
  for (let start = 0; start < bytes.length; start = end + 1) {
    end = endOfParameter(bytes, start)
    if (end === start) continue
    if (++parameters > limits.maxParameters) throw tooMany(bytes, limits)
    name.read(start, end)
    if (name.end - start > limits.maxKeyBytes) throw tooLong(name.end - start, limits)
    if (name.depth - 1 > limits.maxDepth) throw tooDeep(name.depth - 1, limits)
    if (name.depth === 0) continue
    const value = decodeEscapes(form, name.end + 1, end)
    if (name.isBeside) tree.putBeside(name.path[name.depth - 1] as string, value)
    else tree.put(name.path, name.depth, value)
  }
  return tree.root
}

function endOfParameter(bytes: Uint8Array, start: number): number {
  let at = start
  while (at < bytes.length && bytes[at] !== AMPERSAND) at++
  return at
}

function tooMany(bytes: Uint8Array, { maxParameters }: FormLimits): CodedError {
  let found = 0
  for (let start = 0, end = 0; start < bytes.length; start = end + 1) {
    end = endOfParameter(bytes, start)
    if (end > start) found++
  }
  return new CodedError('TOO_MANY_PARAMETERS', `The body has ${found} parameters, the limit is ${maxParameters}`)
}

function tooLong(found: number, { maxKeyBytes }: FormLimits): CodedError {
  return new CodedError('KEY_TOO_LONG', `A parameter name has ${found} bytes, the limit is ${maxKeyBytes}`)
}

function tooDeep(found: number, { maxDepth }: FormLimits): CodedError {
  return new CodedError('NESTING_TOO_DEEP', `A parameter name has ${found} bracket pairs, the limit is ${maxDepth}`)
}
