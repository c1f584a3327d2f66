import type { IncomingMessage } from 'node:http'
import type { Clock } from '@portline/runtime/clock.ts'
import { CodedError } from '@portline/wire/errors.ts'
import { BODY_RECEIVE_MS } from '../limits.ts'

/** The whole body. Errors: BODY_TOO_LARGE before more than `maxBytes` are kept; BODY_INCOMPLETE when it breaks off or trickles. */
export function readBody(request: IncomingMessage, maxBytes: number, clock: Clock): Promise<Uint8Array> {
  const declared = Number(request.headers['content-length'] ?? 0)
  if (declared > maxBytes) return Promise.reject(tooLarge(maxBytes))
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = []
    let bytes = 0
    const timer = clock.setTimer(BODY_RECEIVE_MS, () => end(new CodedError('BODY_INCOMPLETE', `the body took longer than ${BODY_RECEIVE_MS} ms`)))
    const end = (error?: CodedError): void => {
      timer.cancel()
      request.off('data', onData).off('end', onEnd).off('error', onBroken).off('aborted', onBroken)
      if (error !== undefined) return reject(error)
      resolve(chunks.length === 1 && chunks[0] !== undefined ? chunks[0] : Buffer.concat(chunks, bytes))
    }
    const onData = (chunk: Buffer): void => {
      bytes += chunk.length
      if (bytes > maxBytes) return end(tooLarge(maxBytes))
      chunks.push(chunk)
    }
    const onEnd = (): void => end()
    const onBroken = (): void => end(new CodedError('BODY_INCOMPLETE'))
    request.on('data', onData).on('end', onEnd).on('error', onBroken).on('aborted', onBroken)
  })
}

function tooLarge(maxBytes: number): CodedError {
  return new CodedError('BODY_TOO_LARGE', `the body is larger than ${maxBytes} bytes`)
}
