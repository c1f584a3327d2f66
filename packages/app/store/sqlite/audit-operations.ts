import type { AuditEntry, AuditFilter, AuditHead, AuditRecord } from '../audit.ts'
import { CHAIN_BEGIN, auditHash, digestOfDetails } from '../audit-chain.ts'
import { portalOf } from './event-operations.ts'
import type { Engine } from './engine.ts'
import type { Queries } from './queries.ts'
import { orNull } from './rows.ts'
import type { Row } from './rows.ts'

/** Never reached: a record each millisecond for thirty years. */
const AUDIT_LAST_SEQ = 10 ** 12

export const auditOperations = {
  /** For a change that is in no table of its own; all others append theirs themselves. */
  appendAudit(db: Engine, entry: AuditEntry): void {
    appendAudit(db, entry)
  },

  auditHead(db: Queries): AuditHead {
    // Whoever writes the file by hand may have put a record anywhere: what stands where none can be is for the verification to find.
    const last = db.get('SELECT seq, hash FROM audit WHERE seq BETWEEN 1 AND ? ORDER BY seq DESC LIMIT 1', AUDIT_LAST_SEQ)
    const seal = db.get('SELECT CAST(seq AS TEXT) AS seq, sealed FROM audit_seal')
    return {
      seq: Number(last?.['seq'] ?? 0),
      hash: String(last?.['hash'] ?? CHAIN_BEGIN),
      ...(seal?.['sealed'] instanceof Uint8Array ? { sealedSeq: Number(seal['seq']), sealed: seal['sealed'] } : {}),
    }
  },

  /** false when the record is another, or a later one is sealed already. */
  sealAudit(db: Engine, seq: number, hash: string, sealed: Uint8Array): boolean {
    const record = seq === 0 ? CHAIN_BEGIN : db.get('SELECT hash FROM audit WHERE seq = ?', seq)?.['hash']
    const later = db.get('SELECT 1 FROM audit_seal WHERE seq > ?', seq)
    if (record !== hash || later !== undefined) return false
    db.run('INSERT OR REPLACE INTO audit_seal (id, seq, sealed) VALUES (1, ?, ?)', seq, sealed)
    return true
  },
}

/** A number that somebody wrote by hand may be too big to be read as one: as text it is read, and found. */
const COLUMNS = `CAST(seq AS TEXT) AS seq, CAST(at AS TEXT) AS at, CAST(generation AS TEXT) AS generation, app, member_id, verb, from_value, to_value,
  by, ref, proof, facts, details_hash, previous, hash`

/** Looked at in one answer. */
const PAGE_RECORDS = 1_000

export const auditReadOperations = {
  audit(db: Queries, { app, memberId, sinceMs, afterSeq, limit }: AuditFilter): { records: AuditRecord[]; nextSeq?: number } {
    const conditions = [['app = ?', app], ['member_id = ?', memberId], ['at >= ?', sinceMs]] as const
    const given = conditions.flatMap(([condition, value]) => (value === undefined ? [] : [[condition, value] as const]))
    const rows = db.all(
      `SELECT ${COLUMNS} FROM audit WHERE seq > ? ${given.map(([condition]) => `AND ${condition}`).join(' ')} ORDER BY audit.seq LIMIT ?`,
      afterSeq, ...given.map(([, value]) => value), Math.min(limit, PAGE_RECORDS),
    )
    const records = rows.map((row) => recordOf(db, row))
    const last = records.at(-1)
    return last === undefined || records.length < Math.min(limit, PAGE_RECORDS) ? { records } : { records, nextSeq: last.seq }
  },
}

const INSERT = `
  INSERT INTO audit (seq, at, app, member_id, generation, verb, from_value, to_value, by, ref, proof, facts, details_hash, previous, hash)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`

/** In the transaction of the change that it tells of. */
export function appendAudit(db: Engine, entry: AuditEntry): void {
  const { details, userId: _, ...told } = entry
  const head = auditOperations.auditHead(db)
  const seq = head.seq + 1
  const digest = details === undefined ? undefined : keepDetails(db, entry, seq, JSON.stringify(details))
  const record = { ...told, seq, previous: head.hash, ...(digest === undefined ? {} : { detailsHash: digest }) }
  db.run(
    INSERT, seq, entry.atMs, entry.app, entry.memberId, entry.generation, entry.verb, orNull(entry.from), orNull(entry.to), entry.by,
    orNull(entry.ref), orNull(entry.proof), entry.facts === undefined ? null : JSON.stringify(entry.facts), orNull(digest), head.hash, auditHash(record),
  )
}

const SALT_BYTES = 16

/** The salt must be beyond guessing, and nobody ever needs it again once the details are erased. */
function keepDetails(db: Engine, { app, memberId }: AuditEntry, seq: number, text: string): string {
  const salt = Buffer.from(db.random.bytes(SALT_BYTES)).toString('hex')
  db.run('INSERT INTO audit_details (app, member_id, seq, salt, text) VALUES (?, ?, ?, ?, ?)', app, memberId, seq, salt, text)
  return digestOfDetails(salt, text)
}

function recordOf(db: Queries, row: Row): AuditRecord {
  const { app, memberId } = portalOf(row)
  const details = row['details_hash'] === null ? undefined
    : db.get('SELECT salt, text FROM audit_details WHERE app = ? AND member_id = ? AND seq = ?', app, memberId, Number(row['seq']))
  const text = (column: string): string | undefined => (row[column] === null ? undefined : String(row[column]))
  const fields = {
    from: text('from_value'), to: text('to_value'), ref: text('ref'), proof: text('proof'), detailsHash: text('details_hash'),
    facts: row['facts'] === null ? undefined : factsOf(String(row['facts'])),
    details: details === undefined ? undefined : { salt: String(details['salt']), text: String(details['text']) },
  }
  return {
    seq: Number(row['seq']), atMs: Number(row['at']), app, memberId, generation: Number(row['generation']),
    verb: String(row['verb']) as AuditRecord['verb'], by: String(row['by']) as AuditRecord['by'],
    previous: String(row['previous']), hash: String(row['hash']),
    ...(Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as Partial<AuditRecord>),
  }
}

/** Somebody may have written anything there: that is for the chain to find. */
function factsOf(text: string): Record<string, number | string> {
  try {
    const facts: unknown = JSON.parse(text)
    return typeof facts === 'object' && facts !== null ? (facts as Record<string, number | string>) : { unreadable: text }
  } catch {
    return { unreadable: text }
  }
}
