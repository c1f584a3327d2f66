import { createCipheriv, createDecipheriv, createHash, createSecretKey, timingSafeEqual } from 'node:crypto'
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
}

export const KEY_BYTES = 32
const VERSION = 1
const KEY_ID_BYTES = 4
const NONCE_BYTES = 12
const TAG_BYTES = 16
const NONCE_AT = 1 + KEY_ID_BYTES
const TAG_AT = NONCE_AT + NONCE_BYTES
const TEXT_AT = TAG_AT + TAG_BYTES

export function createSealer(key: Uint8Array, random: Random): Sealer {
  if (key.length !== KEY_BYTES) throw new CodedError('KEY_INVALID', `the key has ${key.length} bytes, ${KEY_BYTES} are needed`)
  const keyId = createHash('sha256').update('portline key id').update(key).digest().subarray(0, KEY_ID_BYTES)
  // Made once: node would make a key object of raw bytes anew at every call.
  const secret = createSecretKey(key)
  return {
    seal(purpose, plain) {
      const nonce = random.bytes(NONCE_BYTES)
      const cipher = createCipheriv('aes-256-gcm', secret, nonce).setAAD(Buffer.from(purpose))
      const text = Buffer.concat([cipher.update(plain, 'utf8'), cipher.final()])
      return Buffer.concat([Buffer.from([VERSION]), keyId, nonce, cipher.getAuthTag(), text])
    },
    open(purpose, sealed) {
      if (sealed[0] !== VERSION || !timingSafeEqual(sealed.subarray(1, NONCE_AT), keyId)) {
        throw new CodedError('KEY_INVALID', 'the value was sealed with another key')
      }
      try {
        const decipher = createDecipheriv('aes-256-gcm', secret, sealed.subarray(NONCE_AT, TAG_AT))
        decipher.setAAD(Buffer.from(purpose)).setAuthTag(sealed.subarray(TAG_AT, TEXT_AT))
        return Buffer.concat([decipher.update(sealed.subarray(TEXT_AT)), decipher.final()]).toString('utf8')
      } catch (cause) {
        throw new CodedError('KEY_INVALID', 'the sealed value does not open', { cause })
      }
    },
  }
}
