import type { DatabaseSync } from 'node:sqlite'
import { CodedError } from '@portline/wire/errors.ts'
import { REWRITE_NOTE, REWRITE_OWED } from '../audit.ts'
import { MIGRATIONS } from './migrations.ts'
import { EVENT_TABLES, OTHER_TABLES } from './tables.ts'

export const SCHEMA_VERSION = 5

/** A power cut must not undo a commit that was answered, and some builds fall back to NORMAL in WAL: set it, then look. */
const SYNCHRONOUS_FULL = 2
/** What is deleted is overwritten with zeros. Costs receiving nothing that was seen, deletion a third more CPU. */
const SECURE_DELETE_ON = 1

/** A reader that takes long keeps the log growing; it is cut back to this when it begins anew. */
const LOG_KEPT_BYTES = 67_108_864

/** Errors: STORE_NEWER, STORE_UNAVAILABLE. */
export function prepareDatabase(db: DatabaseSync): void {
  db.exec(`PRAGMA journal_mode = WAL; PRAGMA synchronous = FULL; PRAGMA journal_size_limit = ${LOG_KEPT_BYTES}`)
  if (pragma(db, 'synchronous') !== SYNCHRONOUS_FULL) throw new CodedError('STORE_UNAVAILABLE', 'synchronous=FULL is not in force')
  // Always: what is deleted or written over piece by piece all the time belongs to what an erasure is to erase.
  db.exec('PRAGMA secure_delete = ON')
  if (pragma(db, 'secure_delete') !== SECURE_DELETE_ON) throw new CodedError('STORE_UNAVAILABLE', 'secure_delete=ON is not in force')
  if (pragma(db, 'journal_mode') !== 'wal') throw new CodedError('STORE_UNAVAILABLE', 'journal_mode=WAL is not in force')
  db.exec('BEGIN EXCLUSIVE')
  let version = Number(pragma(db, 'user_version'))
  if (version > SCHEMA_VERSION) throw new CodedError('STORE_NEWER', `schema version ${version}, known is ${SCHEMA_VERSION}`)
  if (version === 0) {
    createTables(db)
    version = SCHEMA_VERSION
  }
  for (; version < SCHEMA_VERSION; version++) db.exec(MIGRATIONS[version] ?? '')
  db.exec(`PRAGMA user_version = ${SCHEMA_VERSION}; COMMIT`)
  rewriteIfOwed(db)
}

/**
 * What a former version deleted still stands in the files. At a start, not when an erasure asks for it: it takes as long as the store is
 * big, and nothing can be written meanwhile. Needs as much room again as the store has; where it fails it stays owed to the next start.
 */
function rewriteIfOwed(db: DatabaseSync): void {
  if (db.prepare('SELECT 1 FROM notes WHERE name = ? AND text = ?').get(REWRITE_NOTE, REWRITE_OWED) === undefined) return
  try {
    db.exec('VACUUM; PRAGMA wal_checkpoint(TRUNCATE)')
    db.prepare('UPDATE notes SET text = ? WHERE name = ?').run('done', REWRITE_NOTE)
  } catch {
    // The store is good without it; the eraser says that it is owed.
  }
}

/** Into an empty database, wherever it is kept. */
export function createTables(db: DatabaseSync): void {
  db.exec(`${EVENT_TABLES} ${OTHER_TABLES}`)
}

function pragma(db: DatabaseSync, name: string): unknown {
  return db.prepare(`PRAGMA ${name}`).get()?.[name]
}
