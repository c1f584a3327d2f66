import { hash } from 'node:crypto'
import type { AuditRecord } from './audit.ts'

/** Before the first record. */
export const CHAIN_BEGIN = '0'.repeat(64)

export type UnchainedRecord = Omit<AuditRecord, 'details' | 'hash'>

/** Every engine chains alike, so that a trail can be moved and verified anywhere. SHA-256 in hexadecimal. */
export function auditHash(record: UnchainedRecord): string {
  const { previous, seq, atMs, app, memberId, generation, verb, from, to, by, ref, proof, facts, detailsHash } = record
  const sorted = facts === undefined ? null : Object.entries(facts).toSorted(([one], [other]) => (one < other ? -1 : 1))
  const fields = [previous, seq, atMs, app, memberId, generation, verb, from ?? null, to ?? null, by, ref ?? null, proof ?? null, sorted, detailsHash ?? null]
  return hash('sha256', JSON.stringify(fields), 'hex')
}

export function digestOfDetails(salt: string, text: string): string {
  return hash('sha256', `${salt}:${text}`, 'hex')
}
