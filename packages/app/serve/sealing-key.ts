import { mkdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import type { Random } from '@portline/runtime/random.ts'
import { CodedError } from '@portline/wire/errors.ts'
import { KEY_BYTES } from '../tokens/sealer.ts'

/** Readable by its owner alone: whoever has the key and the store's file has the tokens. */
const OWNER_ONLY = 0o600

/**
 * The key that seals tokens at rest: 32 bytes in base64 from the setting, else from `<dataDir>/sealing.key`, which is made
 * at the first start. Errors: KEY_INVALID.
 */
export async function loadSealingKey(dataDir: string, setting: string | undefined, random: Random): Promise<Uint8Array> {
  if (setting !== undefined) return decode(setting, 'PORTLINE_KEY')
  const file = join(dataDir, 'sealing.key')
  await mkdir(dataDir, { recursive: true })
  try {
    // Exclusive: of two processes that start at once, the second reads what the first wrote.
    await writeFile(file, Buffer.from(random.bytes(KEY_BYTES)).toString('base64'), { mode: OWNER_ONLY, flag: 'wx' })
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'EEXIST')) throw error
  }
  return decode(await readFile(file, 'utf8'), file)
}

function decode(text: string, from: string): Uint8Array {
  const key = Buffer.from(text.trim(), 'base64')
  if (key.length !== KEY_BYTES) throw new CodedError('KEY_INVALID', `${from} does not hold ${KEY_BYTES} bytes in base64`)
  return key
}
