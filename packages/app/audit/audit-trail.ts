import type { Clock } from '@portline/runtime/clock.ts'
import type { Log } from '@portline/runtime/log.ts'
import { SEAL_AGAIN_MS } from '../limits.ts'
import { AUDIT_BEGINS_NOTE } from '../store/audit.ts'
import type { AuditEntry, AuditHead } from '../store/audit.ts'
import type { Store } from '../store/port.ts'
import type { Sealer } from '../tokens/sealer.ts'
import { openHead, sealHead } from './head-seal.ts'
import { TRAIL_IS_MISSING, isTrailMissing } from './missing-trail.ts'

/**
 * Puts a seal made with the sealing key on the newest record of the audit trail, a moment after it was written. Whoever can write the
 * store but has no key can make a chain that holds in itself, not a seal that fits it.
 *
 *     sealed ──record appended──> behind ──seal written──> sealed
 *     broken: the seal that was found at the start fits nothing; it is left as it is, for `audit verify` to tell
 */
export interface AuditTrailParts {
  readonly store: Store
  readonly sealer: Sealer
  readonly clock: Clock
  readonly log: Log
}

export class AuditTrail {
  readonly #parts: AuditTrailParts
  #sealing: Promise<void> | undefined
  #again = false
  #stopped = false
  #broken = false

  constructor(parts: AuditTrailParts) {
    this.#parts = parts
  }

  /** Before anything is written: an empty trail is sealed too, so that one that has no seal is never right. */
  async start(): Promise<void> {
    const { store, sealer, log } = this.#parts
    const head = await store.auditHead()
    const problem = await problemAtStart(store, sealer, head)
    this.#broken = problem !== undefined
    if (problem !== undefined) log.error({ code: 'AUDIT_BROKEN' }, `${problem}; see portline audit verify`)
    else await this.#seal()
    // From now on there is a seal: nobody is to take it away and say that the trail has yet to begin.
    if (problem === undefined && head.sealed === undefined) await store.saveNote(AUDIT_BEGINS_NOTE, 'begun')
  }

  /** What is no change of an installation. Errors: STORE_UNAVAILABLE. */
  async append(entry: AuditEntry): Promise<void> {
    await this.#parts.store.appendAudit(entry)
    this.changed()
  }

  /** Something may have been appended. */
  changed(): void {
    if (this.#broken || this.#stopped) return
    this.#again = true
    this.#sealing ??= this.#sealAll().finally(() => {
      this.#sealing = undefined
      if (this.#again) this.changed()
    })
  }

  /** With everything sealed, if the store can be written. */
  async stop(): Promise<void> {
    await this.#sealing
    this.#stopped = true
    if (!this.#broken) await this.#seal().catch(() => {})
  }

  async #sealAll(): Promise<void> {
    const { clock, log } = this.#parts
    this.#again = false
    await this.#seal().catch((error: unknown) => {
      log.warn({ error: String(error) }, 'the audit trail is sealed later')
      clock.setTimer(SEAL_AGAIN_MS, () => this.changed())
    })
  }

  async #seal(): Promise<void> {
    const { store, sealer } = this.#parts
    const { seq, hash, sealedSeq, sealed } = await store.auditHead()
    if (sealedSeq === seq && sealed !== undefined) return
    await store.sealAudit(seq, hash, sealHead(sealer, { seq, hash }))
  }
}

async function problemAtStart(store: Store, sealer: Sealer, head: AuditHead): Promise<string | undefined> {
  if (head.sealed === undefined && head.seq > 0) return 'the audit trail has lost its seal'
  if (head.sealed === undefined) return (await isTrailMissing(store)) ? TRAIL_IS_MISSING : undefined
  const opened = openHead(sealer, head.sealed)
  if (opened === undefined) return 'the seal of the audit trail does not open'
  if (opened.seq !== head.sealedSeq) return 'the seal of the audit trail is of another record than it is said to be'
  if (opened.seq === 0) return undefined
  const { records: [record] } = await store.audit({ afterSeq: opened.seq - 1, limit: 1 })
  return record?.seq === opened.seq && record.hash === opened.hash ? undefined : 'the sealed record of the audit trail is gone or another'
}
