import { expect, test } from 'vitest'
import { KNOWN_NAMES, knownName } from './known-names.ts'

test('each known name is found by its bytes, and none has taken the place of another', () => {
  const found = KNOWN_NAMES.map((name) => {
    const bytes = Buffer.from(`[${name}]`)
    return knownName(bytes, 1, bytes.length - 1)
  })
  expect(found).toEqual(KNOWN_NAMES)
})

test('a name that differs from a known one in a single byte is not taken for it', () => {
  for (const name of KNOWN_NAMES) {
    for (let at = 0; at < name.length; at++) {
      const other = Buffer.from(name)
      other[at] = (other[at] ?? 0) ^ 0x20
      expect(knownName(other, 0, other.length), other.toString()).not.toBe(name)
    }
  }
})

test('an empty name is no known one', () => {
  expect(knownName(Buffer.from('[]'), 1, 1)).toBeUndefined()
})
