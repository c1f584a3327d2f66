import { Worker } from 'node:worker_threads'
import { CodedError } from '@portline/wire/errors.ts'
import type { ErrorCode } from '@portline/wire/errors.ts'
import type { Store } from '../port.ts'
import { rowOf } from './rows.ts'
import type { OperationAnswer, OperationArgs, OperationCall, OperationName, OperationResult, ThreadReply } from './operations.ts'

/**
 * The port on one SQLite file, worked by a thread of its own.
 *
 *     open ──close()──> closing ──last batch answered──> closed
 *      └──thread dies──> failed (every call is STORE_UNAVAILABLE; the process should be restarted)
 *
 * Group commit: while one batch is on the thread, new calls gather and leave together when it comes back. Calls keep the
 * order in which they were made.
 */
interface Waiting {
  readonly call: OperationCall
  readonly resolve: (value: unknown) => void
  readonly reject: (error: CodedError) => void
}

/** One transaction's worth of calls: bounds the pause that a big batch is for those behind it. */
const BATCH_MAX_CALLS = 512

/** What is asked of the thread: the simulation has one of its own. */
export type StoreThread = Pick<Worker, 'on' | 'postMessage'>

export class SqliteThread implements StoreWorker {
  readonly #worker: StoreThread
  #waiting: Waiting[] = []
  #onThread: Waiting[] = []
  #end: 'closing' | 'closed' | 'failed' | undefined
  #closed: (() => void) | undefined

  constructor(worker: StoreThread) {
    this.#worker = worker
    worker.on('message', (reply: ThreadReply) => this.#receive(reply))
    worker.on('error', () => this.#fail())
    worker.on('exit', () => this.#fail())
  }

  call<Name extends OperationName>(name: Name, ...args: OperationArgs<Name>): Promise<OperationResult<Name>> {
    return new Promise((resolve, reject) => {
      if (this.#end !== undefined) return reject(new CodedError('STORE_UNAVAILABLE', `the store is ${this.#end}`))
      this.#waiting.push({ call: { name, args }, resolve: resolve as (value: unknown) => void, reject })
      if (this.#waiting.length === 1) queueMicrotask(() => this.#send())
    })
  }

  close(): Promise<void> {
    if (this.#end !== undefined) return Promise.resolve()
    return new Promise((resolve) => {
      this.#closed = resolve
      this.#end = 'closing'
      this.#send()
    })
  }

  #send(): void {
    if (this.#onThread.length > 0) return
    if (this.#waiting.length > 0) {
      this.#onThread = this.#waiting.splice(0, BATCH_MAX_CALLS)
      this.#worker.postMessage({ batch: this.#onThread.map((waiting) => waiting.call) })
    } else if (this.#end === 'closing') this.#worker.postMessage({ close: true })
  }

  #receive(reply: ThreadReply): void {
    if ('answers' in reply) {
      const answered = this.#onThread
      this.#onThread = []
      this.#send()
      answered.forEach((waiting, index) => settle(waiting, reply.answers[index]))
    } else if ('closed' in reply) {
      this.#end = 'closed'
      this.#closed?.()
    }
  }

  #fail(): void {
    if (this.#end === 'closed') return
    this.#end = 'failed'
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

/** Opens or creates the file. Errors: STORE_IN_USE, STORE_NEWER, STORE_UNAVAILABLE. */
export async function openSqliteStore(file: string): Promise<Store> {
  const worker = new Worker(new URL('./thread.ts', import.meta.url), { workerData: { file } })
  await new Promise<void>((resolve, reject) => {
    worker.once('error', reject)
    worker.once('message', (reply: ThreadReply) => {
      if ('failed' in reply) reject(new CodedError(reply.failed.code as ErrorCode, reply.failed.message))
      else resolve()
    })
  })
  return asStore(new SqliteThread(worker))
}

/** Whoever works off calls in their order: the thread, or its likeness in the simulation. */
export interface StoreWorker {
  call<Name extends OperationName>(name: Name, ...args: OperationArgs<Name>): Promise<OperationResult<Name>>
  close(): Promise<void>
}

export function asStore(thread: StoreWorker): Store {
  return {
    appendEvents: ({ events, ...batch }) => thread.call('appendEvents', events.map(rowOf), batch),
    countHeld: (app) => thread.call('countHeld', app),
    heldEvents: (portal) => thread.call('heldEvents', portal),
    portalsWithHeld: () => thread.call('portalsWithHeld'),
    settleHeld: (...args) => thread.call('settleHeld', ...args),
    expireHeld: (...args) => thread.call('expireHeld', ...args),
    dueLanes: (nowMs, limit) => thread.call('dueLanes', nowMs, limit),
    leaseLane: (portal, lease) => thread.call('leaseLane', portal, lease),
    settle: (owner, results) => thread.call('settle', owner, results),
    renewLeases: (owner, lanes, untilMs) => thread.call('renewLeases', owner, lanes, untilMs),
    hastenLane: (portal) => thread.call('hastenLane', portal),
    replay: (id, atMs) => thread.call('replay', id, atMs),
    listEvents: (filter) => thread.call('listEvents', filter),
    event: (id) => thread.call('event', id),
    attempts: (id) => thread.call('attempts', id),
    installations: () => thread.call('installations'),
    installation: (portal) => thread.call('installation', portal),
    saveInstallation: (installation, account) => thread.call('saveInstallation', installation, account),
    patchInstallation: (portal, patch, account) => thread.call('patchInstallation', portal, patch, account),
    replaceAccount: (previous, account, patch) => thread.call('replaceAccount', previous, account, patch),
    accounts: (portal) => thread.call('accounts', portal),
    saveAccount: (account) => thread.call('saveAccount', account),
    saveBindings: (portal, bindings) => thread.call('saveBindings', portal, bindings),
    bindings: (portal) => thread.call('bindings', portal),
    saveConnectorLine: (portal, line) => thread.call('saveConnectorLine', portal, line),
    connectorLines: (portal) => thread.call('connectorLines', portal),
    erasePortal: (portal, keptEventId, generation) => thread.call('erasePortal', portal, keptEventId, generation),
    sharedAuths: (portal, beforeEventId, limit) => thread.call('sharedAuths', portal, beforeEventId, limit),
    replaceSharedAuth: (shared, sealed) => thread.call('replaceSharedAuth', shared, sealed),
    saveRefusal: (refusal, keep) => thread.call('saveRefusal', refusal, keep),
    refusals: (limit) => thread.call('refusals', limit),
    close: () => thread.close(),
  }
}
