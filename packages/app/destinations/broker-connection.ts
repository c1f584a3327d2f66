import { connect } from 'amqplib'
import type { ChannelModel, ConfirmChannel, Message, Options } from 'amqplib'
import { BROKER_HEARTBEAT_S } from '../limits.ts'
import { DeliveryError } from './delivery-error.ts'

/**
 * One connection and one channel with publisher confirms, made when first needed and again after it was lost.
 *
 *     none ──needed──> connecting ──> up ──lost, or the broker closes the channel──> none
 *       ↑                  │
 *       └─────failed───────┘
 *
 * Invariants: at most one is being made at a time and all who need it wait for the same; what is not confirmed when the
 * channel ends fails; after close() none is made. How often it is tried is not decided here: by the circuit breaker.
 */
export interface BrokerOptions {
  readonly url: URL
  readonly exchange: string
  readonly declare: ExchangeType | undefined
  /** To be shown. */
  readonly name: string
  readonly timeoutMs: number
}

export type ExchangeType = 'direct' | 'fanout' | 'headers' | 'topic'

export interface BrokerMessage {
  readonly routingKey: string
  readonly content: Buffer
  readonly properties: Options.Publish & { readonly messageId: string }
}

interface Line {
  readonly model: ChannelModel
  readonly channel: ConfirmChannel
  /** Why the broker takes nothing just now: it is short of memory or disk. */
  blocked: string | undefined
  /** Messages that came back for want of a queue, by `returnKey`; their confirm comes right after. */
  readonly returned: Set<string>
}

export class BrokerConnection {
  readonly #options: BrokerOptions
  #line: Promise<Line> | undefined
  #closed = false

  constructor(options: BrokerOptions) {
    this.#options = options
  }

  /** Connects where it isn't. Errors: DESTINATION_FAILED. */
  async ready(): Promise<void> {
    await this.#lineUp()
  }

  /** Resolves when the broker has confirmed it. Errors: DESTINATION_FAILED, DESTINATION_UNROUTABLE, DESTINATION_INVALID. */
  async publish({ routingKey, content, properties }: BrokerMessage): Promise<void> {
    const line = await this.#lineUp()
    if (line.blocked !== undefined) throw this.#failure(`the broker takes nothing now: ${line.blocked}`)
    await new Promise<void>((resolve, reject) => {
      const options = { ...properties, persistent: true, mandatory: true }
      const onConfirm = (error: Error | null): void => {
        const returned = line.returned.delete(returnKey(properties))
        if (error !== null) reject(this.#unconfirmed(error))
        else if (returned) reject(this.#unroutable(routingKey))
        else resolve()
      }
      try {
        line.channel.publish(this.#options.exchange, routingKey, content, options, onConfirm)
      } catch (error) {
        reject(this.#unconfirmed(error))
      }
    })
  }

  async close(): Promise<void> {
    this.#closed = true
    const line = await this.#line?.catch(() => undefined)
    await line?.model.close().catch(() => {})
  }

  async #lineUp(): Promise<Line> {
    if (this.#closed) throw this.#failure('it is closed')
    if (this.#line !== undefined) return await this.#line
    // An old connection may end after a new one was begun.
    const forget = (): void => {
      if (this.#line === making) this.#line = undefined
    }
    const making = this.#connect(forget).catch((error: unknown) => {
      forget()
      throw this.#failure(reasonOf(error), error)
    })
    this.#line = making
    return await making
  }

  async #connect(forget: () => void): Promise<Line> {
    const { url, timeoutMs } = this.#options
    const address = new URL(url)
    if (!address.searchParams.has('heartbeat')) address.searchParams.set('heartbeat', String(BROKER_HEARTBEAT_S))
    const clientProperties = { connection_name: 'Portline' }
    const model = await connect(address.href, { timeout: timeoutMs, noDelay: true, clientProperties })
    // Its end is told by 'close'; an 'error' that nobody listens to would end the process.
    model.on('error', () => {})
    // Listened for before anything more is waited for: an answer and the end may come together.
    model.on('close', forget)
    try {
      const channel = await model.createConfirmChannel()
      channel.on('error', () => {})
      const line: Line = { model, channel, blocked: undefined, returned: new Set() }
      watch(line, forget)
      await this.#findExchange(channel)
      return line
    } catch (error) {
      await model.close().catch(() => {})
      throw error
    }
  }

  async #findExchange(channel: ConfirmChannel): Promise<void> {
    const { exchange, declare } = this.#options
    if (exchange === '') return
    if (declare === undefined) await channel.checkExchange(exchange)
    else await channel.assertExchange(exchange, declare, { durable: true })
  }

  #failure(reason: string, cause?: unknown): DeliveryError {
    return new DeliveryError('DESTINATION_FAILED', `${this.#options.name}: ${reason}`, { unavailable: true, cause })
  }

  #unconfirmed(error: unknown): DeliveryError {
    const nacked = error instanceof Error && error.message === 'message nacked'
    return this.#failure(nacked ? 'the broker did not take it' : 'the connection was lost', error)
  }

  #unroutable(routingKey: string): DeliveryError {
    const description = `${this.#options.name} has no queue for the routing key ${routingKey}`
    return new DeliveryError('DESTINATION_UNROUTABLE', description, { unavailable: false })
  }
}

function watch(line: Line, forget: () => void): void {
  const { model, channel, returned } = line
  channel.on('return', ({ properties }: Message) => returned.add(returnKey(properties)))
  model.on('blocked', (reason) => (line.blocked = reason))
  model.on('unblocked', () => (line.blocked = undefined))
  // A channel that the broker closed, for an exchange that is gone for instance, leaves a connection of no use.
  channel.on('close', () => {
    forget()
    model.close().catch(() => {})
  })
}

/** An attempt that was given up may still be on its way beside the next one of the same message. */
function returnKey({ messageId, headers }: Pick<Options.Publish, 'messageId' | 'headers'>): string {
  const attempt: unknown = headers?.attempt
  return `${String(messageId)} ${String(attempt)}`
}

/** The system's code, or the broker's own words without the user's name. */
function reasonOf(error: unknown): string {
  if (!(error instanceof Error)) return 'the connection failed'
  if ('code' in error && typeof error.code === 'string') return error.code
  return error.message.replaceAll(/user '[^']*'/g, 'the user')
}
