import type { Clock } from '@portline/runtime/clock.ts'
import { textOfThrown } from '@portline/runtime/thrown.ts'
import { CodedError } from '@portline/wire/errors.ts'
import { BROKER_BATCH_EVENTS, DELIVERY_TIMEOUT_MS } from '../limits.ts'
import { BrokerConnection } from './broker-connection.ts'
import type { BrokerMessage } from './broker-connection.ts'
import type { ExchangeType } from './broker-line.ts'
import { DeliveryError } from './delivery-error.ts'
import type { Delivery, Destination } from './destination.ts'
import { guarded } from './guarded.ts'
import { checkedTimeoutMs } from './options.ts'
import { payloadOf } from './payload.ts'

export interface RabbitMqOptions {
  /** amqp or amqps, with user, password and virtual host. Only its host, port and virtual host are ever shown. */
  readonly url: string | undefined
  /** The exchange to publish to; '' is the broker's default one, where the routing key is the queue's name. */
  readonly exchange: string
  /** Declare the exchange, durable, as one of this type. Not given: it must be there. */
  readonly declare?: ExchangeType
  /** The event's code when not given. */
  readonly routingKey?: string | ((delivery: Delivery) => string)
  /** For one call, connecting included. Whole milliseconds, 1 to 120,000; 15,000 when not given. */
  readonly timeoutMs?: number
}

const EXCHANGE_TYPES: readonly ExchangeType[] = ['direct', 'fanout', 'headers', 'topic']
/** AMQP's limit for names and keys. */
const SHORT_STRING_BYTES = 255
const SECOND_MS = 1_000

/** Events go to an exchange of RabbitMQ, as persistent messages that the broker confirms. Errors: DESTINATION_INVALID. */
export function rabbitMq(options: RabbitMqOptions): Destination {
  const { exchange, declare, routingKey = ({ code }: Delivery) => code } = options
  const url = readUrl(options.url)
  if (Buffer.byteLength(exchange) > SHORT_STRING_BYTES) throw invalid('exchange is too long')
  if (declare !== undefined) checkDeclared(exchange, declare)
  if (typeof routingKey === 'string') checkRoutingKey(routingKey)
  const timeoutMs = checkedTimeoutMs(options.timeoutMs ?? DELIVERY_TIMEOUT_MS)
  const name = `${url.protocol}//${url.host}${url.pathname} ${exchange === '' ? 'default exchange' : `exchange ${exchange}`}`
  const keyOf = typeof routingKey === 'string' ? () => routingKey : routingKey
  return {
    kind: 'destination',
    name,
    timeoutMs,
    maxEvents: BROKER_BATCH_EVENTS,
    open(parts) {
      const { clock } = parts
      const broker = new BrokerConnection({ url, exchange, declare, name, timeoutMs, clock })
      return guarded(name, parts, {
        deliver: (deliveries, signal) => publishAll({ broker, clock, name, timeoutMs, keyOf }, deliveries, signal),
        close: () => broker.close(),
      })
    },
  }
}

interface PublishParts {
  readonly broker: BrokerConnection
  readonly clock: Clock
  readonly name: string
  readonly timeoutMs: number
  readonly keyOf: (delivery: Delivery) => string
}

async function publishAll(parts: PublishParts, deliveries: readonly Delivery[], signal: AbortSignal): Promise<void> {
  const { broker, clock, name, timeoutMs, keyOf } = parts
  signal.throwIfAborted()
  const { messages, objection } = messagesOf(deliveries, keyOf)
  if (messages.length === 0) throw objection
  const confirmed = messages.map(() => false)
  const givenUp = new AbortController()
  const ready = broker.ready()
  const { signs } = broker
  const ended = clock.setTimer(timeoutMs, () => {
    givenUp.abort(new DeliveryError('DESTINATION_FAILED', `${name}: no confirm within ${timeoutMs} ms`, { unavailable: true }))
    // After what the socket has for us: the process itself may have stood still.
    clock.soon(() => broker.leaveIfSilent(signs))
  })
  const onAbort = (): void => givenUp.abort(signal.reason)
  signal.addEventListener('abort', onAbort, { once: true })
  try {
    await orAborted(givenUp.signal, async () => {
      await ready
      // The connection may have come too late: what was given up must not be sent any more.
      givenUp.signal.throwIfAborted()
      const sent = messages.map((message, index) => broker.publish(message).then(() => (confirmed[index] = true)))
      await firstFailure(sent)
    })
    if (objection !== undefined) throw objection.after(messages.length)
  } catch (error) {
    const taken = confirmed.indexOf(false)
    throw error instanceof DeliveryError ? error.after(taken === -1 ? confirmed.length : taken) : error
  } finally {
    ended.cancel()
    signal.removeEventListener('abort', onAbort)
  }
}

/** Up to the first that cannot be made: those before it are sent all the same. */
function messagesOf(deliveries: readonly Delivery[], keyOf: PublishParts['keyOf']): { messages: BrokerMessage[]; objection?: DeliveryError } {
  const messages: BrokerMessage[] = []
  for (const delivery of deliveries) {
    try {
      messages.push(messageOf(delivery, keyOf(delivery)))
    } catch (cause) {
      return { messages, objection: objectionOf(cause) }
    }
  }
  return { messages }
}

/** It is about one event: the broker is in no trouble. */
function objectionOf(cause: unknown): DeliveryError {
  if (cause instanceof DeliveryError) return cause
  if (cause instanceof CodedError) return new DeliveryError('DESTINATION_INVALID', cause.message, { unavailable: false, untried: true, cause })
  return new DeliveryError('DESTINATION_FAILED', `the routing key could not be made: ${textOfThrown(cause)}`, { unavailable: false, untried: true, cause })
}

/** Waits for all of them, so that those before the first failure are known; fails with that one. */
async function firstFailure(sent: readonly Promise<unknown>[]): Promise<void> {
  for (const outcome of await Promise.allSettled(sent)) {
    if (outcome.status === 'rejected') throw outcome.reason
  }
}

function orAborted(signal: AbortSignal, task: () => Promise<void>): Promise<void> {
  return new Promise((resolve, reject) => {
    signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true })
    task().then(resolve, reject)
  })
}

function messageOf(delivery: Delivery, routingKey: string): BrokerMessage {
  const { id, app, memberId, code, attempt, receivedAtMs } = delivery
  checkRoutingKey(routingKey)
  checkId(id)
  return {
    routingKey,
    content: Buffer.from(payloadOf(delivery)),
    properties: {
      messageId: id,
      type: code,
      contentType: 'application/json',
      contentEncoding: 'utf-8',
      appId: 'portline',
      timestamp: Math.floor(receivedAtMs / SECOND_MS),
      headers: { app, member_id: memberId, code, attempt },
    },
  }
}

function checkDeclared(exchange: string, type: ExchangeType): void {
  if (!EXCHANGE_TYPES.includes(type)) throw invalid(`declare must be one of ${EXCHANGE_TYPES.join(', ')}`)
  if (exchange === '') throw invalid('the default exchange cannot be declared')
}

function checkRoutingKey(routingKey: unknown): void {
  if (typeof routingKey === 'string' && Buffer.byteLength(routingKey) <= SHORT_STRING_BYTES) return
  const problem = `a routing key must be text of at most ${SHORT_STRING_BYTES} bytes`
  throw invalid(problem)
}

/** Ours are shorter; that of an imported event is whatever it was, and stays so. */
function checkId(id: string): void {
  if (Buffer.byteLength(id) <= SHORT_STRING_BYTES) return
  const problem = `the id of the event has more than the ${SHORT_STRING_BYTES} bytes that a message_id may have`
  throw new DeliveryError('DESTINATION_REFUSED', problem, { unavailable: false, untried: true })
}

function readUrl(text: string | undefined): URL {
  if (text === undefined || text === '') throw invalid('url is not set')
  const url = URL.parse(text)
  if (url !== null && ['amqp:', 'amqps:'].includes(url.protocol) && url.hostname !== '') return url
  throw invalid('url must be an amqp or amqps address')
}

function invalid(problem: string): CodedError {
  return new CodedError('DESTINATION_INVALID', problem)
}
