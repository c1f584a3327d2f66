import { createCipheriv, createDecipheriv, createHash, createSecretKey } from 'node:crypto'
import type { KeyObject } from 'node:crypto'
import type { Random } from '@portline/runtime/random.ts'
import { CodedError } from '@portline/wire/errors.ts'

/**
 * AES-256-GCM for what must not be readable at rest. A sealed value is
 * `version (1) · key id (4) · nonce (12) · tag (16) · ciphertext`; the key id lets several keys live side by side.
 * `purpose` is authenticated with it: a value copied to another row does not open there.
 */
export interface Sealer {
  seal(purpose: string, plain: string): Uint8Array
  /** Errors: KEY_INVALID when the value was sealed with another key, for another purpose, or was changed. */
  open(purpose: string, sealed: Uint8Array): string
  /** With what every value begins that is sealed now: what begins otherwise was sealed with a former key. */
  readonly prefix: Uint8Array
}

/**
 * A sealer whose keys can be changed while it is used: the first one seals, all of them open. A key that is taken away goes on
 * opening what this process still has in memory; it seals nothing any more.
 */
export interface KeyRing extends Sealer {
  /** Hexadecimal; the one that seals comes first. */
  readonly keyIds: readonly string[]
  /** Errors: KEY_INVALID. */
  useKeys(keys: readonly Uint8Array[]): void
}

/** The seal on the newest record of the audit trail. */
export const AUDIT_HEAD_PURPOSE = 'audit-head'

export const KEY_BYTES = 32
const VERSION = 1
const KEY_ID_BYTES = 4
const NONCE_BYTES = 12
const TAG_BYTES = 16
const NONCE_AT = 1 + KEY_ID_BYTES
const TAG_AT = NONCE_AT + NONCE_BYTES
const TEXT_AT = TAG_AT + TAG_BYTES

interface RingKey {
  readonly id: string
  readonly prefix: Uint8Array
  readonly secret: KeyObject
}

/** `keys`: one key, or several with the one that seals first. Errors: KEY_INVALID. */
export function createSealer(keys: Uint8Array | readonly Uint8Array[], random: Random): KeyRing {
  let { ring, active } = ringOf(keys instanceof Uint8Array ? [keys] : keys)
  const known = new Map(ring.map((key) => [key.id, key]))

  return {
    get keyIds() {
      return ring.map(({ id }) => id)
    },
    get prefix() {
      return active.prefix
    },
    useKeys(given) {
      ;({ ring, active } = ringOf(given))
      for (const key of ring) known.set(key.id, key)
    },
    seal(purpose, plain) {
      const nonce = random.bytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', active.secret, nonce).setAAD(Buffer.from(purpose))
      const text = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()])
      return Buffer.concat([active.prefix, nonce, cipher.getAuthTag(), text])
    },
    open(purpose, sealed) {
      const key = sealed[0] === VERSION ? known.get(idIn(sealed)) : undefined
      if (key === undefined) throw new CodedError('KEY_INVALID', 'the value was sealed with another key')
      try {
        const decipher = createDecipheriv('aes-256-gcm', key.secret, sealed.subarray(NONCE_AT, TAG_AT))
        decipher.setAAD(Buffer.from(purpose)).setAuthTag(sealed.subarray(TAG_AT, TEXT_AT))
        return Buffer.concat([decipher.update(sealed.subarray(TEXT_AT)), decipher.final()]).toString('utf8')
      } catch (cause) {
        throw new CodedError('KEY_INVALID', 'the sealed value does not open', { cause })
      }
    },
  }
}

/**
 * What opens, or nothing when no key at hand opens it: one value that was changed, or whose key was taken away too early, must stop
 * nothing but itself. What else goes wrong is thrown.
 */
export function ifItOpens<Opened>(open: () => Opened): Opened | undefined {
  try {
    return open()
  } catch (error) {
    if (error instanceof CodedError && error.code === 'KEY_INVALID') return undefined
    throw error
  }
}

/** Says which key it is and nothing of the key. */
export function keyIdOf(key: Uint8Array): string {
  return digestOf(key).toString('hex')
}

function ringOf(keys: readonly Uint8Array[]): { ring: readonly RingKey[]; active: RingKey } {
  const ring = keys.map(ringKey)
  const [active] = ring
  if (active === undefined) throw new CodedError('KEY_INVALID', 'there is no key')
  return { ring, active }
}

function ringKey(key: Uint8Array): RingKey {
  if (key.length !== KEY_BYTES) throw new CodedError('KEY_INVALID', `the key has ${key.length} bytes, ${KEY_BYTES} are needed`)
  // The secret is made once: node would make a key object of raw bytes anew at every call.
  return { id: keyIdOf(key), prefix: Buffer.concat([Buffer.from([VERSION]), digestOf(key)]), secret: createSecretKey(key) }
}

function digestOf(key: Uint8Array): Buffer {
  return createHash('sha256').update('portline key id').update(key).digest().subarray(0, KEY_ID_BYTES)
}

/** The id of the key that the value says it was sealed with. */
export function idIn(sealed: Uint8Array): string {
  return Buffer.from(sealed.buffer, sealed.byteOffset + 1, Math.min(KEY_ID_BYTES, sealed.length - 1)).toString('hex')
}
