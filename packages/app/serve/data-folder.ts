import { constants } from 'node:fs'
import { access, mkdir } from 'node:fs/promises'
import { CodedError } from '@portline/wire/errors.ts'

/** Makes the folder unless it is there. Errors: CONFIG_INVALID, STORE_UNAVAILABLE. */
export async function makeDataFolder(dataDir: string): Promise<void> {
  try {
    await mkdir(dataDir, { recursive: true })
    await access(dataDir, constants.W_OK | constants.X_OK)
  } catch (cause) {
    throw dataFolderError(dataDir, cause)
  }
}

/** Those of the disk: the folder is the right one, and there may be room in it later. */
const DISK_CODES: ReadonlySet<string> = new Set(['ENOSPC', 'EDQUOT', 'EIO', 'EMFILE', 'ENFILE'])

/** Why nothing can be written into a data folder. */
export function dataFolderError(dataDir: string, cause: unknown): CodedError {
  const code = cause instanceof Error && 'code' in cause ? String(cause.code) : String(cause)
  return new CodedError(DISK_CODES.has(code) ? 'STORE_UNAVAILABLE' : 'CONFIG_INVALID', `the data folder ${dataDir} cannot be written into: ${code}`, { cause })
}
