import type { ErrorCode } from '@portline/wire/errors.ts'
import type { FormValue } from '@portline/wire/form/value.ts'
import type { SQLInputValue, SQLOutputValue } from 'node:sqlite'
import type { Account } from '../accounts.ts'
import type { Attempt, EventState, Installation, InstallationStatus, ListedEvent, NewEvent, Proof, StoredEvent } from '../port.ts'

/** Rows ↔ the port's types. An absent field is NULL in a row and absent, not undefined, in an object. */
export type Row = Record<string, SQLOutputValue>

export function orNull(value: string | number | Uint8Array | undefined): SQLInputValue {
  return value ?? null
}

/** Drops what is undefined, so that exact optional types hold. */
function present<T extends object>(fields: { [Key in keyof T]: T[Key] | undefined }): T {
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as T
}

function text(row: Row, column: string): string | undefined {
  const value = row[column]
  return typeof value === 'string' ? value : undefined
}

function number(row: Row, column: string): number | undefined {
  const value = row[column]
  return typeof value === 'number' ? value : undefined
}

function blob(row: Row, column: string): Uint8Array | undefined {
  const value = row[column]
  return value instanceof Uint8Array ? value : undefined
}

/**
 * New events on their way to the thread. As JSON, one string crosses in place of a copy of each object with all its keys; what is
 * binary goes beside it.
 */
export interface PackedEvents {
  /** A list of EventRow. */
  readonly json: string
  /** Their auth blocks; null where it is shared. */
  readonly auths: readonly (Uint8Array | null)[]
  /** Null where duplicates are not looked for. */
  readonly fingerprints: readonly (Uint8Array | null)[]
}

/** The columns of INSERT_EVENT from `id` on, but for `auth`. */
export type EventRow = readonly [
  id: string, app: string, memberId: string, code: string, handlerId: string | null, ts: string | null, userId: string | null,
  data: string | null, state: string, reason: string | null, proof: string | null, receivedAtMs: number, provenAtMs: number | null,
  finishedAtMs: number | null, generation: number, duplicateOf: string | null,
]

export function packEvents(events: readonly NewEvent[]): PackedEvents {
  return {
    json: JSON.stringify(events.map(rowOf)),
    auths: events.map(({ auth, authShared }) => (authShared === true ? null : auth)),
    fingerprints: events.map(({ fingerprint }) => fingerprint ?? null),
  }
}

function rowOf(event: NewEvent): EventRow {
  const { receivedAtMs, state } = event
  return [
    event.id, event.app, event.memberId, event.code, event.handlerId ?? null, event.ts ?? null, event.userId ?? null,
    event.data === undefined ? null : JSON.stringify(event.data), state, event.reason ?? null, event.proof ?? null, receivedAtMs,
    event.proof === undefined ? null : receivedAtMs, state === 'done' || state === 'dead' ? receivedAtMs : null, event.generation,
    event.duplicateOf ?? null,
  ]
}

export function eventOf(row: Row): StoredEvent {
  const data = text(row, 'data')
  const shared = blob(row, 'shared')
  return present<StoredEvent>({
    seq: number(row, 'seq') ?? 0,
    id: text(row, 'id') ?? '',
    app: text(row, 'app') ?? '',
    memberId: text(row, 'member_id') ?? '',
    code: text(row, 'code') ?? '',
    handlerId: text(row, 'handler_id'),
    ts: text(row, 'ts'),
    userId: text(row, 'user_id'),
    data: data === undefined ? undefined : (JSON.parse(data) as FormValue),
    auth: shared ?? blob(row, 'auth') ?? new Uint8Array(),
    authShared: number(row, 'auth_batch') === undefined ? undefined : true,
    state: text(row, 'state') as EventState,
    reason: text(row, 'reason') as ErrorCode | undefined,
    proof: text(row, 'proof') as Proof | undefined,
    receivedAtMs: number(row, 'received_at') ?? 0,
    provenAtMs: number(row, 'proven_at'),
    dueAtMs: number(row, 'due_at'),
    parked: number(row, 'parked') === 1 ? true : undefined,
    finishedAtMs: number(row, 'finished_at'),
    attempts: number(row, 'attempts') ?? 0,
    generation: number(row, 'generation') ?? 0,
    duplicateOf: text(row, 'duplicate_of'),
    replayedAtMs: number(row, 'replayed_at'),
    attemptsBefore: number(row, 'attempts_before') || undefined,
  })
}

/** Without the auth block: it is sealed, and may be that of hundreds of others. */
export const LISTED = `
  e.seq, e.id, e.app, e.member_id, e.code, e.handler_id, e.ts, e.data, e.state, e.reason, e.proof, e.received_at, e.proven_at, e.due_at,
  e.parked, e.finished_at, e.attempts, e.generation, e.duplicate_of, e.replayed_at, e.attempts_before`

/** A row of the columns LISTED. */
export function listedOf(row: Row): ListedEvent {
  const { auth: _, ...listed } = eventOf(row)
  return listed
}

export function attemptOf(row: Row): Attempt {
  const error = text(row, 'error')
  return present<Attempt>({
    n: number(row, 'n') ?? 0,
    startedAtMs: number(row, 'started_at') ?? 0,
    durationMs: number(row, 'duration_ms') ?? 0,
    outcome: text(row, 'outcome') as Attempt['outcome'],
    error: error === undefined ? undefined : (JSON.parse(error) as Attempt['error']),
    calls: JSON.parse(text(row, 'calls') ?? '[]') as Attempt['calls'],
    notes: JSON.parse(text(row, 'notes') ?? '[]') as Attempt['notes'],
  })
}

/** What the event's own columns say of its last attempt. */
export function plainAttemptOf(row: Row): Attempt | undefined {
  const durationMs = number(row, 'took_ms')
  const finishedAtMs = number(row, 'finished_at')
  if (durationMs === undefined || finishedAtMs === undefined) return undefined
  return { n: number(row, 'attempts') ?? 1, startedAtMs: finishedAtMs - durationMs, durationMs, outcome: 'done', calls: [], notes: [] }
}

export function installationOf(row: Row): Installation {
  return present<Installation>({
    app: text(row, 'app') ?? '',
    memberId: text(row, 'member_id') ?? '',
    status: text(row, 'status') as InstallationStatus,
    reason: text(row, 'reason') as ErrorCode | undefined,
    generation: number(row, 'generation') ?? 1,
    domain: text(row, 'domain') ?? '',
    clientEndpoint: text(row, 'client_endpoint') ?? '',
    serverEndpoint: text(row, 'server_endpoint') ?? '',
    applicationToken: blob(row, 'application_token'),
    appStatus: text(row, 'app_status'),
    version: text(row, 'version'),
    language: text(row, 'language'),
    scope: text(row, 'scope'),
    installerProvenAtMs: number(row, 'installer_proven_at'),
    installedAtMs: number(row, 'installed_at'),
    lifecycleAtMs: number(row, 'lifecycle_at'),
    updatedAtMs: number(row, 'updated_at') ?? 0,
    deletedAtMs: number(row, 'deleted_at'),
    statusAtMs: number(row, 'status_at'),
    formerDomain: text(row, 'former_domain'),
    domainAtMs: number(row, 'domain_at'),
    raisedAtMs: number(row, 'raised_at'),
    uninstallRaisedAtMs: number(row, 'uninstall_raised_at'),
    uninstalls: text(row, 'uninstalls')?.split(' '),
  })
}

export function accountOf(row: Row): Account {
  return present<Account>({
    app: text(row, 'app') ?? '',
    memberId: text(row, 'member_id') ?? '',
    userId: text(row, 'user_id') ?? '',
    master: row['master'] === 1,
    state: text(row, 'state') as Account['state'],
    tokens: blob(row, 'tokens') ?? new Uint8Array(),
    expiresAtMs: number(row, 'expires_at') ?? 0,
    obtainedAtMs: number(row, 'obtained_at') ?? 0,
    pairId: text(row, 'pair_id'),
    formerTokens: blob(row, 'former_tokens'),
    deadAtMs: number(row, 'dead_at'),
    deadReason: text(row, 'dead_reason'),
  })
}
