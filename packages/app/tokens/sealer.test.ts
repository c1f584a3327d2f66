import { randomBytes } from 'node:crypto'
import { systemRandom } from '@portline/runtime/random.ts'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { createSealer, keyIdOf } from './sealer.ts'

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

test('the first of several keys seals, all of them open, and one that is taken away still opens what is in memory', () => {
  const [former, newer, stranger] = [1, 2, 3].map((byte) => new Uint8Array(32).fill(byte)) as [Uint8Array, Uint8Array, Uint8Array]
  const ring = createSealer(former, systemRandom)
  const before = ring.seal('x', 'of old')
  ring.useKeys([newer, former])
  expect(ring.keyIds).toEqual([keyIdOf(newer), keyIdOf(former)])
  const after = ring.seal('x', 'of new')
  expect(after.subarray(0, ring.prefix.length)).toEqual(ring.prefix)
  expect([ring.open('x', before), ring.open('x', after)]).toEqual(['of old', 'of new'])
  ring.useKeys([newer])
  expect(ring.keyIds).toEqual([keyIdOf(newer)])
  expect(ring.open('x', before)).toBe('of old')
  expect(() => createSealer([newer], systemRandom).open('x', before)).toThrow(expect.objectContaining({ code: 'KEY_INVALID' }))
  expect(createSealer([stranger, former], systemRandom).open('x', before)).toBe('of old')
  expect(() => createSealer([], systemRandom)).toThrow(expect.objectContaining({ code: 'KEY_INVALID' }))
  expect(() => ring.open('x', new Uint8Array([1]))).toThrow(expect.objectContaining({ code: 'KEY_INVALID' }))
})
