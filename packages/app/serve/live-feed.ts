import type { ServerResponse } from 'node:http'
import type { Clock, Timer } from '@portline/runtime/clock.ts'
import { CodedError } from '@portline/wire/errors.ts'
import { STREAM_CLIENTS } from '../limits.ts'

/** Server-sent events to the pages that watch. A watcher that reads too slowly is let go: it comes back and reloads. */
const SLOW_WATCHER_BYTES = 1_048_576

/** Something is sent at least this often, so that a watcher and what lies between notice when the other end is gone. */
const HEARTBEAT_MS = 20_000

export class LiveFeed {
  readonly #clock: Clock
  readonly #watchers = new Set<ServerResponse>()
  #heartbeat: Timer | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  get watched(): boolean {
    return this.#watchers.size > 0
  }

  /** Errors: TOO_MANY_WATCHERS. */
  demandPlace(): void {
    if (this.#watchers.size >= STREAM_CLIENTS) throw new CodedError('TOO_MANY_WATCHERS', `${STREAM_CLIENTS} pages watch already`)
  }

  watch(response: ServerResponse): void {
    // Gone while it was looked at who it is: nobody would take it off the list again.
    if (response.destroyed) return
    // A write that comes too late must not end the process.
    response.on('error', () => {})
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' })
    response.write(': watching\n\n')
    this.#watchers.add(response)
    response.on('close', () => this.#watchers.delete(response))
    this.#heartbeat ??= this.#clock.setTimer(HEARTBEAT_MS, () => this.#beat())
  }

  send(kind: 'event' | 'installation', value: object): void {
    const message = `event: ${kind}\ndata: ${JSON.stringify(value)}\n\n`
    for (const watcher of this.#watchers) {
      if (watcher.writableLength > SLOW_WATCHER_BYTES) watcher.destroy()
      else watcher.write(message)
    }
  }

  #beat(): void {
    for (const watcher of this.#watchers) watcher.write(': still here\n\n')
    this.#heartbeat = this.watched ? this.#clock.setTimer(HEARTBEAT_MS, () => this.#beat()) : undefined
  }

  close(): void {
    this.#heartbeat?.cancel()
    for (const watcher of this.#watchers) watcher.end()
    this.#watchers.clear()
  }
}
