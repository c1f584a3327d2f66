import { letPromisesSettle, sleep, systemClock } from '@portline/runtime/clock.ts'
import { Serial } from '@portline/runtime/serial.ts'
import { CodedError } from '@portline/wire/errors.ts'
import { PORTAL_LIMITS } from '../limits.ts'
import type { QueueServer } from '../queue/queue-server.ts'
import { clockSchema } from './clock-schema.ts'
import type { ClockMove } from './clock-schema.ts'
import { parseInput } from '../face/schemas.ts'
import type { ClockMode, PortalClock } from './portal-clock.ts'

export interface ClockView {
  readonly mode: ClockMode
  /** ISO 8601. */
  readonly now: string
  readonly now_ms: number
  /** When the next thing is due; null when nothing is. */
  readonly next_timer: string | null
}

/**
 * Moves a running portal's time (docs/portal/control.md). An advance goes from timer to timer; between two it waits until
 * what the queue server is sending has been answered, for a handler's milliseconds are real and must not meet hours of
 * virtual time. A handler that has not answered after PORTAL_LIMITS.clockPatienceMs of real time is not waited for again.
 */
export class ClockControl {
  readonly #clock: PortalClock
  readonly #queue: QueueServer
  readonly #serial = new Serial()

  constructor(clock: PortalClock, queue: QueueServer) {
    this.#clock = clock
    this.#queue = queue
  }

  view(): ClockView {
    const { nextTimerAt, mode } = this.#clock
    const nowMs = this.#clock.now()
    return {
      mode,
      now: new Date(nowMs).toISOString(),
      now_ms: nowMs,
      next_timer: nextTimerAt === undefined ? null : new Date(nextTimerAt).toISOString(),
    }
  }

  /** First the mode, then the time. Moves follow one another. BAD_REQUEST for a time that has passed. */
  move(move: ClockMove): Promise<ClockView> {
    const { mode, set, advance_ms } = parseInput(clockSchema, move)
    return this.#serial.run('move', async () => {
      if (mode === 'virtual') this.#clock.useVirtual()
      if (mode === 'real') this.#clock.useReal()
      const byMs = set === undefined ? (advance_ms ?? 0) : Date.parse(set) - this.#clock.now()
      if (byMs < 0) throw new CodedError('BAD_REQUEST', 'set: time does not run back')
      if (byMs > PORTAL_LIMITS.maxClockStepMs) {
        throw new CodedError('BAD_REQUEST', `set: at most ${PORTAL_LIMITS.maxClockStepMs} ms ahead`)
      }
      if (byMs > 0) await this.#clock.advance(byMs, this.#settler())
      return this.view()
    })
  }

  /** Moves time by milliseconds; the same as move({ advance_ms }). */
  advance(byMs: number): Promise<ClockView> {
    return this.move({ advance_ms: byMs })
  }

  #settler(): () => Promise<void> {
    const unresponsive = new Set<number>()
    return async () => {
      await letPromisesSettle()
      for (;;) {
        const awaited = this.#queue.answerable().filter((id) => !unresponsive.has(id))
        if (awaited.length === 0) return
        const answered = await this.#settlesInTime()
        if (!answered) for (const id of awaited) unresponsive.add(id)
        await letPromisesSettle()
      }
    }
  }

  async #settlesInTime(): Promise<boolean> {
    const patience = new AbortController()
    const tooLong = sleep(systemClock, PORTAL_LIMITS.clockPatienceMs, patience.signal).then(() => false, () => true)
    const answered = await Promise.race([this.#queue.nextSettled().then(() => true), tooLong])
    patience.abort()
    return answered
  }
}
