import { DatabaseSync } from 'node:sqlite'
import { parentPort } from 'node:worker_threads'
import type { OpenMessage, OperationAnswer, OperationCall, ThreadMessage, ThreadReply } from './operations.ts'
import { Queries } from './queries.ts'
import { isReadOperation, readOperations } from './read-operations.ts'
import { messageOf } from './run-batch.ts'

/**
 * A thread that only reads, on a connection of its own: what has to look at many rows must not keep the writing thread from
 * taking events in. Each call sees all that was committed before it was made.
 */

/** Recovery after a crash and the end of a checkpoint shut readers out for a moment. */
const BUSY_WAIT_MS = 5_000

function answer(db: DatabaseSync, queries: Queries, { name, args }: OperationCall): OperationAnswer {
  if (!isReadOperation(name)) return { error: `${name} does not only read` }
  const operation = readOperations[name] as (db: Queries, ...args: readonly unknown[]) => unknown
  try {
    // One snapshot for all statements of a call. VACUUM, which makes one itself, cannot run inside.
    if (name !== 'writeSnapshot') db.exec('BEGIN')
    return { value: operation(queries, ...args) }
  } catch (error) {
    return { error: messageOf(error) }
  } finally {
    if (db.isTransaction) db.exec('ROLLBACK')
  }
}

function reply(message: ThreadReply): void {
  parentPort?.postMessage(message)
}

function start(file: string): void {
  try {
    const db = new DatabaseSync(file, { readOnly: true, timeout: BUSY_WAIT_MS })
    const queries = new Queries(db)
    parentPort?.on('message', (message: ThreadMessage) => {
      if ('batch' in message) return reply({ answers: message.batch.map((call) => answer(db, queries, call)) })
      db.close()
      reply({ closed: true })
      parentPort?.close()
    })
    reply({ ready: true })
  } catch (error) {
    reply({ failed: { code: 'STORE_UNAVAILABLE', message: messageOf(error) } })
    parentPort?.close()
  }
}

parentPort?.once('message', (message: OpenMessage) => start(message.open))
