import * as fc from 'fast-check'
import { expect, test } from 'vitest'
import { CodedError } from '../errors.ts'
import { decodeForm } from './decode.ts'
import { encodeForm } from './encode.ts'
import type { FormValue, PhpMap, PhpValue } from './value.ts'

const RUNS = { numRuns: 1_000 }

const wellFormedText = fc.string({ unit: 'binary', maxLength: 12 }).map((text) => text.toWellFormed())
/** Names that PHP itself leaves alone in the first place of a path. */
const keyCharacter = fc.constantFrom('a', 'B', '7', '0', '-', '_', 'é', '😀', '%', '&', '=', '+', '~')
const key = fc.oneof(
  fc.string({ unit: keyCharacter, minLength: 1, maxLength: 6 }),
  fc.constantFrom('0', '1', '2', '7', '01', '-1', '__proto__', 'constructor', 'toString', 'length', '4294967295'),
)
const nothing = fc.constantFrom(null, undefined)
const scalar = fc.oneof(wellFormedText, fc.integer(), fc.boolean(), nothing, fc.bigInt({ min: 0n, max: 2n ** 63n - 1n }))
const { map: phpMap } = fc.letrec<{ value: PhpValue; list: PhpValue[]; map: PhpMap }>((tie) => ({
  value: fc.oneof({ depthSize: 'small', withCrossShrink: true }, scalar, tie('list'), tie('map')),
  list: fc.array(tie('value'), { maxLength: 5 }),
  map: fc.array(fc.tuple(key, tie('value')), { maxLength: 6 }).map((entries) => Object.fromEntries(entries)),
}))

/** What is left of a value after PHP flattened it and read it back; undefined: nothing. */
function normalise(value: PhpValue): FormValue | undefined {
  if (value === null || value === undefined) return undefined
  if (typeof value === 'boolean') return value ? '1' : '0'
  if (typeof value !== 'object') return String(value)
  const kept = Object.entries(value).flatMap(([name, item]) => {
    const normal = normalise(item as PhpValue)
    return normal === undefined ? [] : [[name, normal] as const]
  })
  if (kept.length === 0) return undefined
  const isList = kept.every(([name], index) => name === String(index))
  return isList ? kept.map(([, item]) => item) : Object.fromEntries(kept)
}

test('what is written is read back, but for what PHP has no form for', () => {
  fc.assert(fc.property(phpMap, (map) => {
    // JSON.stringify leaves out what normalises to nothing.
    const expected = Object.fromEntries(Object.entries(map).map(([name, item]) => [name, normalise(item)]))
    expect(JSON.stringify(decodeForm(encodeForm(map)))).toBe(JSON.stringify(expected))
  }), RUNS)
})

const formPiece = fc.constantFrom(
  'a', 'b', '0', '1', '[', ']', '[', ']', '[]', '[a]', '%5B', '%5D', '=', '=', '&', '&', '.', ' ', '+', '%', '%zz', '%00',
  '\0', '%ff', 'é', '__proto__', '__Host-',
)
const formLike = fc.array(formPiece, { maxLength: 40, size: 'max' }).map((pieces) => Buffer.from(pieces.join('')))
const anyBody = fc.oneof(formLike, fc.uint8Array({ maxLength: 60, size: 'max' }))

test('a decoded body written anew is read the same, and written the same again', () => {
  fc.assert(fc.property(anyBody, (body) => {
    const written = encodeForm(decodeForm(body))
    expect(encodeForm(decodeForm(written))).toBe(written)
  }), RUNS)
})

test('no body makes it throw anything but a coded refusal', () => {
  const limits = { maxBodyBytes: 60, maxParameters: 3, maxDepth: 1, maxKeyBytes: 12 }
  const codes = new Set<string>()
  fc.assert(fc.property(anyBody, (body) => {
    decodeForm(body)
    try {
      decodeForm(body, limits)
    } catch (error) {
      expect(error).toBeInstanceOf(CodedError)
      codes.add((error as CodedError).code)
    }
  }), { ...RUNS, seed: 1 })
  expect([...codes].toSorted()).toEqual(['BODY_TOO_LARGE', 'KEY_TOO_LONG', 'NESTING_TOO_DEEP', 'TOO_MANY_PARAMETERS'])
})

const inheritedName = fc.constantFrom(...Object.getOwnPropertyNames(Object.prototype), 'prototype', 'length', 'push', '0', '')
const hostileBody = fc.array(fc.array(inheritedName, { minLength: 1, maxLength: 4 }), { maxLength: 8 })
  .map((paths) => paths.map(([first = '', ...rest]) => `${first}${rest.map((name) => `[${name}]`).join('')}=x`).join('&'))

const prototypes: readonly object[] = [Object.prototype, Array.prototype, Function.prototype]
function snapshot(): unknown {
  return prototypes.map((prototype) =>
    Reflect.ownKeys(prototype).map((name) => [name, Reflect.getOwnPropertyDescriptor(prototype, name)]))
}

test('no body reaches a prototype', () => {
  const before = snapshot()
  fc.assert(fc.property(hostileBody, (body) => {
    expectPlain(decodeForm(body))
  }), RUNS)
  expect(snapshot()).toStrictEqual(before)
})

function expectPlain(value: FormValue): void {
  if (typeof value === 'string') return
  expect(Object.getPrototypeOf(value)).toBe(Array.isArray(value) ? Array.prototype : Object.prototype)
  for (const name of Object.keys(value)) expectPlain(Object.getOwnPropertyDescriptor(value, name)?.value as FormValue)
}
