import { createReadStream } from 'node:fs'
import type { ReadStream } from 'node:fs'
import { open, rm } from 'node:fs/promises'
import type { Clock } from '@portline/runtime/clock.ts'
import { CodedError } from '@portline/wire/errors.ts'
import { SNAPSHOT_STALLED_MS } from '../limits.ts'
import type { Store } from '../store/port.ts'

const OWNER_ONLY = 0o600

interface Snapshot {
  readonly bytes: number
  readonly stream: ReadStream
}

/**
 * A copy of the running store, to be sent away: written beside it, opened, and unlinked at once, so that nothing is left behind
 * however the sending ends.
 *
 *     free ──take──> being made ──> being sent ──sent, broken off, or nobody reads it──> free
 *
 * One at a time until all of it is read: its file has no name any more, but takes as much of the disk as the store.
 */
export class Snapshots {
  readonly #store: Store
  readonly #file: string
  readonly #clock: Clock
  #making = false
  /** The last one. */
  #sent: Snapshot | undefined

  constructor(store: Store, file: string, clock: Clock) {
    this.#store = store
    this.#file = file
    this.#clock = clock
  }

  /** What a former process left that died over it. */
  async clear(): Promise<void> {
    await rm(this.#file, { force: true })
  }

  /** Errors: BACKUP_RUNNING, STORE_UNAVAILABLE. */
  async take(): Promise<Snapshot> {
    if (this.#making || this.#isSending()) throw new CodedError('BACKUP_RUNNING')
    this.#making = true
    try {
      this.#sent = await this.#make()
      this.#endIfStalled(this.#sent.stream)
      return this.#sent
    } finally {
      this.#making = false
    }
  }

  /** Whoever has the last byte may ask for the next copy, though the file of this one is only about to be closed. */
  #isSending(): boolean {
    return this.#sent !== undefined && !this.#sent.stream.closed && this.#sent.stream.bytesRead < this.#sent.bytes
  }

  async #make(): Promise<Snapshot> {
    try {
      await this.clear()
      const handle = await open(this.#file, 'wx+', OWNER_ONLY)
      try {
        await this.#store.writeSnapshot(this.#file)
        const { size } = await handle.stat()
        return { bytes: size, stream: createReadStream('', { fd: handle, start: 0 }) }
      } catch (error) {
        await handle.close()
        throw error
      }
    } finally {
      await this.clear()
    }
  }

  /** Whoever stops reading must not keep all later backups from being made. */
  #endIfStalled(stream: ReadStream): void {
    let read = stream.bytesRead
    const look = (): void => {
      if (stream.bytesRead === read) return void stream.destroy()
      read = stream.bytesRead
      timer = this.#clock.setTimer(SNAPSHOT_STALLED_MS, look)
    }
    let timer = this.#clock.setTimer(SNAPSHOT_STALLED_MS, look)
    stream.once('close', () => timer.cancel())
  }
}
