import { closeSync, constants, copyFileSync, existsSync, fsyncSync, linkSync, openSync, renameSync, rmSync, statSync } from 'node:fs'
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
  /** Where the former store is now, or its log where that was all there was. */
  readonly replaced?: string
}

/** What may be there of a store, also without the file itself: an operator takes a damaged one away and leaves the rest. */
const LOG = '-wal'
const LOG_INDEX = '-shm'
const PARTS = ['', LOG, LOG_INDEX]

/**
 * Puts a backup in a store's place. At every moment either the whole former store or the whole new one is there; one that cannot take
 * in its log, damaged or on a full disk, stands without it between two steps and is set aside with it. Errors: STORE_IN_USE,
 * STORE_EXISTS, STORE_NEWER, BACKUP_INVALID, STORE_UNAVAILABLE when the folder cannot be written.
 */
export function restoreBackup({ backup, file, force, check }: RestoreOptions): Restored {
  const lock = lockStore(file)
  const incoming = `${file}.restoring`
  try {
    const part = PARTS.find((end) => existsSync(file + end))
    if (part !== undefined && !force) throw new CodedError('STORE_EXISTS', `${file}${part} is there already`)
    rmSync(incoming, { force: true })
    copySynced(backup, incoming)
    // The copy is looked at, not the original: it is what will be in place.
    const facts = inspectBackup(incoming)
    check(facts)
    const replaced = setAside(file)
    renameSync(incoming, file)
    syncFolder(file)
    return replaced === undefined ? facts : { ...facts, replaced }
  } finally {
    // One that was copied from a store as it stood may have been given a log when it was looked at.
    for (const end of PARTS) rmSync(incoming + end, { force: true })
    // Refused, and nothing had been there before.
    if (PARTS.some((end) => existsSync(file + end))) lock.release()
    else lock.releaseNew()
  }
}

/**
 * As one file. A log that could not be taken in goes along: the log of one database must never stand beside another one, which would
 * take it in.
 */
function setAside(file: string): string | undefined {
  let number = 1
  // A log that was left alone would be taken for this one's.
  while (['', LOG].some((end) => existsSync(`${file}.replaced-${number}${end}`))) number += 1
  const replaced = `${file}.replaced-${number}`
  // Opened without a page of its own, a database throws its log away.
  if ((statSync(file, { throwIfNoEntry: false })?.size ?? 0) > 0) takeInLog(file)
  const kept = [LOG, ''].filter((end) => existsSync(file + end))
  // All have their other name before one loses its own: whoever dies in between has lost none.
  for (const end of kept) linkSync(file + end, replaced + end)
  for (const left of [LOG, LOG_INDEX]) rmSync(file + left, { force: true })
  const main = kept.at(-1)
  return main === undefined ? undefined : replaced + main
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
