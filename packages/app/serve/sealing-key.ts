import { link, open, readFile, rename, rm } from 'node:fs/promises'
import { dirname, join } from 'node:path'
import { randomHex } from '@portline/runtime/random.ts'
import type { Random } from '@portline/runtime/random.ts'
import { textOfThrown } from '@portline/runtime/thrown.ts'
import { CodedError } from '@portline/wire/errors.ts'
import type { KeyPlace } from '../tokens/key-rotation.ts'
import { KEY_BYTES } from '../tokens/sealer.ts'
import { dataFolderError, makeDataFolder } from './data-folder.ts'

/** Readable by its owner alone: whoever has the key and the store's file has the tokens. */
const OWNER_ONLY = 0o600
const TEMPORARY_NAME_BYTES = 6
const KEY_FILE = 'sealing.key'

/** Keys that were given, not found: in base64, former ones separated by commas. */
export interface KeySettings {
  readonly key?: string | undefined
  readonly formerKeys?: string | undefined
}

/**
 * The keys that seal tokens at rest, 32 bytes each in base64: from the settings, else from `<dataDir>/sealing.key`, which is made at
 * the first start. A line of the file is a key: the first one seals, the others open what is not resealed yet. Makes the folder, too.
 * Errors: KEY_INVALID, CONFIG_INVALID, STORE_UNAVAILABLE.
 */
export async function loadSealingKeys(dataDir: string, settings: KeySettings, random: Random): Promise<KeyPlace> {
  const found = await findSealingKeys(dataDir, settings)
  await makeDataFolder(dataDir)
  if (found !== undefined) return found
  const file = join(dataDir, KEY_FILE)
  await writeFirst(file, textOf([random.bytes(KEY_BYTES)]), randomHex(random, TEMPORARY_NAME_BYTES)).catch((cause: unknown) => {
    throw dataFolderError(dataDir, cause)
  })
  return inFile(file, await readFile(file, 'utf8'))
}

/** The same without making one: undefined when there is none. Errors: KEY_INVALID. */
export async function findSealingKeys(dataDir: string, { key, formerKeys }: KeySettings): Promise<KeyPlace | undefined> {
  if (key !== undefined) {
    const former = (formerKeys ?? '').split(',').map((text) => text.trim()).filter((text) => text !== '')
    return { source: 'environment', keys: [decode(key, 'PORTLINE_KEY'), ...former.map((text) => decode(text, 'PORTLINE_FORMER_KEYS'))] }
  }
  if (formerKeys !== undefined) throw new CodedError('KEY_INVALID', 'PORTLINE_FORMER_KEYS is set, and PORTLINE_KEY is not')
  const file = join(dataDir, KEY_FILE)
  const text = await readIfThere(file)
  return text === undefined ? undefined : inFile(file, text)
}

function inFile(file: string, text: string): KeyPlace {
  const lines = text.split('\n').map((line) => line.trim()).filter((line) => line !== '')
  return {
    source: 'file',
    keys: lines.length === 0 ? [decode('', file)] : lines.map((line) => decode(line, file)),
    save: (keys) => replace(file, textOf(keys)),
  }
}

function textOf(keys: readonly Uint8Array[]): string {
  return keys.map((key) => `${Buffer.from(key).toString('base64')}\n`).join('')
}

async function readIfThere(file: string): Promise<string | undefined> {
  try {
    return await readFile(file, 'utf8')
  } catch (cause) {
    // The second: the folder is none. Whoever needs one says so.
    if (hasCode(cause, 'ENOENT') || hasCode(cause, 'ENOTDIR')) return undefined
    throw new CodedError('KEY_INVALID', `${file} cannot be read: ${textOfThrown(cause)}`, { cause })
  }
}

/**
 * Data sealed with a key that a power cut took is lost for good, so the key is on the disk, whole, before it is used. Of
 * two processes that start at once one wins, and both read what it wrote.
 */
async function writeFirst(file: string, text: string, suffix: string): Promise<void> {
  const temporary = `${file}.${suffix}`
  await writeSynced(temporary, text)
  try {
    await link(temporary, file)
  } catch (error) {
    if (!hasCode(error, 'EEXIST')) throw error
  } finally {
    await rm(temporary)
  }
  await syncFolder(file)
}

/** At every moment the former keys or the new ones are there, whole. Only the process that has the store open may do it. */
async function replace(file: string, text: string): Promise<void> {
  const next = `${file}.next`
  // Of a process that died on the way.
  await rm(next, { force: true })
  await writeSynced(next, text)
  await rename(next, file)
  await syncFolder(file)
}

async function writeSynced(file: string, text: string): Promise<void> {
  const handle = await open(file, 'wx', OWNER_ONLY)
  try {
    await handle.writeFile(text)
    await handle.sync()
  } finally {
    await handle.close()
  }
}

async function syncFolder(file: string): Promise<void> {
  const folder = await open(dirname(file))
  try {
    await folder.sync()
  } finally {
    await folder.close()
  }
}

function hasCode(error: unknown, code: string): boolean {
  return error instanceof Error && 'code' in error && error.code === code
}

function decode(text: string, from: string): Uint8Array {
  const key = Buffer.from(text.trim(), 'base64')
  if (key.length !== KEY_BYTES) throw new CodedError('KEY_INVALID', `${from} does not hold ${KEY_BYTES} bytes in base64`)
  return key
}
