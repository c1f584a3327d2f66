import type { IncomingMessage } from 'node:http'
import type { Clock, Timer } from '@portline/runtime/clock.ts'
import { CodedError } from '@portline/wire/errors.ts'
import { BODY_RECEIVE_MS } from '../limits.ts'

/** Bodies that trickle are looked for this often, all at once: nearly every body is there before a timer of its own would be set. */
const TRICKLE_CHECK_MS = 1_000

/** Reads bodies, and cuts off those that trickle. */
export class BodyReader {
  readonly #clock: Clock
  /** Bodies under way, oldest first, with what ends them. */
  readonly #pending = new Map<(error: CodedError) => void, number>()
  #check: Timer | undefined

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** The whole body. Errors: BODY_TOO_LARGE before more than `maxBytes` are kept; BODY_INCOMPLETE when it breaks off or trickles. */
  read(request: IncomingMessage, maxBytes: number): Promise<Buffer> {
    const declared = Number(request.headers['content-length'] ?? 0)
    if (declared > maxBytes) return Promise.reject(tooLarge(maxBytes))
    return new Promise((resolve, reject) => {
      const chunks: Buffer[] = []
      let bytes = 0
      const end = (error?: CodedError): void => {
        this.#pending.delete(end)
        if (error === undefined) return resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, bytes))
        // Whoever drains the rest must not fill the chunks.
        request.off('data', onData)
        reject(error)
      }
      const onData = (chunk: Buffer): void => {
        bytes += chunk.length
        if (bytes > maxBytes) return end(tooLarge(maxBytes))
        chunks.push(chunk)
      }
      const onBroken = (): void => end(new CodedError('BODY_INCOMPLETE'))
      request.on('data', onData).on('end', () => end()).on('error', onBroken).on('aborted', onBroken)
      this.#pending.set(end, this.#clock.now())
      if (this.#check === undefined) this.#checkLater()
    })
  }

  #cutOff(): void {
    const latestMs = this.#clock.now() - BODY_RECEIVE_MS
    for (const [end, startedAtMs] of this.#pending) {
      if (startedAtMs > latestMs) break
      end(new CodedError('BODY_INCOMPLETE', `the body took longer than ${BODY_RECEIVE_MS} ms`))
    }
    this.#check = undefined
    if (this.#pending.size > 0) this.#checkLater()
  }

  #checkLater(): void {
    this.#check = this.#clock.setTimer(TRICKLE_CHECK_MS, () => this.#cutOff())
  }
}

function tooLarge(maxBytes: number): CodedError {
  return new CodedError('BODY_TOO_LARGE', `the body is larger than ${maxBytes} bytes`)
}
