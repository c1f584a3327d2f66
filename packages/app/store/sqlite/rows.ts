import type { ErrorCode } from '@portline/wire/errors.ts'
import type { FormValue } from '@portline/wire/form/value.ts'
import type { SQLInputValue, SQLOutputValue } from 'node:sqlite'
import type { Account, Attempt, EventState, Installation, InstallationStatus, NewEvent, PortalKey, Proof, StoredEvent } from '../port.ts'

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

/** A new event on its way to the thread: plain values in the order of the insert, because an object costs a copy of its keys each time. */
export interface EventRow {
  readonly portal: PortalKey
  readonly pending: boolean
  readonly shared: boolean
  readonly values: (string | number | Uint8Array | null)[]
}

export function rowOf(event: NewEvent): EventRow {
  const { app, memberId, receivedAtMs, state } = event
  const finished = state === 'done' || state === 'dead'
  return {
    portal: { app, memberId },
    pending: state === 'pending',
    shared: event.authShared === true,
    values: [
      event.id, app, memberId, event.code, event.handlerId ?? null, event.ts ?? null,
      event.data === undefined ? null : JSON.stringify(event.data), event.auth, state, event.reason ?? null, event.proof ?? null,
      receivedAtMs, event.proof === undefined ? null : receivedAtMs, finished ? receivedAtMs : null, event.generation,
    ],
  }
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
    data: data === undefined ? undefined : (JSON.parse(data) as FormValue),
    auth: shared ?? blob(row, 'auth') ?? new Uint8Array(),
    authShared: shared === undefined ? undefined : true,
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
  })
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
  })
}

export function accountOf(row: Row): Account {
  return {
    app: text(row, 'app') ?? '',
    memberId: text(row, 'member_id') ?? '',
    userId: text(row, 'user_id') ?? '',
    master: row['master'] === 1,
    state: text(row, 'state') as Account['state'],
    tokens: blob(row, 'tokens') ?? new Uint8Array(),
    expiresAtMs: number(row, 'expires_at') ?? 0,
    obtainedAtMs: number(row, 'obtained_at') ?? 0,
  }
}
