import { closeSync, openSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { CodedError } from '@portline/wire/errors.ts'

/**
 * One process per store. The lock is a transaction on a small file of its own, which the operating system ends with the process
 * however it dies; so the store itself can be read by several connections while one writes it.
 */
export interface StoreLock {
  release(): void
}

const SQLITE_BUSY = 5

/** Readable by its owner alone; SQLite gives its other files the same rights. */
const OWNER_ONLY = 0o600

/** Errors: STORE_IN_USE, STORE_UNAVAILABLE when the folder cannot be written. */
export function lockStore(file: string): StoreLock {
  const lockFile = `${file}.lock`
  makeFile(lockFile)
  const db = new DatabaseSync(lockFile)
  try {
    // Nothing is ever written: a journal would only lie about.
    db.exec('PRAGMA journal_mode = OFF; BEGIN EXCLUSIVE')
  } catch (error) {
    db.close()
    throw isBusy(error) ? new CodedError('STORE_IN_USE') : error
  }
  return { release: () => db.close() }
}

export function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY
}

/** Never opens a file that is there: closing it again would take away the locks that this process has on it. */
export function makeFile(file: string): void {
  try {
    closeSync(openSync(file, 'wx', OWNER_ONLY))
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return
    throw new CodedError('STORE_UNAVAILABLE', error instanceof Error ? error.message : String(error))
  }
}
