import { RestError } from '../errors.ts'
import type { Reading } from './operating-time.ts'
import { OPERATING_LIMIT_S, OperatingTime } from './operating-time.ts'
import type { RatePlan } from './rate-limit.ts'
import { RateLimit } from './rate-limit.ts'

/** The switches of the limits of limits.md. Off by default: a developer's machine is in no plan. */
export interface LimitSettings {
  /** Requests: `standard` 2 a second with a bucket of 50, `enterprise` 5 and 250. */
  readonly rate: 'off' | RatePlan
  /** Processing time: `on` is 480 seconds of one method in ten minutes; or that many seconds. */
  readonly operating: 'off' | 'on' | number
  /** Seconds, by method name in lower case, that a call takes longer than it does: under a virtual clock they cost nothing. */
  readonly slow: Readonly<Record<string, number>>
}

export const NO_LIMITS: LimitSettings = { rate: 'off', operating: 'off', slow: {} }

/** What is refused, and what has been used up so far. Not part of the portal's state: a restart forgets it. */
export class RestLimits {
  readonly #rate = new RateLimit()
  readonly #operating = new OperatingTime()
  readonly #withBan: boolean
  #settings: LimitSettings

  /** @param withBan the newer module source: once over the limit, shut out for five minutes */
  constructor(settings: Partial<LimitSettings> = {}, withBan = false) {
    this.#settings = { ...NO_LIMITS, ...settings }
    this.#withBan = withBan
  }

  get settings(): LimitSettings {
    return this.#settings
  }

  /** A switch that is thrown begins anew: whatever was counted until now is forgotten. */
  change(settings: Partial<LimitSettings>): void {
    if (settings.rate !== undefined) this.#rate.reset()
    if (settings.operating !== undefined) this.#operating.reset()
    this.#settings = { ...this.#settings, ...settings }
  }

  /** QUERY_LIMIT_EXCEEDED. @param source the address a request comes from */
  admit(source: string, nowMs: number): void {
    const { rate } = this.#settings
    if (rate !== 'off' && !this.#rate.admit(rate, source, nowMs)) throw new RestError('QUERY_LIMIT_EXCEEDED')
  }

  /** OPERATION_TIME_LIMIT. @param caller client_id of an app, or what stands for a webhook */
  requireOperatingTime(caller: string, method: string, nowMs: number): void {
    const { operating } = this.#settings
    if (operating === 'off') return
    const limitS = operating === 'on' ? OPERATING_LIMIT_S : operating
    if (this.#operating.isSpent(caller, method, limitS, nowMs, this.#withBan)) throw new RestError('OPERATION_TIME_LIMIT')
  }

  /** Seconds a call of the method is to take. */
  slowness(method: string): number {
    return Object.hasOwn(this.#settings.slow, method) ? this.#settings.slow[method] ?? 0 : 0
  }

  record(caller: string, method: string, startMs: number, seconds: number): void {
    this.#operating.record(caller, method, startMs, seconds)
  }

  read(caller: string, method: string, startMs: number, nowMs: number): Reading {
    return this.#operating.read(caller, method, startMs, nowMs)
  }
}
