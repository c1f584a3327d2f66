import type { ErrorCode } from '@portline/wire/errors.ts'
import type { FormValue } from '@portline/wire/form/value.ts'
import type { Account, AccountDeath, AccountKey, AccountPair, AgingAccount, RenewalAnswer, RenewalClaim } from './accounts.ts'
import type { AuditCause, AuditEntry, AuditFilter, AuditHead, AuditRecord, Erasure, ErasureSlice, ReplacedSeal } from './audit.ts'
import type {
  EventConditions, EventFilter, EventPage, EventRecord, ImportedEvent, RememberedEvent, ReplayCandidate, SealedSample, SettledBefore, SettledWindow, StoreSize,
} from './keeping.ts'
import type { InstallationList, InstallationPage } from './installation-list.ts'
import type { LaneResults, LaneState, LeaseAnswer, LeaseRequest } from './lanes.ts'
import type { Resealed, SealedPage, SealedSearch } from './sealed.ts'

/**
 * What the app side needs of a store, in its own words. Nothing here assumes one process or a synchronous engine: a
 * promise resolves when the change is durable, and lanes are leased, not locked. Each method is one transaction.
 * Errors: STORE_UNAVAILABLE when a change could not be made durable; then nothing of it has happened.
 */
export interface Store {
  /** Resolves when it will never answer again, whatever is done: only a new process helps. */
  readonly gone?: Promise<void>
  /** One transaction for all of them, in their order. Answers in the same order. */
  appendEvents(batch: EventBatch): Promise<AppendedEvent[]>
  /** What is held of all portals, without its content. */
  heldEntries(): Promise<HeldEntry[]>
  /** Held events of a portal, oldest first. */
  heldEvents(portal: PortalKey): Promise<StoredEvent[]>
  portalsWithHeld(): Promise<PortalKey[]>
  /** Held events with one of these codes of portals that have an installation, newest first, up to `limit`. */
  heldOfInstalled(codes: readonly string[], limit: number): Promise<StoredEvent[]>
  /** A held event's auth block, sealed anew. */
  resealHeld(id: string, auth: Uint8Array): Promise<void>
  /**
   * Ends the hold: `pending` hands the event to its lane at its old place, `dead` says why it never will be. What was never
   * proven loses its content, and only the newest `keepUnproven` of its kind stay.
   */
  settleHeld(settlements: readonly HeldSettlement[], atMs: number, keepUnproven: number): Promise<void>
  /** The portal of each event that expired. */
  expireHeld(receivedBeforeMs: number, atMs: number, keepUnproven: number): Promise<PortalKey[]>

  /** Lanes that nobody has leased and whose first event is due, up to `limit`; and when the next of the others will be. */
  dueLanes(nowMs: number, limit: number): Promise<{ lanes: PortalKey[]; nextDueAtMs?: number }>
  /**
   * Whoever asks for a lane that it has leased already gives back what it was handed and has not settled; what was parked is parked again.
   * Parked events whose time has come are handed out first; where the lane itself can go on too, each kind has half of the lease, or what
   * the other leaves. Of too many parked ones those that have waited longest are handed out. Each kind is in the order of receipt.
   */
  leaseLane(portal: PortalKey, lease: LeaseRequest): Promise<LeaseAnswer>
  /**
   * Records what became of leased events. A lane whose events are all settled is free; `release` gives back the others.
   * The lanes in the answer were lost to another owner: nothing of theirs was recorded.
   */
  settle(owner: string, results: readonly LaneResults[]): Promise<PortalKey[]>
  /** The lanes in the answer were lost. */
  renewLeases(owner: string, lanes: readonly PortalKey[], untilMs: number): Promise<PortalKey[]>
  /** Makes a waiting lane due now, its parked events too. Where those are many it may take several transactions: others write in between. */
  hastenLane(portal: PortalKey): Promise<void>
  /** Makes an event due now that waits for its next try, in its lane or parked; false when it does not wait. */
  hastenEvent(id: string): Promise<boolean>
  /** Of a pending event: the first open one of its lane, when that comes before it. A parked event waits behind none. */
  eventBefore(id: string): Promise<string | undefined>
  /** What a portal's lane stands at, from its order alone: no search through events. */
  laneState(portal: PortalKey): Promise<LaneState>
  /**
   * done or dead → pending, at their old places; those that were never proven and all in another state stay as they are. Answers
   * with the ids of those replayed.
   */
  replayEvents(ids: readonly string[], atMs: number): Promise<string[]>
  /** One event: whether it was. */
  replay(id: string, atMs: number): Promise<boolean>

  /**
   * Newest first, by their place in the order of all events. Looks at a bounded number of events: with `next` there may be more,
   * however few this page has. `next` holds whatever is deleted meanwhile.
   */
  listEvents(filter: EventFilter): Promise<{ events: ListedEvent[]; next?: string }>
  event(id: string): Promise<StoredEvent | undefined>
  /** The same as lists have it: its auth block, which may be that of hundreds of others, is not read. */
  listedEvent(id: string): Promise<ListedEvent | undefined>
  attempts(id: string): Promise<Attempt[]>
  /** The place of the newest event; 0 when there is none. */
  lastSeq(): Promise<number>
  /** Oldest first, with their attempts; bounded like listEvents, and by size. */
  readEvents(page: EventPage): Promise<{ records: EventRecord[]; nextSeq?: number }>
  /** Oldest first, what a replay of all that match would meet; bounded like listEvents. */
  replayCandidates(filter: EventConditions, afterSeq: number, limit: number): Promise<{ candidates: ReplayCandidate[]; nextSeq?: number }>
  /** In the order given, behind all others; ids that are there already are left alone. Answers with the ids that were taken. */
  importEvents(records: readonly ImportedEvent[]): Promise<string[]>

  /** The next stretch of the order of all events in which some ended so long ago; bounded by their number and their size. */
  settledWindow(before: SettledBefore, afterSeq: number): Promise<SettledWindow>
  /** Deletes what ended so long ago, with its attempts and seals, from one such stretch; answers with the number of events. */
  deleteSettled(before: SettledBefore, afterSeq: number, toSeq: number): Promise<number>
  size(): Promise<StoreSize>
  /** The newest events with a fingerprint that are no duplicates themselves, newest first, back to this id. Looks at a bounded number of events. */
  rememberedEvents(app: string, sinceId: string, limit: number): Promise<RememberedEvent[]>
  /** Writes a consistent copy of all that is committed into a new file, while the store goes on; the file is not synced. */
  writeSnapshot(file: string): Promise<void>

  /** All of them, for a start. */
  installations(): Promise<Installation[]>
  listInstallations(page: InstallationPage): Promise<InstallationList>
  installation(portal: PortalKey): Promise<Installation | undefined>
  /**
   * This and the next three append to the audit trail what they change (audit-changes.ts), with its cause. An account that comes with a
   * new generation is the only one from then on: the uninstall has revoked the pairs of the others.
   */
  saveInstallation(installation: Installation, account?: Account, cause?: AuditCause): Promise<void>
  /** Changes only these fields, so that two writers can't undo each other. false when there is none or it is deleted. */
  patchInstallation(portal: PortalKey, patch: InstallationPatch, account?: Account, cause?: AuditCause): Promise<boolean>
  /**
   * The same while the account still holds `previous`'s pair: whoever renewed a pair must not write over one that an installer brought
   * meanwhile. false also when it no longer does. Which account is the master stays as it is, and the claim of the renewal ends.
   */
  replaceAccount(previous: Account, account: Account, patch: InstallationPatch): Promise<boolean>
  /**
   * One renewal of an account at a time, whatever process, thread or task wants it: whoever has claimed it may ask the authorization
   * server. Compare-and-swap on the pair, and with an expiry, for owners that die. An engine whose processes share a clock uses that.
   */
  claimRenewal(account: Account, claim: RenewalClaim): Promise<RenewalAnswer>
  /** Ends a claim without a new pair. */
  releaseRenewal(account: AccountKey, owner: string): Promise<void>
  /**
   * Marks an account whose pair is lost, while it still holds that pair, and ends the claim. If it was the master and another one lives,
   * the one whose pair is the newest becomes it. Answers whether it was marked and how many live on.
   */
  buryAccount(account: Account, death: AccountDeath): Promise<{ readonly buried: boolean; readonly living: number }>
  /** The pair has proved itself: the one before it is forgotten, if the account still holds that pair. */
  forgetFormerTokens(account: AccountPair): Promise<void>
  /** Live accounts of portals that have the app, whose pair was obtained before then; the oldest first. */
  agingAccounts(obtainedBeforeMs: number, limit: number): Promise<AgingAccount[]>
  accounts(portal: PortalKey): Promise<Account[]>
  saveAccount(account: Account, cause?: AuditCause): Promise<void>
  /** In place of those before. Nothing happens when the installation is deleted. */
  saveBindings(portal: PortalKey, bindings: readonly Binding[]): Promise<void>
  bindings(portal: PortalKey): Promise<Binding[]>
  /**
   * Appends events fetched from the portal's offline queue and notes, in the same transaction, which rows they were: a row that is
   * noted already is left out. Answers with the ids of those appended.
   */
  appendTaken(portal: PortalKey, rows: readonly TakenRow[]): Promise<string[]>
  /** Forgets which rows they were, once the portal has none of them any more. */
  forgetTaken(portal: PortalKey): Promise<void>
  /** Nothing happens when the installation is deleted. */
  saveConnectorLine(portal: PortalKey, line: ConnectorLine): Promise<void>
  connectorLines(portal: PortalKey): Promise<ConnectorLine[]>
  /**
   * Remembers that what came before an uninstall is to go. At once goes, while the installation of this generation is deleted,
   * everything but the portal's events and a tombstone that recognises a late or repeated event; no event before the uninstall is
   * handed out any more. false when it was begun already. From then on nothing of this generation or of those before is taken in by
   * appendTaken or handed on by settleHeld: it is left out.
   */
  beginErasure(erasure: Omit<Erasure, 'afterSeq'>): Promise<boolean>
  /** Those that have not ended, oldest first. */
  erasures(): Promise<Erasure[]>
  /**
   * What goes of the next stretch up to `toSeq`, and the uninstall; bounded like listEvents. The portal's events of that generation and
   * of those before go, wherever they stand; of what has no generation, because nothing has proven it, what came before the uninstall. Of
   * that stays what is held and was raised after the uninstall by the portal's clock, or is an install or update: only their proof tells
   * which installation they belong to.
   */
  erasureSlice(erasure: Erasure, toSeq: number): Promise<ErasureSlice>
  /**
   * Removes these events, unless they belong to a newer installation by now; of the uninstall itself its auth block and its user alone.
   * Puts the seals in the place of the former ones. false when one of those has changed since: then nothing of it has happened.
   */
  eraseSlice(erasure: Erasure, slice: Pick<ErasureSlice, 'seqs' | 'toSeq'>, seals: readonly ReplacedSeal[]): Promise<boolean>
  /** Erases the details of the audit trail too and appends the certificate to it. */
  endErasure(erasure: Erasure, atMs: number): Promise<void>
  /** Makes what was erased unreadable in the store's files too; false when that has to wait: ask again. */
  scrub(): Promise<boolean>

  appendAudit(entry: AuditEntry): Promise<void>
  /** Oldest first. */
  audit(filter: AuditFilter): Promise<{ records: AuditRecord[]; nextSeq?: number }>
  auditHead(): Promise<AuditHead>
  /** Puts a seal on a record (0: on the empty trail); false when the record has another hash or a later one has a seal. */
  sealAudit(seq: number, hash: string, sealed: Uint8Array): Promise<boolean>

  /** Sealed values of the whole store, in an order of its own; bounded like listEvents. */
  sealedOtherwise(search: SealedSearch): Promise<SealedPage>
  /** A sealed value of each kind that there is, to see whether a key opens them. */
  sealedSamples(): Promise<SealedSample[]>
  /** Puts each in its value's place while that is still there; answers with how many were. */
  replaceSealed(changes: readonly Resealed[]): Promise<number>

  /** A text by its name; the newest one stays. */
  saveNote(name: string, text: string): Promise<void>
  note(name: string): Promise<string | undefined>

  saveRefusal(refusal: Refusal, keep: number): Promise<void>
  refusals(limit: number): Promise<Refusal[]>
  close(): Promise<void>
}

/** (app, member_id): the first part of every key, so that a distributed database can shard by portal. */
export interface PortalKey {
  readonly app: string
  readonly memberId: string
}

/**
 *     held ──proof──> pending ──handlers succeed──> done
 *      │                 │ └──fails, may be repeated──> pending (due later)
 *      └──no proof──> dead <──final or exhausted──┘
 *     done, dead ──replay──> pending
 */
export type EventState = 'held' | 'pending' | 'done' | 'dead'

/** How an event was proven; absent while it is held. `own_token`: it was fetched from the portal with the installation's own tokens. */
export type Proof = 'application_token' | 'access_token' | 'installer' | 'own_token'

export interface NewEvent extends PortalKey {
  /** ULID: sorts by the time of receipt. */
  readonly id: string
  readonly code: string
  readonly handlerId?: string | undefined
  /** Unix seconds as sent. */
  readonly ts?: string | undefined
  readonly data?: FormValue | undefined
  /** Which installation of the app on this portal it belongs to; 0 while it is held. */
  readonly generation: number
  /** The portal's user whose action raised the event: what of the auth block may be read without opening it. */
  readonly userId?: string | undefined
  /** The auth block, sealed; empty when it is erased, or with `authShared`. */
  readonly auth: Uint8Array
  /**
   * Its auth block is sealed together with those of other events of its batch, because nothing that is done with the event needs
   * it. A leased event comes without.
   */
  readonly authShared?: true | undefined
  readonly state: EventState
  readonly reason?: ErrorCode | undefined
  readonly proof?: Proof | undefined
  readonly receivedAtMs: number
  /** By which a repeat of the same delivery is recognised. */
  readonly fingerprint?: Uint8Array | undefined
  /** The id of the event that this one repeats. */
  readonly duplicateOf?: string | undefined
}

export interface EventBatch {
  readonly events: readonly NewEvent[]
  /** The auth blocks of the events with `authShared`: one seal for all of them costs what one for each would. */
  readonly sharedAuth?: Uint8Array
  /**
   * Whoever appends may run at once what its lane is free for, without reading it back: those of the events that it wants.
   * An engine that cannot answer in the order of its calls leases none.
   */
  readonly lease?: AppendLease
}

/** Events of one batch with `sharedAuth`. */
export const SHARED_AUTH_MAX_EVENTS = 1_024

export interface AppendLease {
  readonly owner: string
  readonly nowMs: number
  readonly untilMs: number
  /** Per event of the batch. */
  readonly wanted: readonly boolean[]
}

export interface AppendedEvent {
  /** Its place in the order of all events. */
  readonly seq: number
  /** The lane is leased to whoever asked, and nothing that it has not been handed comes before this event. */
  readonly leased: boolean
}

export interface StoredEvent extends NewEvent {
  readonly seq: number
  readonly attempts: number
  readonly provenAtMs?: number
  readonly dueAtMs?: number
  readonly finishedAtMs?: number
  /** Waits for its next try beside its lane, not in it. */
  readonly parked?: true
  /** When it was last replayed, and how many attempts it had had by then: its retry schedule counts from there. */
  readonly replayedAtMs?: number
  readonly attemptsBefore?: number
}

/** As lists have it. */
export type ListedEvent = Omit<StoredEvent, 'auth' | 'authShared'>

/** What is known of a held event without its content. */
export interface HeldEntry extends PortalKey {
  readonly id: string
  readonly code: string
  readonly bytes: number
}

export interface HeldSettlement {
  readonly id: string
  readonly state: 'pending' | 'done' | 'dead'
  readonly reason?: ErrorCode
  readonly proof?: Proof
  readonly generation: number
}

export interface Attempt {
  readonly n: number
  readonly startedAtMs: number
  readonly durationMs: number
  readonly outcome: 'done' | 'failed'
  readonly error?: { readonly code: string; readonly message: string }
  readonly calls: readonly CallRecord[]
  readonly notes: readonly string[]
}

export interface CallRecord {
  readonly method: string
  readonly durationMs: number
  readonly error?: string
}

export type InstallationStatus = 'new' | 'active' | 'blocked' | 'deleted'

export interface Installation extends PortalKey {
  readonly status: InstallationStatus
  readonly reason?: ErrorCode
  /** Counts installations of the app on this portal: a reinstall is a new generation. */
  readonly generation: number
  readonly domain: string
  readonly clientEndpoint: string
  readonly serverEndpoint: string
  /** Sealed. Absent while none is known. */
  readonly applicationToken?: Uint8Array
  /** L, F, D, T, P or S. */
  readonly appStatus?: string
  readonly version?: string
  readonly language?: string
  readonly scope?: string
  /** When the authorization server last confirmed an administrator's token. */
  readonly installerProvenAtMs?: number
  readonly installedAtMs?: number
  /** By the portal's clock, to the second: when the newest install or update that was proven was raised there. */
  readonly raisedAtMs?: number
  /** By the portal's clock, to the second: when the uninstall that ended it was raised there. */
  readonly uninstallRaisedAtMs?: number
  /** Marks of the uninstalls that ended installations of this portal, newest first: a late copy of one is recognised by them. */
  readonly uninstalls?: readonly string[]
  /** When the newest install or update that was applied came in: an older one that is run again changes nothing. */
  readonly lifecycleAtMs?: number
  readonly updatedAtMs: number
  readonly deletedAtMs?: number
  /** Since when it is blocked or active, as far as the portal says: what is told of an earlier time changes nothing. */
  readonly statusAtMs?: number
  /** Where the portal was before it moved to its present domain, and when that was noticed. */
  readonly formerDomain?: string
  readonly domainAtMs?: number
}

export type InstallationPatch = Partial<Omit<Installation, keyof PortalKey>> & { readonly updatedAtMs: number; readonly clearReason?: true }

export interface Binding {
  readonly event: string
  /** Its address; empty of an offline one. */
  readonly handler: string
  /** Of an offline one, the name of its queue (auth_connector); empty for the unnamed. */
  readonly queue?: string
}

/** An event as it was found in an offline queue. */
export interface TakenRow {
  /** The row and the reservation under which it was fetched: never that of another. At most 128 characters. */
  readonly key: string
  readonly event: NewEvent
}

export interface ConnectorLine {
  readonly connector: string
  readonly line: string
  readonly active: boolean
  readonly changedAtMs: number
}

export interface Refusal {
  readonly atMs: number
  readonly app: string
  readonly code: ErrorCode
  /** As claimed, unproven. */
  readonly memberId?: string
  readonly event?: string
}
