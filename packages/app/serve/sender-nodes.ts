import { sleep } from '@portline/runtime/clock.ts'
import type { Clock, Timer } from '@portline/runtime/clock.ts'
import type { Log } from '@portline/runtime/log.ts'
import type { GetJson } from '@portline/runtime/network.ts'
import { CodedError } from '@portline/wire/errors.ts'
import {
  REMOTE_ANSWER_MAX_BYTES, REMOTE_ANSWER_MS, SENDER_NODES_MAX, SENDER_NODES_MIN_MS, SENDER_NODES_POLL_MS, SENDER_NODES_STALE_MS,
  SENDER_NODES_WAIT_MS,
} from '../limits.ts'
import type { Store } from '../store/port.ts'
import { AddressList } from './sender-address.ts'

/**
 * The addresses that Bitrix24 says its events come from. Off unless it is asked for, and never the only proof of anything: whoever has
 * an app of their own can make the same machines send to any address.
 *
 *     unknown ──stored by a former process, or fetched──> fresh ──an hour without an answer──> stale
 *                                                           └<──────────fetched────────────────┘
 *
 * Nobody is locked out by a list that is not there: only a fresh one is enforced, an empty answer is none, and the last one is kept
 * in the store. A new address is listed some minutes before it is used, so a sender that is not listed has the list fetched once
 * more before it is refused; at most once a minute.
 */
export interface SenderNodesParts {
  readonly mode: SenderNodesMode
  readonly url: string
  readonly store: Store
  readonly getJson: GetJson
  readonly clock: Clock
  readonly log: Log
}

export type SenderNodesMode = 'warn' | 'enforce'

/** Where the platform publishes it (settings/network-access). */
export const PUBLISHED_SENDER_NODES = 'https://dl.bitrix24.com/webhook/app-world.json'

const NOTE = 'sender-nodes'
const LIMITS = { timeoutMs: REMOTE_ANSWER_MS, maxBytes: REMOTE_ANSWER_MAX_BYTES }

export class SenderNodes {
  readonly #parts: SenderNodesParts
  #nodes: AddressList | undefined
  #fetchedAtMs = Number.NEGATIVE_INFINITY
  #askedAtMs = Number.NEGATIVE_INFINITY
  #asking: Promise<void> | undefined
  #warnedAtMs = Number.NEGATIVE_INFINITY
  #strangers = 0
  #poll: Timer | undefined
  #stopped = false

  constructor(parts: SenderNodesParts) {
    this.#parts = parts
  }

  /** Takes up the list of a former process. */
  async load(): Promise<void> {
    const stored = await this.#parts.store.note(NOTE)
    const { nodes, fetchedAtMs } = JSON.parse(stored ?? '{}') as { nodes?: unknown; fetchedAtMs?: number }
    this.#take(nodes, fetchedAtMs ?? 0)
  }

  /** Begins to ask for newer ones. */
  start(): void {
    void this.#ask()
  }

  stop(): void {
    this.#stopped = true
    this.#poll?.cancel()
  }

  /** Resolves when the sender may be heard; with nothing, at once, when nothing speaks against it. Errors: SENDER_UNKNOWN. */
  check(address: string): Promise<void> | undefined {
    if (this.#nodes?.has(address) === true) return undefined
    const { clock, mode } = this.#parts
    if (clock.now() - this.#askedAtMs >= SENDER_NODES_MIN_MS) void this.#ask()
    const listed = this.#isListedSoon(address)
    const isFresh = this.#nodes !== undefined && clock.now() - this.#fetchedAtMs < SENDER_NODES_STALE_MS
    // Whoever is not refused anyway does not wait: a list that is slow to come must not slow down every event.
    return mode === 'enforce' && isFresh ? this.#demand(listed) : undefined
  }

  async #demand(listed: Promise<boolean>): Promise<void> {
    if (!(await listed)) throw new CodedError('SENDER_UNKNOWN')
  }

  /** By the list that is just being asked for, if it comes soon. */
  async #isListedSoon(address: string): Promise<boolean> {
    if (this.#asking !== undefined) await Promise.race([this.#asking, sleep(this.#parts.clock, SENDER_NODES_WAIT_MS)])
    const listed = this.#nodes?.has(address) === true
    if (!listed) this.#warn(address)
    return listed
  }

  /** Once a minute at most: a flood must not fill the log. */
  #warn(address: string): void {
    const { clock, log, mode } = this.#parts
    this.#strangers += 1
    if (clock.now() - this.#warnedAtMs < SENDER_NODES_MIN_MS) return
    log.warn({ code: 'SENDER_UNKNOWN', mode, address, senders: this.#strangers, listed: this.#nodes?.size ?? 0 }, 'an event came from an address that is not listed')
    this.#warnedAtMs = clock.now()
    this.#strangers = 0
  }

  #ask(): Promise<void> {
    this.#asking ??= this.#fetch().finally(() => {
      this.#asking = undefined
    })
    return this.#asking
  }

  async #fetch(): Promise<void> {
    const { url, store, getJson, clock, log } = this.#parts
    this.#poll?.cancel()
    this.#askedAtMs = clock.now()
    let nextMs = SENDER_NODES_POLL_MS
    try {
      const answer = await getJson(url, LIMITS)
      if (this.#stopped) return
      const nodes = typeof answer === 'object' && answer !== null && 'nodes' in answer ? answer.nodes : undefined
      if (!this.#take(nodes, clock.now())) throw new Error('the answer lists no addresses')
      await store.saveNote(NOTE, JSON.stringify({ nodes, fetchedAtMs: this.#fetchedAtMs }))
    } catch (error) {
      if (this.#stopped) return
      log.warn({ code: 'SENDER_LIST_UNAVAILABLE', error: String(error), listed: this.#nodes?.size ?? 0 }, 'the list of senders could not be fetched')
      nextMs = SENDER_NODES_MIN_MS
    }
    if (!this.#stopped) this.#poll = clock.setTimer(nextMs, () => void this.#ask())
  }

  /** false when there is no address in it. */
  #take(nodes: unknown, fetchedAtMs: number): boolean {
    const list = new AddressList()
    const entries: readonly unknown[] = Array.isArray(nodes) ? nodes.slice(0, SENDER_NODES_MAX) : []
    for (const entry of entries) if (typeof entry === 'string') list.add(entry)
    if (list.size === 0) return false
    this.#nodes = list
    this.#fetchedAtMs = fetchedAtMs
    return true
  }
}
