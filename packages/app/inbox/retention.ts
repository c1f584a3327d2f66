import type { Clock, Timer } from '@portline/runtime/clock.ts'
import { sleep } from '@portline/runtime/clock.ts'
import type { Log } from '@portline/runtime/log.ts'
import { RETENTION_FULL_SWEEP_MS, RETENTION_REST_MS, RETENTION_SWEEP_MS } from '../limits.ts'
import type { SettledBefore } from '../store/keeping.ts'
import type { Store } from '../store/port.ts'

/**
 * Deletes what has been kept long enough, oldest first, in slices with rests between them, so that receiving goes on.
 *
 *     room ──over its size, and nothing settled is left to delete──> full ──events settled, deleted──> room
 *
 * Open and held events are never deleted. While the store is full of them, new events are refused: on a full disk not even what
 * becomes of the open ones could be written, and then nothing ever ended.
 */
export interface RetentionRules {
  /** Milliseconds that a done event is kept after its end; for ever when not given. */
  readonly doneAfterMs?: number | undefined
  readonly deadAfterMs?: number | undefined
  /** What the store may take on disk; as much as there is when not given. */
  readonly maxBytes?: number | undefined
}

export interface RetentionParts {
  readonly store: Store
  readonly clock: Clock
  readonly log: Log
  readonly rules: RetentionRules
}

export interface RetentionStatus {
  readonly full: boolean
  readonly deletedByAge: number
  readonly deletedBySize: number
  readonly sweptAtMs?: number
}

/** After so many slices twice as much is tried, as at each sweep: one sweep may take hours, and the disk has room again by then. */
const GROW_AFTER_SLICES = 64

const EVERY_SETTLED: SettledBefore = { doneBeforeMs: Number.MAX_SAFE_INTEGER, deadBeforeMs: Number.MAX_SAFE_INTEGER }

export class Retention {
  readonly #parts: RetentionParts
  #status: RetentionStatus = { full: false, deletedByAge: 0, deletedBySize: 0 }
  #timer: Timer | undefined
  #stopped = false
  /** How many events a slice may delete: fewer since the store failed to delete more, then more again. */
  #sliceEvents = Number.POSITIVE_INFINITY
  /** Deleted one after another since that number was last another. */
  #slices = 0
  #sweeping = Promise.resolve()

  constructor(parts: RetentionParts) {
    this.#parts = parts
  }

  /** Since the start. */
  get status(): RetentionStatus {
    return this.#status
  }

  /** As the operator is shown it. */
  get view() {
    const { rules } = this.#parts
    const { sweptAtMs, ...status } = this.#status
    return {
      ...status,
      sweptAt: sweptAtMs === undefined ? null : new Date(sweptAtMs).toISOString(),
      doneAfterMs: rules.doneAfterMs ?? null,
      deadAfterMs: rules.deadAfterMs ?? null,
      maxBytes: rules.maxBytes ?? null,
    }
  }

  get full(): boolean {
    return this.#status.full
  }

  start(): void {
    const { doneAfterMs, deadAfterMs, maxBytes } = this.#parts.rules
    if (doneAfterMs === undefined && deadAfterMs === undefined && maxBytes === undefined) return
    this.#sweeping = this.#sweep()
  }

  /** Lets the slice that is under way end. */
  async stop(): Promise<void> {
    this.#stopped = true
    this.#timer?.cancel()
    await this.#sweeping
  }

  async #sweep(): Promise<void> {
    const { clock, log, rules: { doneAfterMs, deadAfterMs, maxBytes } } = this.#parts
    this.#grow()
    try {
      const nowMs = clock.now()
      const before = { doneBeforeMs: cutoff(nowMs, doneAfterMs), deadBeforeMs: cutoff(nowMs, deadAfterMs) }
      const byAge = Math.max(before.doneBeforeMs, before.deadBeforeMs) > 0 ? await this.#delete(before, () => Promise.resolve(true)) : 0
      const bySize = maxBytes === undefined ? 0 : await this.#shrink(maxBytes)
      const { deletedByAge, deletedBySize, full } = this.#status
      this.#status = { full, deletedByAge: deletedByAge + byAge, deletedBySize: deletedBySize + bySize, sweptAtMs: nowMs }
      if (byAge + bySize > 0) log.info({ byAge, bySize }, 'events were kept long enough and are deleted')
    } catch (error) {
      log.error({ error: String(error) }, 'old events could not be deleted')
    }
    if (this.#stopped) return
    const everyMs = this.#status.full ? RETENTION_FULL_SWEEP_MS : maxBytes === undefined ? RETENTION_SWEEP_MS : RETENTION_SWEEP_MS / 10
    this.#timer = clock.setTimer(everyMs, () => void (this.#sweeping = this.#sweep()))
  }

  async #shrink(maxBytes: number): Promise<number> {
    const { store, log } = this.#parts
    const isOver = async (): Promise<boolean> => (await store.size()).usedBytes > maxBytes
    const deleted = (await isOver()) ? await this.#delete(EVERY_SETTLED, isOver) : 0
    const full = await isOver()
    if (full && !this.#status.full) log.error({ maxBytes }, 'the store is full of events that have not ended; new ones are refused')
    if (!full && this.#status.full) log.warn({ maxBytes }, 'the store has room again')
    this.#status = { ...this.#status, full }
    return deleted
  }

  /** Slice by slice, as long as it is wanted. Errors: STORE_UNAVAILABLE where not even one event can be deleted. */
  async #delete(before: SettledBefore, isWanted: () => Promise<boolean>): Promise<number> {
    const { store, clock } = this.#parts
    let deleted = 0
    for (let afterSeq = 0; !this.#stopped; ) {
      const window = await store.settledWindow(before, afterSeq)
      if (window.kind === 'end' || !(await isWanted())) break
      if (window.kind === 'window') {
        const events = Math.min(window.seqs.length, this.#sliceEvents)
        // By events and not by places: from one to the next there may be millions that are free.
        const toSeq = events < window.seqs.length ? (window.seqs[events - 1] ?? window.toSeq) : window.toSeq
        const count = await this.#deleteSlice(before, window.afterSeq, toSeq, events)
        deleted += count ?? 0
        afterSeq = count === undefined ? window.afterSeq : toSeq
      } else afterSeq = window.afterSeq
      await sleep(clock, RETENTION_REST_MS)
    }
    return deleted
  }

  /**
   * A slice takes room in the store's log before it gives any. Where the disk is nearly full, what stands there of former slices goes first,
   * and half of a slice may go where all of it does not. Undefined: try that.
   */
  async #deleteSlice(before: SettledBefore, afterSeq: number, toSeq: number, events: number): Promise<number | undefined> {
    const { store } = this.#parts
    try {
      const deleted = await store.deleteSettled(before, afterSeq, toSeq)
      this.#slices += 1
      if (this.#slices >= GROW_AFTER_SLICES) this.#grow()
      return deleted
    } catch {
      await store.scrub()
    }
    try {
      return await store.deleteSettled(before, afterSeq, toSeq)
    } catch (error) {
      if (events <= 1) throw error
      this.#sliceEvents = Math.floor(events / 2)
      this.#slices = 0
      return undefined
    }
  }

  #grow(): void {
    this.#sliceEvents *= 2
    this.#slices = 0
  }
}

/** 0 for never: nothing has ended before the epoch. */
function cutoff(nowMs: number, afterMs: number | undefined): number {
  return afterMs === undefined ? 0 : Math.max(0, nowMs - afterMs)
}
