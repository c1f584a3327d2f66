import { randomBytes } from 'node:crypto'

/** Randomness as a dependency: real in production, seeded in tests, in the portal and in the simulation. */
export interface Random {
  bytes(length: number): Uint8Array
  /** A float in [0, 1). */
  fraction(): number
}

/** The system is asked for this much at once: a nonce for every event would else be a system call for every event. */
const POOL_BYTES = 8_192
const FRACTION_BYTES = 4
let pool = Buffer.alloc(0)
let taken = 0

/** Where the next bytes of the pool stand: whoever takes them blots them out. */
function take(length: number): number {
  if (taken + length > pool.length) {
    pool = randomBytes(POOL_BYTES)
    taken = 0
  }
  taken += length
  return taken - length
}

/** Never hands out a byte twice; what it hands out is the caller's own copy. */
function pooledBytes(length: number): Uint8Array {
  if (length > POOL_BYTES) return randomBytes(length)
  const at = take(length)
  const bytes = new Uint8Array(length)
  for (let index = 0; index < length; index++) bytes[index] = pool[at + index] ?? 0
  pool.fill(0, at, at + length)
  return bytes
}

/** An id takes sixteen of them: read in place, for a view of each would be a tenth of what an event leaves to the garbage collector. */
function pooledFraction(): number {
  const at = take(FRACTION_BYTES)
  const value = pool.readUInt32LE(at)
  pool.writeUInt32LE(0, at)
  return value / 2 ** 32
}

export const systemRandom: Random = {
  bytes: pooledBytes,
  fraction: pooledFraction,
}

/**
 * A reproducible generator (sfc32): the same seed gives the same sequence on every machine. Never for secrets that leave
 * a developer's machine.
 */
export function seededRandom(seed: string): Random {
  let [a, b, c, counter] = [0x9e37_79b9, 0x243f_6a88, 0xb7e1_5162, hash(seed)]
  const next = (): number => {
    const sum = (((a + b) | 0) + counter) | 0
    counter = (counter + 1) | 0
    a = b ^ (b >>> 9)
    b = (c + (c << 3)) | 0
    c = (((c << 21) | (c >>> 11)) + sum) | 0
    return sum >>> 0
  }
  const warmUpRounds = 12
  for (let round = 0; round < warmUpRounds; round++) next()
  return {
    bytes: (length) => Uint8Array.from({ length }, () => next() & 0xff),
    fraction: () => next() / 2 ** 32,
  }
}

export function randomHex(random: Random, bytes: number): string {
  return Buffer.from(random.bytes(bytes)).toString('hex')
}

/** FNV-1a, 32 bit. */
function hash(text: string): number {
  let value = 0x811c_9dc5
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x0100_0193)
  return value
}
