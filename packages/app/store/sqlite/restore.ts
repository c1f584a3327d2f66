import { chmodSync, closeSync, constants, copyFileSync, existsSync, fsyncSync, linkSync, mkdirSync, openSync, renameSync, rmSync, statSync } from 'node:fs'
import { dirname, join, resolve } from 'node:path'
import { DatabaseSync } from 'node:sqlite'
import { CodedError } from '@portline/wire/errors.ts'
import { backupError, inspectBackup } from './backup-file.ts'
import type { BackupFacts } from './backup-file.ts'
import { isBusy, lockStore } from './lock.ts'
import type { StoreLock } from './lock.ts'
import { messageOf } from './run-batch.ts'

export interface RestoreOptions {
  readonly backup: string
  /** Where the store is to be. */
  readonly file: string
  /** Whether one that is there may be replaced. */
  readonly force: boolean
  /** Looks at what is to be restored before anything is changed; what it throws ends the restore. */
  readonly check: (facts: BackupFacts) => void
  /** Writes into the copy, as a store, what is to be in it from the first moment; what it throws ends the restore. */
  readonly prepare?: (copy: string) => Promise<void>
}

export interface Restored extends BackupFacts {
  /** The log that stood beside the backup and was taken in with it. */
  readonly log?: string
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
 * STORE_EXISTS, STORE_NEWER, BACKUP_INVALID, STORE_UNAVAILABLE when the folder cannot be written or the disk is full.
 */
export async function restoreBackup(options: RestoreOptions): Promise<Restored> {
  try {
    return await restored(options)
  } catch (cause) {
    // Of the files: the disk, or who may do what on it.
    if (cause instanceof CodedError || !(cause instanceof Error && 'code' in cause)) throw cause
    throw new CodedError('STORE_UNAVAILABLE', messageOf(cause), { cause })
  }
}

async function restored({ backup, file, force, check, prepare }: RestoreOptions): Promise<Restored> {
  const lock = lockStore(file)
  const folder = `${file}.restoring`
  const incoming = join(folder, 'store')
  try {
    const part = PARTS.find((end) => existsSync(file + end))
    if (part !== undefined && !force) throw new CodedError('STORE_EXISTS', `${file}${part} is there already`)
    // What a restore that was killed left there: its log would be taken for this one's.
    rmSync(folder, { recursive: true, force: true })
    // A copy begins with the rights of what it is made of: nobody else may look where it is made.
    mkdirSync(folder, { mode: OWNER_ALONE })
    const given = resolve(backup) === resolve(file) ? undefined : lockGiven(backup)
    let log: string | undefined
    try {
      log = copyWhole(backup, incoming)
    } finally {
      given?.release()
    }
    // The copy is looked at, not the original: it is what will be in place.
    const facts = inspected(incoming, log)
    check(facts)
    if (prepare !== undefined) {
      await prepare(incoming)
      takeInCopied(incoming)
    }
    const replaced = setAside(file)
    renameSync(incoming, file)
    syncFolder(file)
    return { ...facts, ...(log === undefined ? {} : { log }), ...(replaced === undefined ? {} : { replaced }) }
  } finally {
    rmSync(folder, { recursive: true, force: true })
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

/** The store of an app side that runs would be torn: its log begins anew between two copies. Errors: STORE_IN_USE. */
function lockGiven(backup: string): StoreLock | undefined {
  if (!existsSync(`${backup}.lock`)) return undefined
  try {
    return lockStore(backup)
  } catch (cause) {
    // Where nothing can be written nobody runs.
    if (!(cause instanceof CodedError) || cause.code !== 'STORE_IN_USE') return undefined
    throw new CodedError('STORE_IN_USE', `an app side runs on ${backup}: make a backup of it (portline backup)`, { cause })
  }
}

const OWNER_ONLY = 0o600
const OWNER_ALONE = 0o700

/**
 * With its log, which is answered: of a store that was not closed, or of one in a snapshot of a disk, what was committed last stands
 * there alone. Without the index of the log, which is made anew. Errors: BACKUP_INVALID.
 */
function copyWhole(backup: string, to: string): string | undefined {
  if (statSync(backup, { throwIfNoEntry: false })?.isFile() !== true) throw new CodedError('BACKUP_INVALID', `there is no file ${backup}`)
  const log = existsSync(backup + LOG) ? backup + LOG : undefined
  for (const end of log === undefined ? [''] : ['', LOG]) {
    copyFileSync(backup + end, to + end, constants.COPYFILE_FICLONE)
    chmodSync(to + end, OWNER_ONLY)
  }
  const handle = openSync(to, 'r+')
  fsyncSync(handle)
  closeSync(handle)
  return log
}

/** Nothing in a log says whose it is: that of another file is found by what it makes of this one. Errors: BACKUP_INVALID, STORE_NEWER, STORE_UNAVAILABLE. */
function inspected(copy: string, log: string | undefined): BackupFacts {
  if (log === undefined) return inspectBackup(copy)
  try {
    takeInCopied(copy)
    return inspectBackup(copy)
  } catch (cause) {
    const error = backupError(cause)
    if (error.code !== 'BACKUP_INVALID') throw error
    throw new CodedError('BACKUP_INVALID', `${error.message}. The log beside it, ${log}, was taken in: if it is not its own, take it away`, { cause })
  }
}

function takeInCopied(copy: string): void {
  const db = new DatabaseSync(copy)
  try {
    db.exec('PRAGMA wal_checkpoint(TRUNCATE)')
  } finally {
    db.close()
  }
}

/** Renames last only once their folder is on the disk. */
export function syncFolder(file: string): void {
  const folder = openSync(dirname(file), 'r')
  fsyncSync(folder)
  closeSync(folder)
}
