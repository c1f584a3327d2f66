import { hash } from 'node:crypto'
import { encodeTime } from 'ulid'
import type { App } from '../define-app.ts'
import { DUPLICATES_REMEMBERED } from '../limits.ts'
import type { NewEvent, Store } from '../store/port.ts'

/**
 * Recognises a repeat of the same delivery, per app that asks for it. Bitrix24 sends no id, and what lies between it and us hands
 * messages on at least once; so a delivery is known by its fingerprint, within a window of time.
 *
 *     unknown ──claim──> claimed ──on disk──> remembered ──window over, or too many──> unknown
 *        ↑                  └──not stored──┐
 *        └─────────────────────────────────┘
 *
 * Invariants: of several copies at once one is the first; nothing is called a repeat of an event that is not on disk.
 */
export interface Claim {
  readonly key: string
  readonly id: string
  readonly atMs: number
  /** Copies that wait to hear whether the first was stored; absent once it is. */
  waiting: ((stored: boolean) => void)[] | undefined
}

export type Claimed = { readonly first: Claim } | { readonly of: string }

const FINGERPRINT_BYTES = 16
/** Of a ULID, the part that is its time. */
const ULID_TIME_LENGTH = 10

/**
 * What the portal raised and for whom. Not its tokens: they say nothing of the event, and whoever sends it again may have put
 * newer ones into it. `ts` has whole seconds, so two changes of one record in one second look the same. Without `ts` nothing
 * tells two events apart: then there is none.
 */
export function fingerprintOf(event: NewEvent, userId: string | undefined): Uint8Array | undefined {
  const { app, memberId, generation, code, handlerId, ts, data } = event
  if (ts === undefined) return undefined
  const text = JSON.stringify([app, memberId, generation, code, handlerId ?? null, ts, userId ?? null, data ?? null])
  return hash('sha256', text, 'buffer').subarray(0, FINGERPRINT_BYTES)
}

export class DuplicateWindow {
  readonly mode: 'mark' | 'drop'
  readonly #windowMs: number
  /** In the order of their receipt. */
  readonly #claims = new Map<string, Claim>()

  constructor(mode: 'mark' | 'drop', windowMs: number) {
    this.mode = mode
    this.#windowMs = windowMs
  }

  /** At once, unless a copy of it is on its way to the disk. */
  claim(fingerprint: Uint8Array, id: string, nowMs: number): Claimed | Promise<Claimed> {
    this.#forgetOld(nowMs)
    const key = keyOf(fingerprint)
    const known = this.#claims.get(key)
    if (known === undefined) {
      const first: Claim = { key, id, atMs: nowMs, waiting: [] }
      this.#claims.set(key, first)
      return { first }
    }
    const { waiting } = known
    if (waiting === undefined) return { of: known.id }
    return new Promise<boolean>((resolve) => waiting.push(resolve)).then((stored) => (stored ? { of: known.id } : this.claim(fingerprint, id, nowMs)))
  }

  settle(claim: Claim, stored: boolean): void {
    if (!stored && this.#claims.get(claim.key) === claim) this.#claims.delete(claim.key)
    const { waiting = [] } = claim
    claim.waiting = undefined
    for (const tell of waiting) tell(stored)
  }

  /** What a former process remembered. */
  async load(store: Store, app: string, nowMs: number): Promise<void> {
    const sinceMs = Math.max(0, nowMs - this.#windowMs)
    const sinceId = encodeTime(sinceMs, ULID_TIME_LENGTH)
    for (const { id, fingerprint, receivedAtMs } of (await store.rememberedEvents(app, sinceId, DUPLICATES_REMEMBERED)).toReversed()) {
      const key = keyOf(fingerprint)
      this.#claims.set(key, { key, id, atMs: receivedAtMs, waiting: undefined })
    }
  }

  #forgetOld(nowMs: number): void {
    for (const [key, { atMs }] of this.#claims) {
      if (atMs + this.#windowMs > nowMs && this.#claims.size <= DUPLICATES_REMEMBERED) return
      this.#claims.delete(key)
    }
  }
}

function keyOf(fingerprint: Uint8Array): string {
  return Buffer.from(fingerprint).toString('latin1')
}

/** The windows of the apps that want one; for all others this is a look into an empty map. */
export class Duplicates {
  readonly #windows = new Map<string, DuplicateWindow>()

  constructor(apps: readonly App[]) {
    for (const { name, duplicates: { mode, windowMs } } of apps) if (mode !== 'off') this.#windows.set(name, new DuplicateWindow(mode, windowMs))
  }

  windowOf(app: string): DuplicateWindow | undefined {
    return this.#windows.get(app)
  }

  async load(store: Store, nowMs: number): Promise<void> {
    for (const [app, window] of this.#windows) await window.load(store, app, nowMs)
  }
}
