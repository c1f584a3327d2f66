import { closeSync, openSync } from 'node:fs'
import { DatabaseSync } from 'node:sqlite'
import { parentPort, workerData } from 'node:worker_threads'
import { CodedError } from '@portline/wire/errors.ts'
import type { ThreadMessage, ThreadReply } from './operations.ts'
import { messageOf, runBatch } from './run-batch.ts'
import { prepareDatabase } from './schema.ts'
import { Engine } from './engine.ts'

/** The store's own thread: opens the file, then works off batches of calls until it is told to close. */
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

function reply(message: ThreadReply): void {
  parentPort?.postMessage(message)
}

function start(): void {
  try {
    const db = open((workerData as { file: string }).file)
    const engine = new Engine(db)
    engine.load()
    parentPort?.on('message', (message: ThreadMessage) => {
      if ('batch' in message) return reply({ answers: runBatch(db, engine, message.batch) })
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
