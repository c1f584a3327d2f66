import type { ErrorCode } from '@portline/wire/errors.ts'
import type { FormValue } from '@portline/wire/form/value.ts'
import type {
  EventConditions, EventFilter, EventPage, EventRecord, ImportedEvent, RememberedEvent, ReplayCandidate, SettledBefore, SettledWindow, StoreSize,
} from './keeping.ts'

/**
 * What the app side needs of a store, in its own words. Nothing here assumes one process or a synchronous engine: a
 * promise resolves when the change is durable, and lanes are leased, not locked. Each method is one transaction.
 * Errors: STORE_UNAVAILABLE when a change could not be made durable; then nothing of it has happened.
 */
export interface Store {
  /** One transaction for all of them, in their order. Answers in the same order. */
  appendEvents(batch: EventBatch): Promise<AppendedEvent[]>
  countHeld(app: string): Promise<{ total: number; byPortal: ReadonlyMap<string, number> }>
  /** Held events of a portal, oldest first. */
  heldEvents(portal: PortalKey): Promise<StoredEvent[]>
  portalsWithHeld(): Promise<PortalKey[]>
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
  /** Whoever asks for a lane that it has leased already gives back what it was handed and has not settled. */
  leaseLane(portal: PortalKey, lease: LeaseRequest): Promise<LeaseAnswer>
  /**
   * Records what became of leased events. A lane whose events are all settled is free; `release` gives back the others.
   * The lanes in the answer were lost to another owner: nothing of theirs was recorded.
   */
  settle(owner: string, results: readonly LaneResults[]): Promise<PortalKey[]>
  /** The lanes in the answer were lost. */
  renewLeases(owner: string, lanes: readonly PortalKey[], untilMs: number): Promise<PortalKey[]>
  /** Makes a waiting lane due now. */
  hastenLane(portal: PortalKey): Promise<void>
  /**
   * done or dead → pending, at their old places; those that were never proven and all in another state stay as they are. Answers
   * with the ids of those replayed.
   */
  replayEvents(ids: readonly string[], atMs: number): Promise<string[]>
  /** One event: whether it was. */
  replay(id: string, atMs: number): Promise<boolean>

  /**
   * Newest first, by their place in the order of all events. Looks at a bounded number of events: with `next` there may be more,
   * however few this page has.
   */
  listEvents(filter: EventFilter): Promise<{ events: ListedEvent[]; next?: string }>
  event(id: string): Promise<StoredEvent | undefined>
  attempts(id: string): Promise<Attempt[]>
  /** The place of the newest event; 0 when there is none. */
  lastSeq(): Promise<number>
  /** Oldest first, with their attempts; bounded like listEvents, and by size. */
  readEvents(page: EventPage): Promise<{ records: EventRecord[]; nextSeq?: number }>
  /** Oldest first, what a replay of all that match would meet; bounded like listEvents. */
  replayCandidates(filter: EventConditions, afterSeq: number, limit: number): Promise<{ candidates: ReplayCandidate[]; nextSeq?: number }>
  /** In the order given, behind all others; ids that are there already are left alone. Answers with the ids that were taken. */
  importEvents(records: readonly ImportedEvent[]): Promise<string[]>

  /** The next stretch of the order of all events in which some ended so long ago. */
  settledWindow(before: SettledBefore, afterSeq: number): Promise<SettledWindow>
  /** Deletes what ended so long ago, with its attempts and seals, from one such stretch; answers with the number of events. */
  deleteSettled(before: SettledBefore, afterSeq: number, toSeq: number): Promise<number>
  size(): Promise<StoreSize>
  /** The newest events with a fingerprint that are no duplicates themselves, newest first, back to this id. */
  rememberedEvents(app: string, sinceId: string, limit: number): Promise<RememberedEvent[]>
  /** Writes a consistent copy of all that is committed into a new file, while the store goes on; the file is not synced. */
  writeSnapshot(file: string): Promise<void>

  installations(): Promise<Installation[]>
  installation(portal: PortalKey): Promise<Installation | undefined>
  saveInstallation(installation: Installation, account?: Account): Promise<void>
  /** Changes only these fields, so that two writers can't undo each other. false when there is none or it is deleted. */
  patchInstallation(portal: PortalKey, patch: InstallationPatch, account?: Account): Promise<boolean>
  /**
   * The same while the master account still holds `previous`'s tokens: whoever renewed a pair must not write over one that an
   * installer brought meanwhile. false also when it no longer does.
   */
  replaceAccount(previous: Account, account: Account, patch: InstallationPatch): Promise<boolean>
  accounts(portal: PortalKey): Promise<Account[]>
  saveAccount(account: Account): Promise<void>
  saveBindings(portal: PortalKey, bindings: readonly Binding[]): Promise<void>
  bindings(portal: PortalKey): Promise<Binding[]>
  saveConnectorLine(portal: PortalKey, line: ConnectorLine): Promise<void>
  connectorLines(portal: PortalKey): Promise<ConnectorLine[]>
  /**
   * Removes the portal's events before the given one and, while its installation of this generation is deleted,
   * everything else but a tombstone that recognises a late or repeated event. The given event stays, without its auth block.
   */
  erasePortal(portal: PortalKey, keptEventId: string, generation: number): Promise<void>
  /** Sealed auth blocks of this portal's events before the given one that stand among those of others; up to `limit`. */
  sharedAuths(portal: PortalKey, beforeEventId: string, limit: number): Promise<SharedAuth[]>
  /** Puts `sealed`, without the auth blocks of these events, in the place of what they shared. */
  replaceSharedAuth(shared: SharedAuth, sealed: Uint8Array): Promise<void>

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

/** How an event was proven; absent while it is held. */
export type Proof = 'application_token' | 'access_token' | 'installer'

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

export interface SharedAuth {
  readonly batch: number
  readonly sealed: Uint8Array
  readonly eventIds: readonly string[]
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

export interface Settlement {
  readonly id: string
  readonly seq: number
  /** Absent when the event was not tried: what it was to be given to is not to be had. */
  readonly attempt?: Attempt
  readonly state: 'pending' | 'done' | 'dead'
  readonly reason?: ErrorCode
  /** With `pending`: when to try again. */
  readonly dueAtMs?: number
  /** With `pending`: its lane goes on meanwhile. */
  readonly parked?: true
  readonly atMs: number
}

export interface LaneResults {
  readonly portal: PortalKey
  readonly settlements: readonly Settlement[]
  readonly release?: true
}

export interface LeaseRequest {
  readonly owner: string
  readonly nowMs: number
  readonly untilMs: number
  readonly maxEvents: number
  /** Of data and auth blocks, roughly; one event is handed out whatever its size. */
  readonly maxBytes: number
}

export type LeaseAnswer =
  | { readonly kind: 'leased'; readonly events: readonly StoredEvent[]; /** The lane has further events to lease. */ readonly more: boolean } & LaneOutlook
  /** Leased elsewhere, or its first event is not due. */
  | { readonly kind: 'wait'; readonly untilMs: number }
  | { readonly kind: 'empty' } & LaneOutlook

interface LaneOutlook {
  /** When the next parked event of the lane is due. */
  readonly parkedUntilMs?: number
  /** Every event of the lane up to this one is taken account of in the answer. */
  readonly asOfSeq: number
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
  /** When the newest install or update that was applied came in: an older one that is run again changes nothing. */
  readonly lifecycleAtMs?: number
  readonly updatedAtMs: number
  readonly deletedAtMs?: number
}

export type InstallationPatch = Partial<Omit<Installation, keyof PortalKey>> & { readonly updatedAtMs: number; readonly clearReason?: true }

/** One user's tokens on one portal (Bitrix24Account of the SDKs). */
export interface Account extends PortalKey {
  readonly userId: string
  readonly master: boolean
  readonly state: 'live' | 'dead'
  /** Sealed token pair. */
  readonly tokens: Uint8Array
  readonly expiresAtMs: number
  readonly obtainedAtMs: number
}

export interface Binding {
  readonly event: string
  readonly handler: string
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
