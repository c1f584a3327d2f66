import type { Clock } from '@portline/runtime/clock.ts'
import { CodedError } from '@portline/wire/errors.ts'
import { REJECTED_RENEWALS_PER_HOUR, RENEWAL_COOLING_MAX_MS, RENEWAL_COOLING_MS } from '../limits.ts'

/** Nobody was asked: what the server said last time is not its answer of now. */
export class NotAsked extends CodedError {}

/**
 * Keeps an account from asking its authorization server again and again, whatever goes wrong and whoever asks: the platform blocks
 * apps that do. In memory: a process that ends begins anew.
 *
 *     cool ──a renewal fails for now──> cooling (1 s, doubled each time, 5 min at most) ──one succeeds──> cool
 */
export class RenewalLimits {
  readonly #clock: Clock
  readonly #cooling = new Map<string, { readonly untilMs: number; readonly failures: number; readonly why: CodedError }>()
  readonly #rejections = new Map<string, number[]>()

  constructor(clock: Clock) {
    this.#clock = clock
  }

  /** Errors: RENEWAL_FAILED, as NotAsked. */
  demandCool(account: string): void {
    const cooling = this.#cooling.get(account)
    if (cooling === undefined || cooling.untilMs <= this.#clock.now()) return
    const { message, cause } = cooling.why
    // With its cause: a server that wants payment is to be recognised while it is not asked, too.
    throw new NotAsked('RENEWAL_FAILED', `${message}; asked again in ${Math.ceil((cooling.untilMs - this.#clock.now()) / SECOND_MS)} s`, { cause })
  }

  failed(account: string, why: CodedError): void {
    const failures = (this.#cooling.get(account)?.failures ?? 0) + 1
    const forMs = Math.min(RENEWAL_COOLING_MS * 2 ** (failures - 1), RENEWAL_COOLING_MAX_MS)
    this.#cooling.set(account, { untilMs: this.#clock.now() + forMs, failures, why })
  }

  ended(account: string): void {
    this.#cooling.delete(account)
  }

  /** The portal rejects an access token whose time is not up. Errors: RENEWAL_FAILED when it does so all the time. */
  countRejection(account: string): void {
    const nowMs = this.#clock.now()
    const recent = (this.#rejections.get(account) ?? []).filter((atMs) => atMs > nowMs - HOUR_MS)
    if (recent.length >= REJECTED_RENEWALS_PER_HOUR) throw new CodedError('RENEWAL_FAILED', 'the portal rejects tokens that were renewed just now')
    this.#rejections.set(account, [...recent, nowMs])
  }
}

const SECOND_MS = 1_000
const HOUR_MS = 3_600_000
