import { expect, test } from 'vitest'
import { encodeForm } from './encode.ts'

test('what PHP has nothing to send for is absent at every level', () => {
  expect(encodeForm({ a: null, b: undefined, c: [], d: {}, e: [[], { f: null }], g: '' })).toBe('g=')
})

test('a list keeps its indexes, with a gap where nothing was to send', () => {
  expect(encodeForm({ a: ['x', null, 'y'] })).toBe('a%5B0%5D=x&a%5B2%5D=y')
})

test.each([
  [0.1 + 0.2, '0.3'], [1e25, '1.0E%2B25'], [-0, '-0'], [0, '0'], [Number.NaN, 'NAN'], [-Infinity, '-INF'], [1e-5, '1.0E-5'],
  [0.0001, '0.0001'], [107, '107'], [100_000_000_000_000, '100000000000000'], [2 ** 53, '9.007199254741E%2B15'],
  [2n ** 64n, '18446744073709551616'], [true, '1'], [false, '0'],
])('%s is written as %s', (value, text) => {
  expect(encodeForm({ a: value })).toBe(`a=${text}`)
})

test('a tie in the fourteenth digit goes to the even one, as in PHP and not as in JavaScript', () => {
  expect(encodeForm({ a: [12_345_678_901_234.5, 12_345_678_901_235.5] })).toBe('a%5B0%5D=12345678901234&a%5B1%5D=12345678901236')
})

test('only letters, digits and -_. stay unescaped, in keys as in values', () => {
  expect(encodeForm({ "k ~'": { '[é]': "-_. ~*!'()" } })).toBe('k+%7E%27%5B%5B%C3%A9%5D%5D=-_.+%7E%2A%21%27%28%29')
})

test('a lone surrogate is written as U+FFFD', () => {
  expect(encodeForm({ a: 'x\ud800' })).toBe('a=x%EF%BF%BD')
})

test('a value that contains itself is a RangeError', () => {
  const loop: { self?: unknown } = {}
  loop.self = loop
  expect(() => encodeForm(loop as Parameters<typeof encodeForm>[0])).toThrow(RangeError)
})
