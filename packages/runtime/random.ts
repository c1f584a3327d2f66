import { randomBytes } from 'node:crypto'

/** Randomness as a dependency: real in production, seeded in tests, in the portal and in the simulation. */
export interface Random {
  bytes(length: number): Uint8Array
  /** A float in [0, 1). */
  fraction(): number
}

/** The system is asked for this much at once: a nonce for every event would else be a system call for every event. */
const POOL_BYTES = 8_192
let pool: Uint8Array = new Uint8Array()

/** Never hands out a byte twice; what it hands out is the caller's own copy. */
function pooledBytes(length: number): Uint8Array {
  if (length > POOL_BYTES) return randomBytes(length)
  if (pool.length < length) pool = randomBytes(POOL_BYTES)
  // A copy: a Buffer's own slice() would be a view of what is blotted out in the next line.
  const bytes = new Uint8Array(pool.subarray(0, length))
  pool.fill(0, 0, length)
  pool = pool.subarray(length)
  return bytes
}

export const systemRandom: Random = {
  bytes: pooledBytes,
  fraction: () => fractionOf(pooledBytes(4)),
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

function fractionOf(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0) / 2 ** 32
}

/** FNV-1a, 32 bit. */
function hash(text: string): number {
  let value = 0x811c_9dc5
  for (let index = 0; index < text.length; index++) value = Math.imul(value ^ text.charCodeAt(index), 0x0100_0193)
  return value
}
