import { link, mkdir, open, readFile, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { randomHex } from '@portline/runtime/random.ts'
import type { Random } from '@portline/runtime/random.ts'
import { CodedError } from '@portline/wire/errors.ts'
import { KEY_BYTES } from '../tokens/sealer.ts'

/** Readable by its owner alone: whoever has the key and the store's file has the tokens. */
const OWNER_ONLY = 0o600
const TEMPORARY_NAME_BYTES = 6
const KEY_FILE = 'sealing.key'

/**
 * The key that seals tokens at rest: 32 bytes in base64 from the setting, else from `<dataDir>/sealing.key`, which is made
 * at the first start. Errors: KEY_INVALID.
 */
export async function loadSealingKey(dataDir: string, setting: string | undefined, random: Random): Promise<Uint8Array> {
  if (setting !== undefined) return decode(setting, 'PORTLINE_KEY')
  const file = join(dataDir, KEY_FILE)
  await mkdir(dataDir, { recursive: true })
  const found = await readIfThere(file)
  if (found !== undefined) return decode(found, file)
  await writeWhole(file, Buffer.from(random.bytes(KEY_BYTES)).toString('base64'), randomHex(random, TEMPORARY_NAME_BYTES))
  return decode(await readFile(file, 'utf8'), file)
}

/** The same without making one: undefined when there is none. Errors: KEY_INVALID. */
export async function findSealingKey(dataDir: string, setting: string | undefined): Promise<Uint8Array | undefined> {
  if (setting !== undefined) return decode(setting, 'PORTLINE_KEY')
  const file = join(dataDir, KEY_FILE)
  const found = await readIfThere(file)
  return found === undefined ? undefined : decode(found, file)
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (error) {
    if (hasCode(error, 'ENOENT')) return undefined
    throw error
  }
}

/**
 * Data sealed with a key that a power cut took is lost for good, so the key is on the disk, whole, before it is used. Of
 * two processes that start at once one wins, and both read what it wrote.
 */
async function writeWhole(file: string, text: string, suffix: string): Promise<void> {
  const temporary = `${file}.${suffix}`
  await writeSynced(temporary, text)
  try {
    await link(temporary, file)
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error
  } finally {
    await rm(temporary)
  }
  const folder = await open(dirname(file))
  await folder.sync()
  await folder.close()
}

async function writeSynced(file: string, text: string): Promise<void> {
  const handle = await open(file, 'wx', OWNER_ONLY)
  await handle.writeFile(text)
  await handle.sync()
  await handle.close()
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

function decode(text: string, from: string): Uint8Array {
  const key = Buffer.from(text.trim(), 'base64')
  if (key.length !== KEY_BYTES) throw new CodedError('KEY_INVALID', `${from} does not hold ${KEY_BYTES} bytes in base64`)
  return key
}
