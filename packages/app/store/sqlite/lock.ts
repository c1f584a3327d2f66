import { closeSync, existsSync, openSync, rmSync, statSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { CodedError } from '@portline/wire/errors.ts'

/**
 * One process per store. The lock is a transaction on a small file of its own, which the operating system ends with the process
 * however it dies; so the store itself can be read by several connections while one writes it.
 */
export interface StoreLock {
  release(): void
  /** Takes the lock's file away too, if it was made for this lock: nothing is there that it would guard. */
  releaseNew(): void
}

const SQLITE_BUSY = 5
/** An extended code says more in its higher bits: SQLITE_BUSY_RECOVERY is busy too. */
const PRIMARY_CODE = 0xff

/** Each is lost only to somebody who takes the file away in that very moment; a link to nowhere loses all of them. */
const LOCK_TRIES = 1_000

/** Readable by its owner alone; SQLite gives its other files the same rights. */
const OWNER_ONLY = 0o600

/** Errors: STORE_IN_USE, STORE_UNAVAILABLE when the folder cannot be written. */
export function lockStore(file: string): StoreLock {
  const lockFile = `${file}.lock`
  for (let tries = 0; tries < LOCK_TRIES; tries++) {
    const isNew = makeFile(lockFile)
    const before = statSync(lockFile, { throwIfNoEntry: false })?.ino
    const db = openLocked(lockFile)
    // Whoever took the file away meanwhile had the lock: one on a file that nobody else will find guards nothing.
    if (db !== undefined && before !== undefined && statSync(lockFile, { throwIfNoEntry: false })?.ino === before) return lockOf(db, lockFile, isNew)
    db?.close()
  }
  throw new CodedError('STORE_UNAVAILABLE', `${lockFile} is in the way: it is there and cannot be opened`)
}

function lockOf(db: DatabaseSync, lockFile: string, isNew: boolean): StoreLock {
  return {
    release: () => db.close(),
    releaseNew() {
      if (isNew) rmSync(lockFile, { force: true })
      db.close()
    },
  }
}

/** Nothing when the file has just been taken away. Errors: STORE_IN_USE. */
function openLocked(lockFile: string): DatabaseSync | undefined {
  if (!existsSync(lockFile)) return undefined
  const db = new DatabaseSync(lockFile)
  try {
    // Nothing is ever written: a journal would only lie about.
    db.exec('PRAGMA journal_mode = OFF; BEGIN EXCLUSIVE')
  } catch (error) {
    db.close()
    throw isBusy(error) ? new CodedError('STORE_IN_USE') : error
  }
  return db
}

export function isBusy(error: unknown): boolean {
  return error instanceof Error && 'errcode' in error && (Number(error.errcode) & PRIMARY_CODE) === SQLITE_BUSY
}

/** Whether it was not there. Never opens one that is: closing it again would take away the locks that this process has on it. */
export function makeFile(file: string): boolean {
  try {
    closeSync(openSync(file, 'wx', OWNER_ONLY))
    return true
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'EEXIST') return false
    throw new CodedError('STORE_UNAVAILABLE', error instanceof Error ? error.message : String(error))
  }
}
