import { AUDIT_VERIFY_RECORDS } from '../limits.ts'
import type { AuditRecord } from '../store/audit.ts'
import { CHAIN_BEGIN, auditHash, digestOfDetails } from '../store/audit-chain.ts'
import { keyOf } from '../store/portal-key.ts'
import type { Store } from '../store/port.ts'
import type { Sealer } from '../tokens/sealer.ts'
import { openHead } from './head-seal.ts'
import { TRAIL_IS_MISSING, isTrailMissing } from './missing-trail.ts'

export interface AuditReport {
  readonly ok: boolean
  readonly records: number
  /** Of the last record: kept elsewhere, it shows later that nothing up to it was changed. */
  readonly hash: string
  /** The last record that a seal made with the sealing key covers; null when no seal or no key is at hand. */
  readonly sealedSeq: number | null
  /** The first record that is wrong, and what is. */
  readonly brokenAt: number | null
  readonly problem: string | null
}

/** Goes by the store's word for nothing: every record is hashed again. `expect`: a hash that a former verification showed. */
export async function verifyAudit(store: Pick<Store, 'audit' | 'auditHead' | 'installations' | 'note'>, sealer: Sealer | undefined, expect?: string): Promise<AuditReport> {
  const { sealed, sealedSeq } = await store.auditHead()
  const seal = sealed === undefined || sealer === undefined ? undefined : openHead(sealer, sealed)
  const walk = new Walk(seal?.seq, seal?.hash, expect)
  for (let afterSeq: number | undefined = -Number.MAX_VALUE; afterSeq !== undefined && walk.problem === undefined; ) {
    const { records, nextSeq } = await store.audit({ afterSeq, limit: AUDIT_VERIFY_RECORDS })
    for (const record of records) if (!walk.take(record)) break
    afterSeq = nextSeq
  }
  walk.end()
  if (walk.seq === 0 && sealed === undefined && (await isTrailMissing(store))) walk.fail(0, TRAIL_IS_MISSING)
  if (sealer !== undefined && sealed === undefined) walk.fail(walk.seq, 'the trail has no seal: it was taken away, or the app side has not run since it was made')
  if (sealer !== undefined && sealed !== undefined && seal === undefined) walk.fail(walk.seq, 'the seal does not open with the key at hand')
  // Beside it stands which record it is of: a later one there would keep every new seal away.
  if (seal !== undefined && seal.seq !== sealedSeq) walk.fail(walk.seq, 'the seal was changed: it is of another record than it is said to be')
  return {
    ok: walk.problem === undefined, records: walk.seq, hash: walk.hash, sealedSeq: seal?.seq ?? null,
    brokenAt: walk.brokenAt ?? null, problem: walk.problem ?? null,
  }
}

class Walk {
  seq = 0
  hash = CHAIN_BEGIN
  problem: string | undefined
  brokenAt: number | undefined
  readonly #sealSeq: number | undefined
  readonly #sealHash: string | undefined
  readonly #expect: string | undefined
  #met: boolean
  /** Portal → records whose details are gone, until a certificate says that they were erased. */
  readonly #without = new Map<string, { seq: number; generation: number }[]>()

  constructor(sealSeq: number | undefined, sealHash: string | undefined, expect: string | undefined) {
    this.#sealSeq = sealSeq
    this.#sealHash = sealHash
    this.#expect = expect
    this.#met = expect === undefined || expect === CHAIN_BEGIN
  }

  /** Whether it is as it was written. */
  take(record: AuditRecord): boolean {
    const { details, hash, ...unchained } = record
    const place = this.seq + 1
    if (record.seq < 1 || !Number.isSafeInteger(record.seq)) return this.fail(place, `a record was added with the number ${record.seq}, which none can have`)
    if (record.seq !== place) return this.fail(place, `record ${place} is missing`)
    if (record.previous !== this.hash) return this.fail(place, `record ${place} does not follow the one before it`)
    if (auditHash(unchained) !== hash) return this.fail(place, `record ${place} was changed`)
    if (details !== undefined && digestOfDetails(details.salt, details.text) !== record.detailsHash) return this.fail(place, `the details of record ${place} were changed`)
    if (place === this.#sealSeq && hash !== this.#sealHash) return this.fail(place, `record ${place} is not the one that was sealed`)
    this.#remember(record)
    this.seq = place
    this.hash = hash
    if (hash === this.#expect) this.#met = true
    return true
  }

  end(): void {
    if (this.problem !== undefined) return
    if (this.#sealSeq !== undefined && this.#sealSeq > this.seq) this.fail(this.seq + 1, `the trail ends at record ${this.seq}; record ${this.#sealSeq} was there when it was sealed`)
    if (!this.#met) this.fail(this.seq, 'no record has the hash that was expected: the trail was cut off before it, or is another')
    const [first] = [...this.#without.values()].flat().toSorted((one, other) => one.seq - other.seq)
    if (first !== undefined) this.fail(first.seq, `the details of record ${first.seq} are gone, and no certificate says that they were erased`)
  }

  fail(seq: number, problem: string): false {
    this.problem ??= problem
    this.brokenAt ??= seq
    return false
  }

  #remember({ seq, app, memberId, generation, verb, details, detailsHash: digest }: AuditRecord): void {
    const key = keyOf({ app, memberId })
    const without = this.#without.get(key) ?? []
    if (verb === 'eraseData') without.splice(0, without.length, ...without.filter((record) => record.generation > generation))
    else if (digest !== undefined && details === undefined) without.push({ seq, generation })
    if (without.length > 0) this.#without.set(key, without)
    else this.#without.delete(key)
  }
}
