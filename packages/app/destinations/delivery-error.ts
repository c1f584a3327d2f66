import { CodedError } from '@portline/wire/errors.ts'

export type DeliveryErrorCode =
  | 'DESTINATION_FAILED' | 'DESTINATION_REFUSED' | 'DESTINATION_FORBIDDEN' | 'DESTINATION_UNROUTABLE' | 'DESTINATION_INVALID'

export interface DeliveryErrorDetails {
  /**
   * The destination as a whole is in trouble, not this one event: its circuit breaker counts it. Otherwise those behind the event in
   * the call have made no attempt, and are handed on again.
   */
  readonly unavailable: boolean
  /** How long the destination asked to be left alone. */
  readonly retryAfterMs?: number
  /** How many deliveries of the call were taken before the one that failed. */
  readonly delivered?: number
  /** Nothing was sent: it tells nothing of the destination. */
  readonly untried?: boolean
  readonly cause?: unknown
}

/** A delivery that failed. The message holds no credentials, no query and nothing of what the other side answered. */
export class DeliveryError extends CodedError {
  readonly unavailable: boolean
  readonly retryAfterMs: number | undefined
  readonly delivered: number
  readonly untried: boolean

  constructor(code: DeliveryErrorCode, description: string, details: DeliveryErrorDetails) {
    super(code, description, { cause: details.cause })
    this.name = 'DeliveryError'
    this.unavailable = details.unavailable
    this.retryAfterMs = details.retryAfterMs
    this.delivered = details.delivered ?? 0
    this.untried = details.untried ?? false
  }

  /** The same failure of a call that had handed on others before it. */
  after(delivered: number): DeliveryError {
    const { code, message, unavailable, retryAfterMs, cause } = this
    const untried = this.untried && delivered === 0
    const details = { unavailable, delivered, untried, cause, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) }
    return new DeliveryError(code as DeliveryErrorCode, message, details)
  }
}

/** Nothing was sent, so it is no attempt of any event. Worth coming back at `retryAtMs`, in milliseconds since the Unix epoch. */
export class NotNow extends CodedError {
  readonly retryAtMs: number

  constructor(name: string, retryAtMs: number) {
    super('DESTINATION_PAUSED', `${name} is left alone until ${new Date(retryAtMs).toISOString()}`)
    this.name = 'NotNow'
    this.retryAtMs = retryAtMs
  }
}
