import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { CodedError } from '@portline/wire/errors.ts'
import { LOST_KEYS_NOTE } from '../keeping.ts'
import type { SealedSample } from '../keeping.ts'
import { FORGET_PROCESS } from './cautions.ts'
import { isBusy, lockStore } from './lock.ts'
import { Queries } from './queries.ts'
import { readOperations } from './read-operations.ts'
import { messageOf } from './run-batch.ts'
import { SCHEMA_VERSION } from './schema.ts'

/** What can be said of a copy of a store without starting on it. */
export interface BackupFacts {
  readonly schemaVersion: number
  readonly events: number
  readonly installations: number
  /** Some sealed values, to see whether a key opens them; none where nothing is sealed. */
  readonly samples: readonly SealedSample[]
  /** What the store notes of keys that are lost (tokens/sealed-samples.ts). */
  readonly lostKeys: string | undefined
}

const TABLES = ['events', 'attempts', 'installations', 'accounts']

/** Reads every page of it. Errors: BACKUP_INVALID with what is wrong, STORE_NEWER, STORE_UNAVAILABLE. */
export function inspectBackup(file: string): BackupFacts {
  if (!existsSync(file)) throw new CodedError('BACKUP_INVALID', `there is no file ${file}`)
  let db: DatabaseSync | undefined
  try {
    db = new DatabaseSync(file, { readOnly: true })
    return factsOf(new Queries(db))
  } catch (error) {
    throw backupError(error)
  } finally {
    db?.close()
  }
}

/** What SQLite answers when it is busy, cannot read or write, or finds no room: these say nothing of the file. */
const SQLITE_BUSY = 5
const SQLITE_IOERR = 10
const SQLITE_FULL = 13
const DISK_ERRORS: ReadonlySet<number> = new Set([SQLITE_BUSY, SQLITE_IOERR, SQLITE_FULL])
/** The rest of an error's number says which kind of it. */
const KIND_BITS = 8

/** An operator who is told that a backup is damaged puts it away: a full disk must not be told so. */
export function backupError(cause: unknown): CodedError {
  if (cause instanceof CodedError) return cause
  const number = cause instanceof Error && 'errcode' in cause ? Number(cause.errcode) : 0
  return new CodedError(DISK_ERRORS.has(number % 2 ** KIND_BITS) ? 'STORE_UNAVAILABLE' : 'BACKUP_INVALID', messageOf(cause), { cause })
}

function factsOf(db: Queries): BackupFacts {
  const schemaVersion = Number(db.get('PRAGMA user_version')?.['user_version'] ?? 0)
  if (schemaVersion > SCHEMA_VERSION) throw new CodedError('STORE_NEWER', `schema version ${schemaVersion}, known is ${SCHEMA_VERSION}`)
  const tables = new Set(db.all(`SELECT name FROM sqlite_schema WHERE type = 'table'`).map(({ name }) => name))
  if (schemaVersion < 1 || !TABLES.every((name) => tables.has(name))) throw new CodedError('BACKUP_INVALID', 'it is no store of an app side')
  const [first] = db.all('PRAGMA integrity_check(1)')
  if (first?.['integrity_check'] !== 'ok') throw new CodedError('BACKUP_INVALID', `it is damaged: ${String(first?.['integrity_check'])}`)
  const count = (table: string): number => Number(db.get(`SELECT count(*) AS n FROM ${table}`)?.['n'] ?? 0)
  const samples = tables.has('auth_batches') ? readOperations.sealedSamples(db) : []
  const note = tables.has('notes') ? db.get('SELECT text FROM notes WHERE name = ?', LOST_KEYS_NOTE)?.['text'] : undefined
  const lostKeys = typeof note === 'string' ? note : undefined
  return { schemaVersion, events: count('events'), installations: count('installations'), samples, lostKeys }
}

/** The app side does not run, but a tool of the operator may hold it for a moment. */
const BUSY_WAIT_MS = 5_000

/**
 * Writes all that a store holds that nobody uses into a new file, in the schema that it has: a backup before an upgrade must be one that
 * the former version can use. Errors: STORE_IN_USE, STORE_UNAVAILABLE.
 */
export function copyStore(file: string, to: string): void {
  withStoreAtRest(file, (db) => db.prepare('VACUUM INTO ?').run(to))
  const copy = new DatabaseSync(to)
  try {
    // Older versions have none.
    if (copy.prepare(`SELECT 1 FROM sqlite_schema WHERE name = 'cautions'`).get() !== undefined) copy.exec(FORGET_PROCESS)
  } finally {
    copy.close()
  }
}

/** Whoever only reads must not carry a store over: nothing leads back. Errors: BAD_REQUEST, STORE_IN_USE, STORE_UNAVAILABLE. */
export function demandPresentSchema(file: string): void {
  const version = withStoreAtRest(file, (db) => Number(db.prepare('PRAGMA user_version').get()?.['user_version'] ?? 0))
  if (version >= SCHEMA_VERSION) return
  const todo = 'read it with the version that wrote it, or make a backup (portline backup --data) and start the app side once: that carries it over'
  throw new CodedError('BAD_REQUEST', `${file} has schema version ${version}, and this version reads ${SCHEMA_VERSION}: ${todo}`)
}

/** Nothing is changed in it, whatever its version. */
function withStoreAtRest<Result>(file: string, work: (db: DatabaseSync) => Result): Result {
  const lock = lockStore(file)
  let db: DatabaseSync | undefined
  try {
    db = new DatabaseSync(file, { timeout: BUSY_WAIT_MS })
    return work(db)
  } catch (cause) {
    throw isBusy(cause) ? new CodedError('STORE_IN_USE') : new CodedError('STORE_UNAVAILABLE', messageOf(cause), { cause })
  } finally {
    db?.close()
    lock.release()
  }
}
