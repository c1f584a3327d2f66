import { randomBytes } from 'node:crypto'
import { systemRandom } from '@portline/runtime/random.ts'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createSealer } from './sealer.ts'

const sealer = createSealer(randomBytes(32), systemRandom)

test('opens what it sealed, whatever the text', () => {
  fc.assert(
    fc.property(fc.string({ unit: 'binary' }), fc.string(), (text, purpose) => {
      const wellFormed = text.toWellFormed()
      expect(sealer.open(purpose, sealer.seal(purpose, wellFormed))).toBe(wellFormed)
    }),
  )
})

test('seals the same text differently each time', () => {
  expect(sealer.seal('p', 'secret')).not.toEqual(sealer.seal('p', 'secret'))
})

test('no byte of a sealed value can be changed', () => {
  const sealed = sealer.seal('p', 'secret')
  for (let at = 0; at < sealed.length; at++) {
    const changed = Uint8Array.from(sealed, (byte, index) => (index === at ? byte ^ 1 : byte))
    expect(() => sealer.open('p', changed)).toThrow(expect.objectContaining({ code: 'KEY_INVALID' }))
  }
})

test('does not open for another purpose, with another key, or cut short', () => {
  const sealed = sealer.seal('tokens:a', 'secret')
  expect(() => sealer.open('tokens:b', sealed)).toThrow(expect.objectContaining({ code: 'KEY_INVALID' }))
  expect(() => createSealer(randomBytes(32), systemRandom).open('tokens:a', sealed)).toThrow(expect.objectContaining({ code: 'KEY_INVALID' }))
  expect(() => sealer.open('tokens:a', sealed.subarray(0, 20))).toThrow(expect.objectContaining({ code: 'KEY_INVALID' }))
  expect(() => sealer.open('tokens:a', new Uint8Array())).toThrow(expect.objectContaining({ code: 'KEY_INVALID' }))
})

test('a key of another length is refused', () => {
  expect(() => createSealer(randomBytes(31), systemRandom)).toThrow(expect.objectContaining({ code: 'KEY_INVALID' }))
})
