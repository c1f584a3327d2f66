import { randomBytes } from 'node:crypto'
import { DatabaseSync } from 'node:sqlite'
import { parentPort, receiveMessageOnPort } from 'node:worker_threads'
import { CodedError } from '@portline/wire/errors.ts'
import type { OpenMessage, OperationCall, ThreadMessage, ThreadReply } from './operations.ts'
import { Engine } from './engine.ts'
import { isBusy, lockStore, makeFile } from './lock.ts'
import type { StoreLock } from './lock.ts'
import { messageOf, runBatch } from './run-batch.ts'
import { prepareDatabase } from './schema.ts'

/** The store's writing thread: when it is told the file it takes the lock and opens it, then works off batches of calls until it is told to close. */

/** One transaction's worth: bounds the pause that it is for those behind it. */
const GATHERED_MAX_CALLS = 512
/** Nobody else writes, but a tool of the operator may be reading. */
const BUSY_WAIT_MS = 5_000

function open(file: string): { db: DatabaseSync; lock: StoreLock } {
  const lock = lockStore(file)
  try {
    makeFile(file)
    const db = new DatabaseSync(file, { timeout: BUSY_WAIT_MS })
    try {
      prepareDatabase(db)
      return { db, lock }
    } catch (error) {
      db.close()
      throw error
    }
  } catch (error) {
    lock.release()
    throw isBusy(error) ? new CodedError('STORE_IN_USE') : error
  }
}

function reply(message: ThreadReply): void {
  parentPort?.postMessage(message)
}

/** All that has arrived by now goes into one transaction: the longer a commit takes, the more share the next. */
function gathered(first: ThreadMessage): { batch: readonly OperationCall[]; close: boolean } {
  const batch: OperationCall[] = []
  let message: ThreadMessage | undefined = first
  while (message !== undefined && 'batch' in message) {
    batch.push(...message.batch)
    if (batch.length >= GATHERED_MAX_CALLS) return { batch, close: false }
    message = parentPort === null ? undefined : (receiveMessageOnPort(parentPort)?.message as ThreadMessage | undefined)
  }
  return { batch, close: message !== undefined }
}

function start(file: string): void {
  try {
    const { db, lock } = open(file)
    const engine = new Engine(db, { bytes: randomBytes })
    engine.load()
    parentPort?.on('message', (message: ThreadMessage) => {
      const { batch, close } = gathered(message)
      if (batch.length > 0) reply({ answers: runBatch(db, engine, batch) })
      if (!close) return
      db.close()
      lock.release()
      reply({ closed: true })
      parentPort?.close()
    })
    reply({ ready: true })
  } catch (error) {
    reply({ failed: { code: error instanceof CodedError ? error.code : 'STORE_UNAVAILABLE', message: messageOf(error) } })
    parentPort?.close()
  }
}

parentPort?.once('message', (message: OpenMessage) => start(message.open))
