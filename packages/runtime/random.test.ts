import { expect, test } from 'vitest'
import { randomHex, seededRandom, systemRandom } from './random.ts'

test('the system\'s bytes are never handed out twice and never blank', () => {
  const drawn = Array.from({ length: 5_000 }, () => randomHex(systemRandom, 12))
  expect(new Set(drawn).size).toBe(drawn.length)
  expect(drawn).not.toContain('0'.repeat(24))
})

test('bytes that were handed out stay as they are', () => {
  const first = systemRandom.bytes(16)
  const before = Buffer.from(first).toString('hex')
  for (let draw = 0; draw < 2_000; draw++) systemRandom.bytes(16)
  expect(Buffer.from(first).toString('hex')).toBe(before)
})

test('more than the pool holds can be asked for at once', () => {
  expect(systemRandom.bytes(100_000)).toHaveLength(100_000)
})

test('fractions lie in [0, 1) and fill it', () => {
  const drawn = Array.from({ length: 2_000 }, () => systemRandom.fraction())
  expect(Math.min(...drawn)).toBeGreaterThanOrEqual(0)
  expect(Math.max(...drawn)).toBeLessThan(1)
  expect(Math.max(...drawn) - Math.min(...drawn)).toBeGreaterThan(0.9)
})

test('a seed gives the same sequence again, another seed another', () => {
  const sequence = (seed: string) => randomHex(seededRandom(seed), 32)
  expect(sequence('a')).toBe(sequence('a'))
  expect(sequence('a')).not.toBe(sequence('b'))
})
