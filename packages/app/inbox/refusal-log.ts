import type { Clock } from '@portline/runtime/clock.ts'
import type { Log } from '@portline/runtime/log.ts'
import type { ErrorCode } from '@portline/wire/errors.ts'
import { REFUSAL_SAMPLES } from '../limits.ts'
import type { Refusal, Store } from '../store/port.ts'

/** Counts every refusal and keeps a sample of them: a flood costs the disk no more than this many writes a minute. */
const SAMPLES_PER_MINUTE = 60
const MINUTE_MS = 60_000

export class RefusalLog {
  readonly #store: Store
  readonly #clock: Clock
  readonly #log: Log
  readonly #onRefused: (refusal: Omit<Refusal, 'atMs'>) => void
  readonly #counts = new Map<ErrorCode, number>()
  #minute = 0
  #sampled = 0

  /** `onRefused` is told of each, the samples and the others. */
  constructor(store: Store, clock: Clock, log: Log, onRefused: (refusal: Omit<Refusal, 'atMs'>) => void = () => {}) {
    this.#onRefused = onRefused
    this.#store = store
    this.#clock = clock
    this.#log = log
  }

  /** Refusals by code since the start. */
  get counts(): ReadonlyMap<ErrorCode, number> {
    return this.#counts
  }

  add(refusal: Omit<Refusal, 'atMs'>): void {
    this.#counts.set(refusal.code, (this.#counts.get(refusal.code) ?? 0) + 1)
    this.#onRefused(refusal)
    const atMs = this.#clock.now()
    const minute = Math.floor(atMs / MINUTE_MS)
    if (minute !== this.#minute) {
      this.#minute = minute
      this.#sampled = 0
    }
    this.#sampled += 1
    if (this.#sampled > SAMPLES_PER_MINUTE) return
    this.#log.warn({ ...refusal }, 'an event was refused')
    this.#store.saveRefusal({ ...refusal, atMs }, REFUSAL_SAMPLES).catch(() => {})
  }
}
