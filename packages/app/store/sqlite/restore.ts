import { closeSync, constants, copyFileSync, existsSync, fsyncSync, linkSync, openSync, renameSync, rmSync } from 'node:fs'
import { dirname } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { CodedError } from '@portline/wire/errors.ts'
import { inspectBackup } from './backup-file.ts'
import type { BackupFacts } from './backup-file.ts'
import { isBusy, lockStore } from './lock.ts'

export interface RestoreOptions {
  readonly backup: string
  /** Where the store is to be. */
  readonly file: string
  /** Whether one that is there may be replaced. */
  readonly force: boolean
  /** Looks at what is to be restored before anything is changed; what it throws ends the restore. */
  readonly check: (facts: BackupFacts) => void
}

export interface Restored extends BackupFacts {
  /** Where the former store is now. */
  readonly replaced?: string
}

/**
 * Puts a backup in a store's place. At every moment either the whole former store or the whole new one is there; one that cannot take
 * in its log, damaged or on a full disk, stands without it between two steps and is set aside with it. Errors: STORE_IN_USE,
 * STORE_EXISTS, STORE_NEWER, BACKUP_INVALID, STORE_UNAVAILABLE when the folder cannot be written.
 */
export function restoreBackup({ backup, file, force, check }: RestoreOptions): Restored {
  const lock = lockStore(file)
  const incoming = `${file}.restoring`
  try {
    if (existsSync(file) && !force) throw new CodedError('STORE_EXISTS', `${file} is there already`)
    rmSync(incoming, { force: true })
    copySynced(backup, incoming)
    // The copy is looked at, not the original: it is what will be in place.
    const facts = inspectBackup(incoming)
    check(facts)
    const replaced = existsSync(file) ? setAside(file) : undefined
    renameSync(incoming, file)
    syncFolder(file)
    return replaced === undefined ? facts : { ...facts, replaced }
  } finally {
    // One that was copied from a store as it stood may have been given a log when it was looked at.
    for (const left of [incoming, `${incoming}-wal`, `${incoming}-shm`]) rmSync(left, { force: true })
    // Refused, and nothing had been there before.
    if (existsSync(file)) lock.release()
    else lock.releaseNew()
  }
}

/** As one file. A log that could not be taken in goes along: the log of one database must never stand beside another one. */
function setAside(file: string): string {
  let number = 1
  // A log that was left alone would be taken for this one's.
  while (['', '-wal'].some((end) => existsSync(`${file}.replaced-${number}${end}`))) number += 1
  const replaced = `${file}.replaced-${number}`
  takeInLog(file)
  // Both have their other name before one loses its own: whoever dies in between has lost neither.
  if (existsSync(`${file}-wal`)) linkSync(`${file}-wal`, `${replaced}-wal`)
  linkSync(file, replaced)
  for (const left of [`${file}-wal`, `${file}-shm`]) rmSync(left, { force: true })
  return replaced
}

/** The app side does not run, but a tool of the operator may be reading. */
const BUSY_WAIT_MS = 5_000

/** What was answered 200 before a kill stands in the log alone: apart from it the file is not the store. Errors: STORE_IN_USE. */
function takeInLog(file: string): void {
  let db: DatabaseSync | undefined
  try {
    db = new DatabaseSync(file, { timeout: BUSY_WAIT_MS })
    if (db.prepare('PRAGMA wal_checkpoint(TRUNCATE)').get()?.['busy'] === 1) throw new CodedError('STORE_IN_USE', `something still reads ${file}`)
  } catch (error) {
    if (error instanceof CodedError) throw error
    if (isBusy(error)) throw new CodedError('STORE_IN_USE', `something still holds ${file}`)
    // Damaged, or no room: a backup must be able to take the place of that one above all.
  } finally {
    db?.close()
  }
}

const OWNER_ONLY = 0o600

function copySynced(from: string, to: string): void {
  if (!existsSync(from)) throw new CodedError('BACKUP_INVALID', `there is no file ${from}`)
  // Made first, so that nobody else can read it while it is written.
  closeSync(openSync(to, 'wx', OWNER_ONLY))
  copyFileSync(from, to, constants.COPYFILE_FICLONE)
  const handle = openSync(to, 'r+')
  fsyncSync(handle)
  closeSync(handle)
}

/** Renames last only once their folder is on the disk. */
export function syncFolder(file: string): void {
  const folder = openSync(dirname(file), 'r')
  fsyncSync(folder)
  closeSync(folder)
}
