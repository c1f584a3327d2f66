import { getCompileCacheDir } from 'node:module'
import { Worker } from 'node:worker_threads'
import { CodedError } from '@portline/wire/errors.ts'
import type { ErrorCode } from '@portline/wire/errors.ts'
import type { OpenMessage, ThreadReply } from './operations.ts'

/**
 * A thread of the store that loads its code before it is told which file to open. That takes as long as loading all the rest, so
 * whoever knows that a store will be needed starts it first.
 *
 *     booting ──open()──> open: a worker that takes calls
 *        └──discard(), or nobody opens it──> ended with the process; it never keeps one alive
 */

/** What a thread makes is garbage with the batch; V8 would let it grow to 96 MB before it looks. */
const YOUNG_GENERATION_MB = 8

export class BootingThread {
  readonly #worker: Worker
  /** Why, of a thread that ended before it was open. */
  #ended: CodedError | undefined

  constructor(script: 'thread.ts' | 'read-thread.ts') {
    const entry = new URL(`./${script}`, import.meta.url).href
    this.#worker = new Worker(new URL('./start-thread.mjs', import.meta.url), {
      workerData: { entry, compileCache: getCompileCacheDir() },
      resourceLimits: { maxYoungGenerationSizeMb: YOUNG_GENERATION_MB },
    })
    this.#worker.unref()
    this.#worker.on('error', (cause) => (this.#ended ??= new CodedError('STORE_UNAVAILABLE', String(cause), { cause })))
    this.#worker.on('exit', () => (this.#ended ??= new CodedError('STORE_UNAVAILABLE', 'the store thread ended')))
  }

  /** Errors: STORE_IN_USE, STORE_NEWER, STORE_UNAVAILABLE. */
  async open(file: string): Promise<Worker> {
    const worker = this.#worker
    if (this.#ended !== undefined) throw this.#ended
    worker.ref()
    worker.postMessage({ open: file } satisfies OpenMessage)
    await new Promise<void>((resolve, reject) => {
      worker.once('exit', () => reject(this.#ended))
      worker.once('message', (reply: ThreadReply) => {
        if ('failed' in reply) reject(new CodedError(reply.failed.code as ErrorCode, reply.failed.message))
        else resolve()
      })
    })
    return worker
  }

  async discard(): Promise<void> {
    await this.#worker.terminate()
  }
}
