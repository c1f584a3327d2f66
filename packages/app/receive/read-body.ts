import type { IncomingMessage } from 'node:http'
import type { Clock, Timer } from '@portline/runtime/clock.ts'
import { CodedError } from '@portline/wire/errors.ts'
import { FairRoom } from '../fair-room.ts'
import type { RoomLimits } from '../fair-room.ts'
import { BODIES_BYTES, BODY_RECEIVE_MS, CONNECTIONS } from '../limits.ts'
import { IncomingBody, tooLarge } from './incoming-body.ts'

/** Bodies that trickle are looked for this often, all at once: nearly every body is there before a timer of its own would be set. */
const TRICKLE_CHECK_MS = 1_000
/** Of bodies that come in pieces. A connection has one at a time. */
const ROOM: RoomLimits = { events: CONNECTIONS, bytes: BODIES_BYTES }

/** Reads bodies, cuts off those that trickle, and has room for so many bytes of them at once. */
export class BodyReader {
  readonly #clock: Clock
  readonly #room: FairRoom
  /** Bodies under way, oldest first, with what ends them. */
  readonly #pending = new Map<(error: CodedError) => void, number>()
  #check: Timer | undefined

  constructor(clock: Clock, room: RoomLimits = ROOM) {
    this.#clock = clock
    this.#room = new FairRoom(room)
  }

  /**
   * The whole body. `sender` is who shares the room that there is. Errors: BODY_TOO_LARGE before more than `maxBytes` are kept;
   * BODY_INCOMPLETE when it breaks off or trickles; TOO_MANY_BODIES when all that are under way, or this sender's, take their room.
   */
  read(request: IncomingMessage, maxBytes: number, sender: string): Promise<Buffer> {
    const declared = Number(request.headers['content-length'] ?? 0)
    if (declared > maxBytes) return Promise.reject(tooLarge(maxBytes))
    return new Promise((resolve, reject) => {
      let whole: Buffer | undefined
      let pieces: IncomingBody | undefined
      const end = (error?: CodedError): void => {
        this.#pending.delete(end)
        if (error === undefined) return resolve(pieces?.end() ?? whole ?? Buffer.alloc(0))
        // Whoever drains the rest must not fill the body.
        request.off('data', onData)
        pieces?.drop()
        reject(error)
      }
      const onData = (piece: Buffer): void => {
        // The usual body, on the path where every microsecond counts.
        if (piece.length === declared) return void (whole = piece)
        pieces ??= new IncomingBody(this.#room, sender, maxBytes)
        const error = pieces.add(piece)
        if (error !== undefined) end(error)
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
