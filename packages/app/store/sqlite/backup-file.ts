import { existsSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { CodedError } from '@portline/wire/errors.ts'
import type { SealedSample } from '../keeping.ts'
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
}

const TABLES = ['events', 'attempts', 'installations', 'accounts']

/** Reads every page of it. Errors: BACKUP_INVALID with what is wrong, STORE_NEWER. */
export function inspectBackup(file: string): BackupFacts {
  if (!existsSync(file)) throw new CodedError('BACKUP_INVALID', `there is no file ${file}`)
  let db: DatabaseSync | undefined
  try {
    db = new DatabaseSync(file, { readOnly: true })
    return factsOf(new Queries(db))
  } catch (error) {
    throw error instanceof CodedError ? error : new CodedError('BACKUP_INVALID', messageOf(error))
  } finally {
    db?.close()
  }
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
  return { schemaVersion, events: count('events'), installations: count('installations'), samples }
}
