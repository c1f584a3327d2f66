import type { Clock } from '@portline/runtime/clock.ts'
import { sleep } from '@portline/runtime/clock.ts'
import type { Log } from '@portline/runtime/log.ts'
import { ERASE_AGAIN_MS, ERASE_REST_MS, ERASE_SEALS_AT_ONCE } from '../limits.ts'
import { REWRITE_NOTE, REWRITE_OWED } from '../store/audit.ts'
import type { Erasure, ReplacedSeal, SharedSeal } from '../store/audit.ts'
import type { Store } from '../store/port.ts'
import { openShared, sealShared } from '../tokens/sealed-event.ts'
import { ifItOpens } from '../tokens/sealer.ts'
import type { Sealer } from '../tokens/sealer.ts'

/**
 * Does what uninstalls with CLEAN=1 have begun: slice by slice, with rests between them, so that receiving goes on; one erasure after
 * another.
 *
 *     idle ──begun, or left by a former process──> waiting ──all that was on its way is on disk──> erasing ──all slices──>
 *         scrubbing ──files are clean──> idle
 *     waiting, erasing, scrubbing ──store failing──> later ──> waiting
 *
 * The installation was closed before its erasure began, so nothing that is judged later belongs to it: a pass to where the store ends
 * once it is quiet finds all of it.
 * What is left to do stands in the store: a crash at any point loses nothing of it, and slices that are done again find nothing.
 *
 * Out of a seal that no key at hand opens nobody can take one portal's auth blocks. It is not waited for: the key may never come back,
 * and meanwhile all else of the portal would stay. The seal goes if nobody else shares it; else it is left to those who do, and the
 * certificate says how many auth blocks are in it.
 */
export interface EraserParts {
  readonly store: Store
  readonly sealer: Sealer
  readonly clock: Clock
  readonly log: Log
  /** Resolves when everything that was taken for the open installation is on disk. */
  readonly quiet: () => Promise<void>
  /** A certificate is in the audit trail. */
  readonly onErased: (erasure: Erasure) => void
}

export class Eraser {
  readonly #parts: EraserParts
  #running: Promise<void> | undefined
  #again = false
  readonly #stopping = new AbortController()
  readonly #stop: Promise<void>

  constructor(parts: EraserParts) {
    this.#parts = parts
    this.#stop = new Promise((resolve) => this.#stopping.signal.addEventListener('abort', () => resolve(), { once: true }))
  }

  /** Looks for erasures under way; also after a start. */
  wake(): void {
    this.#again = true
    this.#running ??= this.#run().finally(() => {
      this.#running = undefined
      if (this.#again && !this.#stopped) this.wake()
    })
  }

  /** Lets the slice that is under way end. */
  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.#running
  }

  get #stopped(): boolean {
    return this.#stopping.signal.aborted
  }

  #rest(ms: number): Promise<void> {
    return sleep(this.#parts.clock, ms, this.#stopping.signal).catch(() => {})
  }

  async #run(): Promise<void> {
    const { store, log } = this.#parts
    while (this.#again && !this.#stopped) {
      this.#again = false
      try {
        const erasures = await store.erasures()
        for (const erasure of erasures) await this.#erase(erasure)
        // After a restart too: a former process may have ended between the last slice and this.
        await this.#scrub()
      } catch (error) {
        if (this.#stopped) return
        log.error({ error: String(error) }, 'an erasure could not go on; it is tried again')
        this.#again = true
        await this.#rest(ERASE_AGAIN_MS)
      }
    }
  }

  async #erase(begun: Erasure): Promise<void> {
    const { store, clock, log, quiet, onErased } = this.#parts
    await Promise.race([quiet(), this.#stop])
    const toSeq = await store.lastSeq()
    let erasure = begun
    for (let ended = false, told = false; !ended && !this.#stopped; ) {
      const slice = await store.erasureSlice(erasure, toSeq)
      const seals = await this.#sealsWithout(slice.shared)
      if (seals.length < slice.shared.length && !told) {
        told = true
        log.warn({ app: erasure.app, portal: erasure.memberId, code: 'KEY_INVALID' },
          'auth blocks of a portal that is being erased stand in seals that no key at hand opens: what others share of these is left, and the certificate counts it')
      }
      // Somebody else has sealed one of them anew: the slice is read again.
      if (!(await store.eraseSlice(erasure, slice, seals))) continue
      erasure = { ...erasure, afterSeq: slice.toSeq }
      ended = slice.ended
      if (!ended) await this.#rest(ERASE_REST_MS)
    }
    if (this.#stopped) return
    await store.endErasure(erasure, clock.now())
    log.info({ app: erasure.app, portal: erasure.memberId }, 'the data of the portal is erased')
    onErased(erasure)
  }

  /** Auth blocks of others stay in the seals. None in place of one that does not open. */
  async #sealsWithout(shared: readonly SharedSeal[]): Promise<ReplacedSeal[]> {
    const { sealer, clock } = this.#parts
    const seals: ReplacedSeal[] = []
    for (const { batch, sealed: former, eventIds } of shared) {
      const gone = new Set(eventIds)
      const parts = ifItOpens(() => openShared(sealer, former))
      if (parts === undefined) continue
      const others = Object.entries(parts).filter(([id]) => !gone.has(id))
      seals.push({ batch, former, sealed: sealShared(sealer, others) })
      // One may hold a thousand auth blocks: requests have their turn in between.
      if (seals.length % ERASE_SEALS_AT_ONCE === 0) await new Promise<void>((resolve) => clock.soon(resolve))
    }
    return seals
  }

  async #scrub(): Promise<void> {
    const { store, log } = this.#parts
    while (!this.#stopped && !(await store.scrub())) await this.#rest(ERASE_AGAIN_MS)
    if ((await store.note(REWRITE_NOTE)) !== REWRITE_OWED) return
    log.error({ code: 'STORE_UNAVAILABLE' }, 'a former version left deleted text in the store\'s files, and there was no room to rewrite them at the start: make room for them twice, and start again')
  }
}
