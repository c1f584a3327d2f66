import type { PortalKey, Proof } from './port.ts'

/**
 * The audit trail: who changed what of an installation, when, on which proof. Records are only ever appended, each in the
 * transaction of the change it tells of, and each carries the hash of the one before it (audit-chain.ts).
 *
 * What may have to be forgotten (CLEAN=1) is not in the chain: a record's details, the user and the domain, stand beside it under a
 * salt of their own, and only their digest is chained. Without salt and text nothing can be guessed from the digest, and the chain
 * holds all the same.
 */
export interface AuditRecord extends PortalKey {
  /** 1, 2, 3 … without a gap. */
  readonly seq: number
  readonly atMs: number
  /** Of the installation that was changed; 0 where there is none. */
  readonly generation: number
  readonly verb: AuditVerb
  /** The value before and after, where it may be kept for ever. */
  readonly from?: string
  readonly to?: string
  readonly by: AuditActor
  /** The id of the event, where an event did it. */
  readonly ref?: string
  readonly proof?: Proof
  /** Numbers and codes that say nothing of the portal's data. */
  readonly facts?: Readonly<Record<string, number | string>>
  /** Absent when there are none, or when they were erased. */
  readonly details?: SaltedDetails
  readonly detailsHash?: string
  /** Of the record before; zeros before the first. */
  readonly previous: string
  readonly hash: string
}

export interface SaltedDetails {
  /** Hexadecimal. */
  readonly salt: string
  /** JSON of AuditDetails. */
  readonly text: string
}

export interface AuditDetails {
  readonly userId?: string
  readonly from?: string
  readonly to?: string
}

/** Words of the field where it has one. */
export type AuditVerb =
  | 'installationCreated' | 'applicationInstalled' | 'applicationUninstalled' | 'markAsBlocked' | 'markAsActive' | 'changeReason'
  | 'setApplicationToken' | 'renewAuthToken' | 'markAccountAsDead' | 'markAsMaster' | 'updateApplicationVersion' | 'changeDomainUrl'
  | 'eraseData' | 'rotateKey'

export type AuditActor = 'event' | 'installer' | 'operator' | 'app side'

/** By whom a change is made, and on which proof. */
export interface AuditCause {
  readonly by: AuditActor
  readonly ref?: string
  readonly proof?: Proof
  readonly userId?: string
}

/** A store of a version without an audit trail has this note, `here`, until its first start with one. */
export const AUDIT_BEGINS_NOTE = 'audit begins'

/**
 * A store of a version that left deleted text in its files has this note until a start has rewritten them as a whole, once. It stays
 * `owed` where there was no room for that.
 */
export const REWRITE_NOTE = 'rewrite'
export const REWRITE_OWED = 'owed'

/** A record before it has its place in the chain. */
export interface AuditEntry extends PortalKey, AuditCause {
  readonly atMs: number
  readonly generation: number
  readonly verb: AuditVerb
  readonly from?: string
  readonly to?: string
  readonly facts?: Readonly<Record<string, number | string>>
  readonly details?: AuditDetails
}

export interface AuditFilter {
  readonly app?: string
  readonly memberId?: string
  readonly sinceMs?: number
  readonly afterSeq: number
  readonly limit: number
}

/** The last record, and the last that was sealed: the seal is made by whoever has the key, a moment after the record. */
export interface AuditHead {
  readonly seq: number
  /** Zeros when there is no record. */
  readonly hash: string
  readonly sealedSeq?: number
  readonly sealed?: Uint8Array
}

/** An erasure under way: what belongs to the installation that an uninstall with CLEAN=1 has ended goes, in slices. */
export interface Erasure extends PortalKey {
  /** The uninstall, which itself stays, without its auth block. */
  readonly eventId: string
  /** Its place. */
  readonly upToSeq: number
  readonly generation: number
  readonly begunAtMs: number
  /** Every event up to this one has been looked at. */
  readonly afterSeq: number
}

/** What goes of one stretch of all events, with the uninstall, and the seals that hold auth blocks of theirs among those of others. */
export interface ErasureSlice {
  readonly seqs: readonly number[]
  readonly shared: readonly SharedSeal[]
  readonly toSeq: number
  readonly ended: boolean
}

export interface SharedSeal {
  readonly batch: number
  readonly sealed: Uint8Array
  /** Of the portal's events in it. */
  readonly eventIds: readonly string[]
}

/** What is to be in a seal's place, while it is still the one that was read. */
export interface ReplacedSeal {
  readonly batch: number
  readonly former: Uint8Array
  readonly sealed: Uint8Array
}
