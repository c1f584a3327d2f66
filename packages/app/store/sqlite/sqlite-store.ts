import type { Worker } from 'node:worker_threads'
import { CodedError } from '@portline/wire/errors.ts'
import type { Store } from '../port.ts'
import { BootingThread } from './booting-thread.ts'
import { packEvents } from './rows.ts'
import type { OperationAnswer, OperationArgs, OperationCall, OperationName, OperationResult, ThreadReply } from './operations.ts'

/**
 * The port on one SQLite file, worked by a thread of its own.
 *
 *     open ──close()──> closing ──last batch answered──> closed
 *      └──thread dies──> failed (every call is STORE_UNAVAILABLE; the process should be restarted)
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

/** What is asked of the thread: the simulation has one of its own. */
export type StoreThread = Pick<Worker, 'on' | 'postMessage'>

/** The event loop as the group commit needs it; a Clock is one too. */
export interface StoreTimers {
  setTimer(delayMs: number, task: () => void): { cancel(): void }
  soon(task: () => void): void
}

const EVENT_LOOP: StoreTimers = {
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

/** Opens or creates the file. `booting` is a thread that was started beforehand. Errors: STORE_IN_USE, STORE_NEWER, STORE_UNAVAILABLE. */
export async function openSqliteStore(file: string, booting = new BootingThread('thread.ts')): Promise<Store> {
  const openReader = async (): Promise<SqliteThread> => new SqliteThread(await new BootingThread('read-thread.ts').open(file))
  return asStore(new SqliteThread(await booting.open(file)), new LateReader(openReader), async (snapshot) => {
    // Takes as long as the store is big: on a thread of its own it holds up no list either.
    const reader = await openReader()
    await reader.call('writeSnapshot', snapshot).finally(() => reader.close())
  })
}

/** The reading thread, started when there is something to read; one that died is started again. */
class LateReader implements StoreWorker {
  readonly #open: () => Promise<SqliteThread>
  #thread: Promise<SqliteThread> | undefined
  #closed = false

  constructor(open: () => Promise<SqliteThread>) {
    this.#open = open
  }

  async call<Name extends OperationName>(name: Name, ...args: OperationArgs<Name>): Promise<OperationResult<Name>> {
    if (this.#closed) throw new CodedError('STORE_UNAVAILABLE', 'the store is closed')
    this.#thread ??= this.#open()
    const thread = await this.#thread.catch((error: unknown) => {
      this.#thread = undefined
      throw error
    })
    if (thread.failed) this.#thread = undefined
    return thread.call(name, ...args)
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#thread?.then((thread) => thread.close(), () => {})
  }
}

/** Whoever works off calls in their order: the thread, or its likeness in the simulation. */
export interface StoreWorker {
  call<Name extends OperationName>(name: Name, ...args: OperationArgs<Name>): Promise<OperationResult<Name>>
  close(): Promise<void>
}

/** `reader` does what looks at many rows; where there is only one thread it is the same. */
export function asStore(
  thread: StoreWorker,
  reader: StoreWorker = thread,
  writeSnapshot: Store['writeSnapshot'] = (file) => reader.call('writeSnapshot', file),
): Store {
  return {
    appendEvents: ({ events, ...batch }) => thread.call('appendEvents', packEvents(events), batch),
    heldEntries: () => reader.call('heldEntries'),
    heldOfInstalled: (codes, limit) => thread.call('heldOfInstalled', codes, limit),
    saveNote: (name, text) => thread.call('saveNote', name, text),
    note: (name) => thread.call('note', name),
    heldEvents: (portal) => thread.call('heldEvents', portal),
    portalsWithHeld: () => thread.call('portalsWithHeld'),
    resealHeld: (...args) => thread.call('resealHeld', ...args),
    settleHeld: (...args) => thread.call('settleHeld', ...args),
    expireHeld: (...args) => thread.call('expireHeld', ...args),
    dueLanes: (nowMs, limit) => thread.call('dueLanes', nowMs, limit),
    leaseLane: (portal, lease) => thread.call('leaseLane', portal, lease),
    settle: (owner, results) => thread.call('settle', owner, JSON.stringify(results)),
    renewLeases: (owner, lanes, untilMs) => thread.call('renewLeases', owner, lanes, untilMs),
    hastenLane: (portal) => thread.call('hastenLane', portal),
    hastenEvent: (id) => thread.call('hastenEvent', id),
    eventBefore: (id) => thread.call('eventBefore', id),
    laneState: (portal) => thread.call('laneState', portal),
    replay: async (id, atMs) => (await thread.call('replayEvents', [id], atMs)).length > 0,
    replayEvents: (ids, atMs) => thread.call('replayEvents', ids, atMs),
    importEvents: (records) => thread.call('importEvents', records),
    deleteSettled: (...args) => thread.call('deleteSettled', ...args),
    listEvents: (filter) => reader.call('listEvents', filter),
    event: (id) => reader.call('event', id),
    listedEvent: (id) => reader.call('listedEvent', id),
    attempts: (id) => reader.call('attempts', id),
    lastSeq: () => reader.call('lastSeq'),
    readEvents: (page) => reader.call('readEvents', page),
    replayCandidates: (...args) => reader.call('replayCandidates', ...args),
    settledWindow: (...args) => reader.call('settledWindow', ...args),
    size: () => reader.call('size'),
    rememberedEvents: (...args) => reader.call('rememberedEvents', ...args),
    writeSnapshot,
    installations: () => thread.call('installations'),
    listInstallations: (page) => reader.call('listInstallations', page),
    installation: (portal) => thread.call('installation', portal),
    saveInstallation: (...args) => thread.call('saveInstallation', ...args),
    patchInstallation: (...args) => thread.call('patchInstallation', ...args),
    replaceAccount: (...args) => thread.call('replaceAccount', ...args),
    claimRenewal: (...args) => thread.call('claimRenewal', ...args),
    releaseRenewal: (...args) => thread.call('releaseRenewal', ...args),
    buryAccount: (...args) => thread.call('buryAccount', ...args),
    forgetFormerTokens: (account) => thread.call('forgetFormerTokens', account),
    agingAccounts: (...args) => reader.call('agingAccounts', ...args),
    sealedOtherwise: (page) => reader.call('sealedOtherwise', page),
    sealedSamples: () => reader.call('sealedSamples'),
    replaceSealed: (changes) => thread.call('replaceSealed', changes),
    accounts: (portal) => thread.call('accounts', portal),
    saveAccount: (...args) => thread.call('saveAccount', ...args),
    saveBindings: (portal, bindings) => thread.call('saveBindings', portal, bindings),
    bindings: (portal) => thread.call('bindings', portal),
    appendTaken: (portal, rows) => thread.call('appendTaken', portal, rows.map(({ key }) => key), packEvents(rows.map(({ event }) => event))),
    forgetTaken: (portal) => thread.call('forgetTaken', portal),
    saveConnectorLine: (portal, line) => thread.call('saveConnectorLine', portal, line),
    connectorLines: (portal) => thread.call('connectorLines', portal),
    beginErasure: (erasure) => thread.call('beginErasure', erasure),
    erasures: () => thread.call('erasures'),
    erasureSlice: (...args) => reader.call('erasureSlice', ...args),
    eraseSlice: (...args) => thread.call('eraseSlice', ...args),
    endErasure: (...args) => thread.call('endErasure', ...args),
    scrub: () => thread.call('scrub'),
    appendAudit: (entry) => thread.call('appendAudit', entry),
    audit: (filter) => reader.call('audit', filter),
    auditHead: () => thread.call('auditHead'),
    sealAudit: (...args) => thread.call('sealAudit', ...args),
    saveRefusal: (refusal, keep) => thread.call('saveRefusal', refusal, keep),
    refusals: (limit) => thread.call('refusals', limit),
    // The last connection to close empties the log into the file: the one that may write.
    async close() {
      if (reader !== thread) await reader.close()
      await thread.close()
    },
  }
}
