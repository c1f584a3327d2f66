import { CodedError } from '@portline/wire/errors.ts'
import type { OperationArgs, OperationName, OperationResult } from './operations.ts'
import { EVENT_LOOP } from './sqlite-thread.ts'
import type { StoreTimers, StoreWorker } from './sqlite-thread.ts'

/**
 * The reading thread, there while there is something to read.
 *
 *     none ──call──> open ──nobody has asked for a while──> none (the thread ends by itself)
 *       ↑              └──it dies──> none
 *       └── close(): for good
 */

/**
 * It takes 15 to 20 MB and a twentieth of a second to start; between two sweeps nobody may ask for minutes. After a start not longer than
 * it takes until V8's first full collection: the most memory of a run is needed then.
 */
export const READER_IDLE_MS = 5_000

/** What the store needs of it: it may end in the middle. */
export interface Reader extends StoreWorker {
  readonly failed: boolean
}

export class LateReader implements StoreWorker {
  readonly #open: () => Promise<Reader>
  readonly #timers: StoreTimers
  #thread: Promise<Reader> | undefined
  #asked = 0
  #idle: { cancel(): void } | undefined
  #ending: Promise<void> = Promise.resolve()
  #closed = false

  constructor(open: () => Promise<Reader>, timers: StoreTimers = EVENT_LOOP) {
    this.#open = open
    this.#timers = timers
  }

  async call<Name extends OperationName>(name: Name, ...args: OperationArgs<Name>): Promise<OperationResult<Name>> {
    if (this.#closed) throw new CodedError('STORE_UNAVAILABLE', 'the store is closed')
    this.#idle?.cancel()
    this.#asked += 1
    try {
      const thread = await this.#opened()
      return await thread.call(name, ...args)
    } finally {
      this.#asked -= 1
      if (this.#asked === 0 && !this.#closed) this.#idle = this.#timers.setTimer(READER_IDLE_MS, () => this.#end())
    }
  }

  async close(): Promise<void> {
    this.#closed = true
    this.#idle?.cancel()
    await this.#thread?.then((thread) => thread.close(), () => {})
    await this.#ending
  }

  async #opened(): Promise<Reader> {
    this.#thread ??= this.#open()
    const thread = await this.#thread.catch((error: unknown) => {
      this.#thread = undefined
      throw error
    })
    if (thread.failed) this.#thread = undefined
    return thread
  }

  /** Whoever asks from here on gets another. */
  #end(): void {
    const ended = this.#thread
    this.#thread = undefined
    // The store's last connection is to be the one that writes.
    this.#ending = ended?.then((thread) => thread.close(), () => {}) ?? Promise.resolve()
  }
}
