import { CodedError } from '@portline/wire/errors.ts'
import type { FairRoom } from '../fair-room.ts'

/** The first buffer that pieces are copied into; doubled whenever it is full. */
const FIRST_BUFFER_BYTES = 8_192

/**
 * One body on its way that does not come whole in its first piece. Its pieces are copied into one buffer: a sender may cut a megabyte
 * into a million of them, and each kept by itself would take some 200 bytes more than it holds. What such a body takes in memory, not
 * what its sender says of its length, is counted in the room that all of them share.
 */
export class IncomingBody {
  readonly #room: FairRoom
  readonly #sender: string
  readonly #maxBytes: number
  #buffer: Buffer | undefined
  #bytes = 0
  /** Of the buffer, in the room. */
  #counted = 0

  constructor(room: FairRoom, sender: string, maxBytes: number) {
    this.#room = room
    this.#sender = sender
    this.#maxBytes = maxBytes
  }

  /** Errors: BODY_TOO_LARGE, TOO_MANY_BODIES. */
  add(piece: Buffer): CodedError | undefined {
    const bytes = this.#bytes + piece.length
    if (bytes > this.#maxBytes) return tooLarge(this.#maxBytes)
    if (this.#buffer === undefined) {
      if (!this.#count(piece.length)) return new CodedError('TOO_MANY_BODIES')
      this.#buffer = piece
    } else {
      const buffer = bytes > this.#buffer.length ? this.#larger(this.#buffer, bytes) : this.#buffer
      if (buffer === undefined) return new CodedError('TOO_MANY_BODIES')
      piece.copy(buffer, this.#bytes)
      this.#buffer = buffer
    }
    this.#bytes = bytes
    return undefined
  }

  /** What has come; nothing of it is kept here any more. */
  end(): Buffer {
    const body = this.#buffer?.subarray(0, this.#bytes) ?? Buffer.alloc(0)
    this.drop()
    return body
  }

  /** The request may go on for a minute. */
  drop(): void {
    this.#buffer = undefined
    if (this.#counted > 0) this.#room.add(this.#sender, -1, this.#counted)
    this.#counted = 0
  }

  #larger(from: Buffer, bytes: number): Buffer | undefined {
    const capacity = Math.min(this.#maxBytes, Math.max(bytes, 2 * from.length, FIRST_BUFFER_BYTES))
    if (!this.#count(capacity)) return undefined
    // Not out of the pool: that would keep more alive than is counted.
    const buffer = Buffer.allocUnsafeSlow(capacity)
    from.copy(buffer, 0, 0, this.#bytes)
    return buffer
  }

  /** Counts so many bytes in the place of those before. */
  #count(bytes: number): boolean {
    if (this.#counted > 0) this.#room.add(this.#sender, -1, this.#counted)
    const hasRoom = this.#room.hasRoom(this.#sender, bytes)
    this.#counted = hasRoom ? bytes : 0
    if (hasRoom) this.#room.add(this.#sender, 1, bytes)
    return hasRoom
  }
}

export function tooLarge(maxBytes: number): CodedError {
  return new CodedError('BODY_TOO_LARGE', `the body is larger than ${maxBytes} bytes`)
}
