import { once } from 'node:events'
import type { ServerResponse } from 'node:http'
import { Readable } from 'node:stream'
import type { Clock } from '@portline/runtime/clock.ts'
import { sleep } from '@portline/runtime/clock.ts'

/** Bytes that the broken chunk announces beyond those it has. */
const MISSING_BYTES = 4_096

/**
 * Half of the body, then a chunk that announces more than comes, then the end of the connection. Written past the server's
 * own chunking, which would close the body properly.
 */
export function brokenChunk(raw: ServerResponse, payload: Buffer): Readable {
  const half = payload.subarray(0, Math.ceil(payload.length / 2))
  return Readable.from(
    (async function* breakOff() {
      yield half
      await drained(raw)
      const announced = (payload.length - half.length + MISSING_BYTES).toString(16)
      const { socket } = raw
      socket?.write(`${announced}\r\n`)
      socket?.write(payload.subarray(half.length, half.length + Math.floor(half.length / 2)), () => socket.destroySoon())
      // Never ends: the connection does.
      if (socket !== null && !socket.destroyed) await once(socket, 'close')
    })(),
    { objectMode: false },
  )
}

/** The whole body, a few bytes at a time. */
export function slowBody(clock: Clock, payload: Buffer, chunkBytes: number, everyMs: number, signal: AbortSignal): Readable {
  return Readable.from(
    (async function* dribble() {
      for (let start = 0; start < payload.length; start += chunkBytes) {
        await sleep(clock, everyMs, signal)
        yield payload.subarray(start, start + chunkBytes)
      }
    })(),
    { objectMode: false },
  )
}

/** Until what was written has left: the broken chunk must not overtake the whole one. */
async function drained(raw: ServerResponse): Promise<void> {
  if (!raw.headersSent || raw.writableLength > 0) await new Promise((resolve) => {
    raw.write('', resolve)
  })
}
