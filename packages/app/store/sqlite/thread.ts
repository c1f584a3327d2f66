import { closeSync, openSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import { CodedError } from '@portline/wire/errors.ts'
import { operations } from './operations.ts'
import type { OperationAnswer, OperationCall, ThreadMessage, ThreadReply } from './operations.ts'
import { prepareDatabase } from './schema.ts'
import { Statements } from './statements.ts'

/**
 * The store's own thread. A batch is one transaction: its calls run in the order they were made, and their answers leave
 * only after COMMIT has reached the disk. A call that fails undoes itself alone; a commit that fails fails them all.
 */
const SQLITE_BUSY = 5

/** Readable by its owner alone; SQLite gives its other files the same rights. */
const OWNER_ONLY = 0o600

function open(file: string): DatabaseSync {
  closeSync(openSync(file, 'a', OWNER_ONLY))
  const db = new DatabaseSync(file)
  try {
    prepareDatabase(db)
    return db
  } catch (error) {
    db.close()
    if (error instanceof Error && 'errcode' in error && error.errcode === SQLITE_BUSY) throw new CodedError('STORE_IN_USE')
    throw error
  }
}

/** Nearly every batch has no failing call: it runs without the cost of savepoints, and once more with them if one fails. */
function runBatch(db: DatabaseSync, sql: Statements, batch: readonly OperationCall[]): OperationAnswer[] {
  try {
    return inTransaction(db, () => batch.map((call) => ({ value: runCall(sql, call) })))
  } catch {
    try {
      return inTransaction(db, () => batch.map((call) => runAlone(db, sql, call)))
    } catch (error) {
      return batch.map(() => ({ error: messageOf(error) }))
    }
  }
}

function inTransaction<Result>(db: DatabaseSync, work: () => Result): Result {
  try {
    db.exec('BEGIN')
    const result = work()
    db.exec('COMMIT')
    return result
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK')
    throw error
  }
}

function runCall(sql: Statements, call: OperationCall): unknown {
  const operation = operations[call.name] as (sql: Statements, ...args: readonly unknown[]) => unknown
  return operation(sql, ...call.args)
}

function runAlone(db: DatabaseSync, sql: Statements, call: OperationCall): OperationAnswer {
  db.exec('SAVEPOINT call')
  try {
    const value = runCall(sql, call)
    db.exec('RELEASE call')
    return { value }
  } catch (error) {
    // SQLite itself rolls everything back on a full disk; then there is no savepoint left and the whole batch has failed.
    if (!db.isTransaction) throw error
    db.exec('ROLLBACK TO call; RELEASE call')
    return { error: messageOf(error) }
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

function reply(message: ThreadReply): void {
  parentPort?.postMessage(message)
}

function start(): void {
  try {
    const db = open((workerData as { file: string }).file)
    const sql = new Statements(db)
    parentPort?.on('message', (message: ThreadMessage) => {
      if ('batch' in message) return reply({ answers: runBatch(db, sql, message.batch) })
      db.close()
      reply({ closed: true })
      parentPort?.close()
    })
    reply({ ready: true })
  } catch (error) {
    reply({ failed: { code: error instanceof CodedError ? error.code : 'STORE_UNAVAILABLE', message: messageOf(error) } })
    parentPort?.close()
  }
}

start()
