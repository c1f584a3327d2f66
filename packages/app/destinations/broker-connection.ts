import { IllegalOperationError } from 'amqplib'
import type { ConfirmChannel, Options } from 'amqplib'
import { BrokerLine } from './broker-line.ts'
import type { LineOptions } from './broker-line.ts'
import { DeliveryError } from './delivery-error.ts'

/**
 * The line to a broker, made when first needed and again after it was lost.
 *
 *     none ──needed──> connecting ──> up ──lost, silent, or the broker closes the channel──> none
 *       ↑                  │
 *       └─failed or silent─┘
 *
 * Invariants: at most one is being made at a time and all who need it wait for the same; what is not confirmed when the
 * channel ends fails; after close() none is made. How often it is tried is not decided here: by the circuit breaker.
 */
export interface BrokerOptions extends LineOptions {
  /** To be shown. */
  readonly name: string
}

export interface BrokerMessage {
  readonly routingKey: string
  readonly content: Buffer
  readonly properties: Options.Publish & { readonly messageId: string }
}

export class BrokerConnection {
  readonly #options: BrokerOptions
  #line: BrokerLine | undefined
  #signs = 0
  #closed = false

  constructor(options: BrokerOptions) {
    this.#options = options
  }

  /** Grows with each sign that the broker is at work, and with each new connection. A heartbeat is none: a hung broker may go on with those. */
  get signs(): number {
    return this.#signs
  }

  /**
   * Gives the connection up if there was no sign since then, so that the next delivery has another one; what others have under way on
   * it fails.
   */
  leaveIfSilent(since: number): void {
    const line = this.#line
    if (line === undefined || this.#signs !== since) return
    this.#line = undefined
    line.cut()
  }

  /** Connects where it isn't. Errors: DESTINATION_FAILED. */
  async ready(): Promise<void> {
    await this.#channelOf(this.#lineUp())
  }

  /** Resolves when the broker has confirmed it. Errors: DESTINATION_FAILED, DESTINATION_REFUSED, DESTINATION_UNROUTABLE. */
  async publish({ routingKey, content, properties }: BrokerMessage): Promise<void> {
    const line = this.#lineUp()
    const channel = await this.#channelOf(line)
    if (line.blocked !== undefined) throw this.#failure(`the broker takes nothing now: ${line.blocked}`)
    await new Promise<void>((resolve, reject) => {
      const options = { ...properties, persistent: true, mandatory: true }
      const onConfirm = (error: Error | null): void => {
        const hasReturned = line.hasReturned(properties)
        if (error === null || isNack(error)) this.#signs += 1
        if (error !== null) reject(this.#unconfirmed(error))
        else if (hasReturned) reject(this.#unroutable(routingKey))
        else resolve()
      }
      try {
        channel.publish(this.#options.exchange, routingKey, content, options, onConfirm)
      } catch (error) {
        reject(error instanceof IllegalOperationError ? this.#unconfirmed(error) : this.#impossible(error))
      }
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    await this.#line?.leave()
  }

  #lineUp(): BrokerLine {
    if (this.#closed) throw this.#failure('it is closed')
    if (this.#line !== undefined) return this.#line
    this.#signs += 1
    const line = new BrokerLine(this.#options, {
      onSign: () => (this.#signs += 1),
      // An old one may end after a new one was begun.
      onEnd: () => {
        if (this.#line === line) this.#line = undefined
      },
    })
    this.#line = line
    return line
  }

  async #channelOf(line: BrokerLine): Promise<ConfirmChannel> {
    try {
      return await line.channel
    } catch (error) {
      throw this.#failure(reasonOf(error), error)
    }
  }

  #failure(reason: string, cause?: unknown): DeliveryError {
    return new DeliveryError('DESTINATION_FAILED', `${this.#options.name}: ${reason}`, { unavailable: true, cause })
  }

  #unconfirmed(error: Error): DeliveryError {
    return this.#failure(isNack(error) ? 'the broker did not take it' : 'the connection was lost', error)
  }

  /** The library could not write it: it never will, and the broker has heard nothing of it. */
  #impossible(cause: unknown): DeliveryError {
    const description = `${this.#options.name}: the event cannot be made a message`
    return new DeliveryError('DESTINATION_REFUSED', description, { unavailable: false, untried: true, cause })
  }

  #unroutable(routingKey: string): DeliveryError {
    const description = `${this.#options.name} has no queue for the routing key ${routingKey}`
    return new DeliveryError('DESTINATION_UNROUTABLE', description, { unavailable: false })
  }
}

function isNack(error: Error): boolean {
  return error.message === 'message nacked'
}

/** The system's code, or the broker's own words without the user's name. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'the connection failed'
  if (error.name === 'AbortError') return 'the broker does not answer'
  if ('code' in error && typeof error.code === 'string') return error.code
  return error.message.replaceAll(/user '[^']*'/g, 'the user')
}
