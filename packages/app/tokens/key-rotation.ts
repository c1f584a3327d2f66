import { sleep } from '@portline/runtime/clock.ts'
import type { Clock } from '@portline/runtime/clock.ts'
import type { Log } from '@portline/runtime/log.ts'
import type { Random } from '@portline/runtime/random.ts'
import { CodedError } from '@portline/wire/errors.ts'
import { FORMER_KEY_REST_MS, RESEAL_AGAIN_MS, RESEAL_REST_MS } from '../limits.ts'
import type { Store } from '../store/port.ts'
import { resealSlice, resealStore, sum } from './reseal.ts'
import type { Reseal } from './reseal.ts'
import { noteLostKeys } from './sealed-samples.ts'
import { KEY_BYTES, createSealer, keyIdOf } from './sealer.ts'
import type { KeyRing } from './sealer.ts'

/**
 * Changes the key that seals, while everything goes on.
 *
 *     one key ──rotate: the new key is on disk, then seals──> resealing ──a whole pass──> resting ──a pass that finds nothing──> one key
 *                                                                ^                          │
 *                                                                └──it finds something──────┘
 *
 * Invariants: a key is on disk, synced, before anything is sealed with it; a key leaves the file only when a whole pass has found
 * nothing that it seals; no value is written over that somebody else has changed since it was read (compare-and-swap).
 * One clean pass is not enough: what was sealed with the former key just before the change may still be on its way to the store.
 * So the last pass begins a while after the one before it, longer than any write takes.
 * A process that starts with several keys takes the resealing up from the beginning; what is done already is passed over.
 */
export interface KeyPlace {
  readonly source: 'file' | 'environment'
  /** The one that seals comes first. */
  readonly keys: readonly Uint8Array[]
  /** Puts these in their place, whole and synced. Absent where they can only be changed by whoever starts the process. */
  readonly save?: (keys: readonly Uint8Array[]) => Promise<void>
}

export interface KeyRotationParts {
  readonly store: Store
  readonly sealer: KeyRing
  readonly place: KeyPlace
  readonly clock: Clock
  readonly random: Random
  readonly log: Log
  /** Between a pass and the one that decides; FORMER_KEY_REST_MS when not given. */
  readonly restMs?: number | undefined
}

export interface KeyStatus {
  readonly source: KeyPlace['source']
  readonly phase: 'one key' | 'resealing' | 'resting'
  readonly keys: readonly { readonly id: string; readonly role: 'active' | 'former'; readonly unused: boolean }[]
  /** Since this process took it up. */
  readonly resealed: number
  /** Values that no key opens, as the last whole pass found them. */
  readonly unreadable: number
}

export class KeyRotation {
  readonly #parts: KeyRotationParts
  readonly #stopped = new AbortController()
  #keys: readonly Uint8Array[]
  /** Of the former keys: nothing is sealed with them any more, but they stand in settings that we cannot change. */
  #unused = new Set<string>()
  #phase: KeyStatus['phase'] = 'one key'
  #resealed = 0
  #unreadable = 0
  #work: Promise<void> | undefined
  #rotating = false

  constructor(parts: KeyRotationParts) {
    this.#parts = parts
    this.#keys = parts.place.keys
  }

  get status(): KeyStatus {
    const keys = this.#keys.map((key, index) => {
      const id = keyIdOf(key)
      return { id, role: index === 0 ? ('active' as const) : ('former' as const), unused: this.#unused.has(id) }
    })
    return { source: this.#parts.place.source, phase: this.#phase, keys, resealed: this.#resealed, unreadable: this.#unreadable }
  }

  /** Takes up what a former process left. */
  start(): void {
    if (this.#keys.length > 1) this.#begin()
  }

  /**
   * From now on a new key seals. Answers when that key is on disk; the rest goes on behind it.
   * Errors: KEY_FROM_ENVIRONMENT, KEY_ROTATION_RUNNING, KEY_NOT_SAVED.
   */
  async rotate(): Promise<KeyStatus> {
    const { store, place, sealer, clock, random, log } = this.#parts
    if (place.save === undefined) throw new CodedError('KEY_FROM_ENVIRONMENT')
    if (this.#rotating || this.#keys.length > 1) throw new CodedError('KEY_ROTATION_RUNNING')
    this.#rotating = true
    try {
      this.#keys = await addKey(place, this.#keys, random)
      sealer.useKeys(this.#keys)
    } finally {
      this.#rotating = false
    }
    await tell(store, this.#keys, clock.now()).catch((error: unknown) => log.warn({ error: String(error) }, 'the audit trail does not say that the key was changed'))
    log.info({ keys: sealer.keyIds }, 'a new key seals from now on; what the former one sealed is being resealed')
    this.#begin()
    return this.status
  }

  async stop(): Promise<void> {
    this.#stopped.abort()
    await this.#work
  }

  #begin(): void {
    this.#resealed = 0
    this.#work = this.#run().catch((error: unknown) => {
      if (this.#stopped.signal.aborted) return
      this.#parts.log.error({ error: String(error) }, 'resealing ended; the next start takes it up')
    })
  }

  async #run(): Promise<void> {
    await this.#resealAll()
    for (;;) {
      try {
        await this.#dropFormer()
        break
      } catch (error) {
        this.#parts.log.warn({ error: String(error) }, 'the former key could not be removed from the key file yet')
        await this.#rest(RESEAL_AGAIN_MS)
      }
    }
    this.#phase = 'one key'
  }

  async #resealAll(): Promise<void> {
    for (let rested = false; ; rested = true) {
      this.#phase = 'resealing'
      const { resealed, missed, unreadable } = await this.#pass()
      this.#unreadable = unreadable
      if (rested && resealed === 0 && missed === 0) return
      this.#phase = 'resting'
      await this.#rest(this.#parts.restMs ?? FORMER_KEY_REST_MS)
    }
  }

  async #pass(): Promise<Reseal> {
    const { store, sealer, log } = this.#parts
    let total: Reseal = { resealed: 0, missed: 0, unreadable: 0 }
    let [after, upToSeq]: [string | undefined, number | undefined] = [undefined, undefined]
    for (;;) {
      try {
        // What comes in from now on the active key seals: events that come faster than a pass reads must not keep it from its end.
        upToSeq ??= await store.lastSeq()
        const { next, ...slice } = await resealSlice(store, sealer, after, upToSeq)
        total = sum(total, slice)
        this.#resealed += slice.resealed
        if (next === undefined) return total
        after = next
        await this.#rest(RESEAL_REST_MS)
      } catch (error) {
        if (this.#stopped.signal.aborted) throw error
        log.warn({ error: String(error) }, 'resealing waits for the store')
        await this.#rest(RESEAL_AGAIN_MS)
      }
    }
  }

  async #dropFormer(): Promise<void> {
    const { place, sealer, log } = this.#parts
    const [active] = this.#keys
    if (active === undefined) return
    const former = this.#keys.slice(1).map(keyIdOf)
    if (this.#unreadable > 0) {
      log.warn({ unreadable: this.#unreadable }, 'some sealed values open with no key at hand: they are left as they are')
      // Else the next start would miss a key that only what is damaged still names.
      await noteLostKeys(this.#parts.store, former)
    }
    if (place.save === undefined) {
      this.#unused = new Set(former)
      log.info({ former }, 'nothing is sealed with the former keys any more: take them out of PORTLINE_FORMER_KEYS')
      return
    }
    await saveKeys(place, [active])
    this.#keys = [active]
    sealer.useKeys(this.#keys)
    log.info({ removed: former }, 'nothing is sealed with the former key any more: it was removed from the key file')
  }

  #rest(ms: number): Promise<void> {
    return sleep(this.#parts.clock, ms, this.#stopped.signal)
  }
}

export interface RotatedAtRest {
  /** Of the keys that are left, the one that seals first. */
  readonly keyIds: readonly string[]
  /** Those that nothing is sealed with any more. */
  readonly formerIds: readonly string[]
  readonly resealed: number
  readonly unreadable: number
  /** The key had been changed before, and what was left of that is done now. */
  readonly tookUp: boolean
}

export interface RotateAtRestParts {
  readonly store: Store
  readonly place: KeyPlace
  readonly random: Random
  readonly nowMs: number
}

/**
 * The same on a store that nobody else uses: all at once. What a rotation before has left undone is done, and no new key made.
 * Errors: KEY_FROM_ENVIRONMENT when there is no former key beside the one in the environment, KEY_NOT_SAVED, STORE_UNAVAILABLE.
 */
export async function rotateAtRest({ store, place, random, nowMs }: RotateAtRestParts): Promise<RotatedAtRest> {
  const tookUp = place.keys.length > 1
  const keys = tookUp ? place.keys : await addKey(place, place.keys, random)
  if (!tookUp) await tell(store, keys, nowMs)
  const sealer = createSealer(keys, random)
  const { resealed, unreadable } = await resealStore(store, sealer)
  if (unreadable > 0) await noteLostKeys(store, keys.slice(1).map(keyIdOf))
  const left = keys.slice(0, place.save === undefined ? keys.length : 1)
  if (place.save !== undefined) await saveKeys(place, left)
  return { keyIds: left.map(keyIdOf), formerIds: keys.slice(1).map(keyIdOf), resealed, unreadable, tookUp }
}

/** On disk before anybody seals with it. */
async function addKey(place: KeyPlace, keys: readonly Uint8Array[], random: Random): Promise<readonly Uint8Array[]> {
  const more = [random.bytes(KEY_BYTES), ...keys]
  await saveKeys(place, more)
  return more
}

async function tell(store: Store, [key, former]: readonly Uint8Array[], atMs: number): Promise<void> {
  if (key === undefined || former === undefined) return
  await store.appendAudit({ app: '', memberId: '', atMs, generation: 0, verb: 'rotateKey', by: 'operator', from: keyIdOf(former), to: keyIdOf(key) })
}

/** Errors: KEY_FROM_ENVIRONMENT, KEY_NOT_SAVED. */
async function saveKeys({ save }: KeyPlace, keys: readonly Uint8Array[]): Promise<void> {
  if (save === undefined) throw new CodedError('KEY_FROM_ENVIRONMENT')
  await save(keys).catch((cause: unknown) => {
    throw new CodedError('KEY_NOT_SAVED', `the key file could not be written: ${cause instanceof Error ? cause.message : String(cause)}`, { cause })
  })
}
