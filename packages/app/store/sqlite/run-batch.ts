import type { DatabaseSync } from 'node:sqlite'
import { AfterCommit } from './engine.ts'
import type { Engine } from './engine.ts'
import { operations } from './operations.ts'
import type { OperationAnswer, OperationCall } from './operations.ts'

/**
 * A batch is one transaction: its calls run in the order they were made, and their answers leave only after COMMIT has reached the
 * disk. A call that fails undoes itself alone; a commit that fails fails them all.
 */

/** Nearly every batch has no failing call: it runs without the cost of savepoints, and once more with them if one fails. */
export function runBatch(db: DatabaseSync, engine: Engine, batch: readonly OperationCall[]): OperationAnswer[] {
  // What is on disk must not be run again, whatever fails afterwards.
  return committed(db, engine, batch).map(afterCommit)
}

function committed(db: DatabaseSync, engine: Engine, batch: readonly OperationCall[]): OperationAnswer[] {
  try {
    return inTransaction(db, () => batch.map((call) => ({ value: runCall(engine, call) })))
  } catch {
    try {
      return inTransaction(db, () => batch.map((call) => runAlone(db, engine, call)))
    } catch (error) {
      return batch.map(() => ({ error: messageOf(error) }))
    }
  }
}

/** What is kept in memory changes only now, in the order of the calls: what failed has changed nothing. */
function afterCommit(answer: OperationAnswer): OperationAnswer {
  if (!('value' in answer) || !(answer.value instanceof AfterCommit)) return answer
  try {
    return { value: answer.value.apply() as unknown }
  } catch (error) {
    return { error: messageOf(error) }
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

function runCall(engine: Engine, call: OperationCall): unknown {
  const operation = operations[call.name] as (db: Engine, ...args: readonly unknown[]) => unknown
  return operation(engine, ...call.args)
}

function runAlone(db: DatabaseSync, engine: Engine, call: OperationCall): OperationAnswer {
  db.exec('SAVEPOINT call')
  try {
    const value = runCall(engine, call)
    db.exec('RELEASE call')
    return { value }
  } catch (error) {
    // SQLite itself rolls everything back on a full disk; then there is no savepoint left and the whole batch has failed.
    if (!db.isTransaction) throw error
    db.exec('ROLLBACK TO call; RELEASE call')
    return { error: messageOf(error) }
  }
}

export function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error)
}

