import type { Worker } from 'node:worker_threads'
import { CodedError } from '@portline/wire/errors.ts'
import type { OperationAnswer, OperationArgs, OperationCall, OperationName, OperationResult, ThreadReply } from './operations.ts'

/**
 * The port on one SQLite file, worked by a thread of its own.
 *
 *     open ──close()──> closing ──last batch answered──> closed
 *      └──thread dies──> failed (every call is STORE_UNAVAILABLE; `portline start` ends, so that it is started again)
 *
 * Group commit: while one batch is on the thread, new calls gather and leave together when it comes back, a settlement only if
 * something else does too, or after a moment. Calls keep the order in which they were made.
 */
interface Waiting {
  readonly call: OperationCall
  readonly resolve: (value: unknown) => void
  readonly reject: (error: CodedError) => void
}

/** A settlement waits this long for company: a commit of its own would cost receiving one. */
const SETTLE_LINGER_MS = 3

/** One transaction's worth of calls: bounds the pause that a big batch is for those behind it. */
const BATCH_MAX_CALLS = 512

/** Whoever works off calls in their order: the thread, or its likeness in the simulation. */
export interface StoreWorker {
  call<Name extends OperationName>(name: Name, ...args: OperationArgs<Name>): Promise<OperationResult<Name>>
  close(): Promise<void>
  /** Resolves when it has died. */
  readonly gone?: Promise<void>
}

/** What is asked of the thread: the simulation has one of its own. */
export type StoreThread = Pick<Worker, 'on' | 'postMessage'>

/** The event loop as the group commit needs it; a Clock is one too. */
export interface StoreTimers {
  setTimer(delayMs: number, task: () => void): { cancel(): void }
  soon(task: () => void): void
}

export const EVENT_LOOP: StoreTimers = {
  setTimer(delayMs, task) {
    const handle = setTimeout(task, delayMs)
    return { cancel: () => clearTimeout(handle) }
  },
  soon: (task) => void setImmediate(task),
}

export class SqliteThread implements StoreWorker {
  readonly #worker: StoreThread
  #waiting: Waiting[] = []
  #onThread: Waiting[] = []
  readonly #timers: StoreTimers
  #soon = false
  #later: { cancel(): void } | undefined
  #end: 'closing' | 'closed' | 'failed' | undefined
  #closed: (() => void) | undefined
  readonly #death = Promise.withResolvers<void>()

  constructor(worker: StoreThread, timers: StoreTimers = EVENT_LOOP) {
    this.#worker = worker
    this.#timers = timers
    worker.on('message', (reply: ThreadReply) => this.#receive(reply))
    worker.on('error', () => this.#fail())
    worker.on('exit', () => this.#fail())
  }

  call<Name extends OperationName>(name: Name, ...args: OperationArgs<Name>): Promise<OperationResult<Name>> {
    return new Promise((resolve, reject) => {
      if (this.#end !== undefined) return reject(new CodedError('STORE_UNAVAILABLE', `the store is ${this.#end}`))
      this.#waiting.push({ call: { name, args }, resolve: resolve as (value: unknown) => void, reject })
      if (name === 'settle') this.#sendLater()
      // Gathered already.
      else if (name === 'appendEvents') this.#send()
      else this.#sendSoon()
    })
  }

  get gone(): Promise<void> {
    return this.#death.promise
  }

  get failed(): boolean {
    return this.#end === 'failed'
  }

  close(): Promise<void> {
    if (this.#end !== undefined) return Promise.resolve()
    return new Promise((resolve) => {
      this.#closed = resolve
      this.#end = 'closing'
      this.#send()
    })
  }

  /** At the end of the turn of the event loop, with all that was called meanwhile. */
  #sendSoon(): void {
    if (this.#soon) return
    this.#soon = true
    this.#timers.soon(() => {
      this.#soon = false
      this.#send()
    })
  }

  /** Nobody's answer waits for a settlement: it goes with what is called next, and by itself only if nothing is. */
  #sendLater(): void {
    this.#later ??= this.#timers.setTimer(SETTLE_LINGER_MS, () => {
      this.#later = undefined
      this.#send()
    })
  }

  #send(): void {
    this.#later?.cancel()
    this.#later = undefined
    while (this.#waiting.length > 0) {
      const sent = this.#waiting.splice(0, BATCH_MAX_CALLS)
      this.#onThread.push(...sent)
      this.#worker.postMessage({ batch: sent.map((waiting) => waiting.call) })
    }
    if (this.#end === 'closing') this.#worker.postMessage({ close: true })
  }

  #receive(reply: ThreadReply): void {
    if ('answers' in reply) {
      const answered = this.#onThread.splice(0, reply.answers.length)
      answered.forEach((waiting, index) => settle(waiting, reply.answers[index]))
    } else if ('closed' in reply) {
      this.#end = 'closed'
      this.#closed?.()
    }
  }

  #fail(): void {
    if (this.#end === 'closed') return
    this.#end = 'failed'
    this.#death.resolve()
    const lost = [...this.#onThread, ...this.#waiting]
    this.#onThread = []
    this.#waiting = []
    for (const waiting of lost) waiting.reject(new CodedError('STORE_UNAVAILABLE', 'the store thread died'))
    this.#closed?.()
  }
}

function settle(waiting: Waiting, answer: OperationAnswer | undefined): void {
  if (answer !== undefined && 'value' in answer) return waiting.resolve(answer.value)
  waiting.reject(new CodedError('STORE_UNAVAILABLE', `${waiting.call.name}: ${answer?.error ?? 'no answer'}`))
}
