import type { Clock } from '@portline/runtime/clock.ts'
import { connect } from 'amqplib'
import type { ChannelModel, ConfirmChannel, Message, Options } from 'amqplib'
import { BROKER_GOODBYE_MS, BROKER_HEARTBEAT_S } from '../limits.ts'

export interface LineOptions {
  readonly url: URL
  readonly exchange: string
  readonly declare: ExchangeType | undefined
  readonly timeoutMs: number
  readonly clock: Clock
}

export type ExchangeType = 'direct' | 'fanout' | 'headers' | 'topic'

export interface LineListener {
  /** The broker has shown that it is at work: more than a heartbeat. */
  onSign(): void
  /** Of no use any more; may be told more than once. */
  onEnd(): void
}

/**
 * One connection and one channel with publisher confirms, from its first step to the end of its socket. Once connected the library waits
 * without end for each answer, and never ends a socket whose other side does not: so whatever ends here, ends the socket too.
 */
export class BrokerLine {
  /** Resolves when messages can be published. Errors: those of the system, the broker and the library. */
  readonly channel: Promise<ConfirmChannel>
  readonly #options: LineOptions
  readonly #listener: LineListener
  readonly #socket = new AbortController()
  readonly #returned = new Set<string>()
  #model: ChannelModel | undefined
  #blocked: string | undefined

  constructor(options: LineOptions, listener: LineListener) {
    this.#options = options
    this.#listener = listener
    this.channel = this.#open()
    this.channel.catch(() => this.#end())
  }

  /** Why the broker takes nothing just now: it is short of memory or disk. */
  get blocked(): string | undefined {
    return this.#blocked
  }

  /** Whether the message came back for want of a queue. Its confirm comes right after. */
  hasReturned(message: ReturnedKey): boolean {
    return this.#returned.delete(returnKey(message))
  }

  /** Ends the socket at once, whatever is under way on it. */
  cut(): void {
    this.#socket.abort()
  }

  /** Resolves when it has ended; cut off where the goodbye is not answered. */
  async leave(): Promise<void> {
    const late = this.#options.clock.setTimer(BROKER_GOODBYE_MS, () => this.cut())
    await this.channel.catch(() => {})
    const model = this.#model
    if (model !== undefined) {
      await new Promise<void>((resolve) => {
        model.once('close', resolve)
        // Refused when it has ended, or is about to, already.
        model.close().catch(() => resolve())
      })
    }
    late.cancel()
  }

  async #open(): Promise<ConfirmChannel> {
    const { url, timeoutMs } = this.#options
    const address = new URL(url)
    if (!address.searchParams.has('heartbeat')) address.searchParams.set('heartbeat', String(BROKER_HEARTBEAT_S))
    // The signal goes on to the socket as it is.
    const socket = { timeout: timeoutMs, noDelay: true, clientProperties: { connection_name: 'Portline' }, signal: this.#socket.signal }
    const model = await connect(address.href, socket)
    this.#model = model
    this.#watch(model)
    this.#listener.onSign()
    const channel = await model.createConfirmChannel()
    this.#watchChannel(channel)
    this.#listener.onSign()
    await this.#findExchange(channel)
    this.#listener.onSign()
    return channel
  }

  /** Listened for before anything more is waited for: an answer and the end may come together. */
  #watch(model: ChannelModel): void {
    // Its end is told by 'close'; an 'error' that nobody listens to would end the process.
    model.on('error', () => {})
    model.on('close', () => {
      this.#listener.onEnd()
      this.cut()
    })
    model.on('blocked', (reason: string) => this.#block(reason))
    model.on('unblocked', () => this.#block(undefined))
  }

  #watchChannel(channel: ConfirmChannel): void {
    channel.on('error', () => {})
    channel.on('return', ({ properties }: Message) => this.#returned.add(returnKey(properties)))
    // A channel that the broker closed, for an exchange that is gone for instance, leaves a connection of no use.
    channel.on('close', () => this.#end())
  }

  #end(): void {
    this.#listener.onEnd()
    void this.leave()
  }

  /** Who says that it takes nothing is silent for a reason. */
  #block(reason: string | undefined): void {
    this.#blocked = reason
    this.#listener.onSign()
  }

  async #findExchange(channel: ConfirmChannel): Promise<void> {
    const { exchange, declare } = this.#options
    if (exchange === '') return
    if (declare === undefined) await channel.checkExchange(exchange)
    else await channel.assertExchange(exchange, declare, { durable: true })
  }
}

type ReturnedKey = Pick<Options.Publish, 'messageId' | 'headers'>

/** An attempt that was given up may still be on its way beside the next one of the same message. */
function returnKey({ messageId, headers }: ReturnedKey): string {
  const attempt: unknown = headers?.attempt
  return `${String(messageId)} ${String(attempt)}`
}
