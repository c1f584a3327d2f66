import { createReadStream } from 'node:fs'
import type { ReadStream } from 'node:fs'
import { open, rm } from 'node:fs/promises'
import { CodedError } from '@portline/wire/errors.ts'
import type { Store } from '../store/port.ts'

/**
 * A copy of the running store, to be sent away: written beside it, opened, and unlinked at once, so that nothing is left behind
 * however the sending ends. One at a time.
 */
const OWNER_ONLY = 0o600

export class Snapshots {
  readonly #store: Store
  readonly #file: string
  #busy = false

  constructor(store: Store, file: string) {
    this.#store = store
    this.#file = file
  }

  /** What a former process left that died over it. */
  async clear(): Promise<void> {
    await rm(this.#file, { force: true })
  }

  /** Errors: BACKUP_RUNNING, STORE_UNAVAILABLE. */
  async take(): Promise<{ bytes: number; stream: ReadStream }> {
    if (this.#busy) throw new CodedError('BACKUP_RUNNING')
    this.#busy = true
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
      this.#busy = false
    }
  }
}
