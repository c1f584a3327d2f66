import type { ServerResponse } from 'node:http'
import { CodedError } from '@portline/wire/errors.ts'
import { STREAM_CLIENTS } from '../limits.ts'

/** Server-sent events to the pages that watch. A watcher that reads too slowly is let go: it comes back and reloads. */
const SLOW_WATCHER_BYTES = 1_048_576

export class LiveFeed {
  readonly #watchers = new Set<ServerResponse>()

  get watched(): boolean {
    return this.#watchers.size > 0
  }

  /** Errors: BAD_REQUEST when too many watch already. */
  watch(response: ServerResponse): void {
    if (this.#watchers.size >= STREAM_CLIENTS) throw new CodedError('BAD_REQUEST', `${STREAM_CLIENTS} pages watch already`)
    response.writeHead(200, { 'content-type': 'text/event-stream', 'cache-control': 'no-store', 'x-accel-buffering': 'no' })
    response.write(': watching\n\n')
    this.#watchers.add(response)
    response.on('close', () => this.#watchers.delete(response))
  }

  send(kind: 'event' | 'installation', value: object): void {
    const message = `event: ${kind}\ndata: ${JSON.stringify(value)}\n\n`
    for (const watcher of this.#watchers) {
      if (watcher.writableLength > SLOW_WATCHER_BYTES) watcher.destroy()
      else watcher.write(message)
    }
  }

  close(): void {
    for (const watcher of this.#watchers) watcher.end()
  }
}
