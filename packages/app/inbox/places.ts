import type { Clock, Timer } from '@portline/runtime/clock.ts'
import { Gate } from '@portline/runtime/gate.ts'
import type { RegisteredHandler } from '../define-app.ts'
import type { Destination, OpenDestination } from '../destinations/destination.ts'
import { SOLITUDE_MS, WAITING_LANES } from '../limits.ts'
import { keyOf } from '../store/portal-key.ts'
import { isSuspect } from './deaths.ts'
import type { QueuedEvent } from './lane.ts'

/**
 * Who may run now. A handler with a `concurrency` has so many places, a destination its own, and all suspects together have one. Before
 * each is a line, and who finds it full stands by.
 */
export class Places {
  readonly #clock: Clock
  readonly #destinationOf: (destination: Destination) => OpenDestination
  readonly #gates = new Map<RegisteredHandler, Gate>()
  readonly #solitude = new Gate(1, WAITING_LANES)

  constructor(clock: Clock, destinationOf: (destination: Destination) => OpenDestination) {
    this.#clock = clock
    this.#destinationOf = destinationOf
  }

  /** Undefined when there is room in the lines that it has to pass; else resolves when it is worth asking again. */
  standBy(head: QueuedEvent, handler: RegisteredHandler | undefined): Promise<void> | undefined {
    const who = keyOf(head.event)
    const alone = isSuspect(head) ? this.#solitude.standBy(who) : undefined
    if (alone !== undefined || handler === undefined) return alone
    const own = this.#gateOf(handler)?.standBy(who)
    if (own !== undefined || handler.kind !== 'destination') return own
    return this.#destinationOf(handler.destination).standBy(who)
  }

  /** Waits for its places, but for those of a destination: it sees to them itself. */
  run<Result>(head: QueuedEvent, handler: RegisteredHandler | undefined, task: () => Promise<Result>): Promise<Result> {
    const gate = handler === undefined ? undefined : this.#gateOf(handler)
    if (isSuspect(head)) return this.#inSolitude(task, gate)
    return gate === undefined ? task() : gate.run(task)
  }

  /**
   * Its turn among suspects comes first, and only then its handler's place: who waits for minutes must not keep others out. Whoever holds a
   * place of a handler waits for no turn, so the two never wait for each other. There its own comes soon: the suspects behind it do not
   * wait for a whole line.
   *
   * Who has gone on for so long without ending the process lets the next one begin: a thousand of them must not take a day.
   */
  async #inSolitude<Result>(task: () => Promise<Result>, gate: Gate | undefined): Promise<Result> {
    const { promise, resolve, reject } = Promise.withResolvers<Result>()
    await this.#solitude.run(() => new Promise<void>((leave) => {
      let limit: Timer | undefined
      const begin = (): Promise<Result> => {
        limit = this.#clock.setTimer(SOLITUDE_MS, leave)
        return task()
      }
      const ended = gate === undefined ? begin() : gate.run(begin, 'soon')
      ended.then(resolve, reject).finally(() => {
        limit?.cancel()
        leave()
      })
    }))
    return promise
  }

  #gateOf(handler: RegisteredHandler): Gate | undefined {
    const { concurrency } = handler.policy
    if (concurrency === undefined) return undefined
    const gate = this.#gates.get(handler) ?? new Gate(concurrency, WAITING_LANES)
    this.#gates.set(handler, gate)
    return gate
  }
}
