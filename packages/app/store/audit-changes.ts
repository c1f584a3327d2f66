import type { AuditCause, AuditDetails, AuditEntry, AuditVerb } from './audit.ts'
import type { Account } from './accounts.ts'
import type { Installation } from './port.ts'

/**
 * What a change of an installation is called in the audit trail, from what was there before and what is there now: so no engine can
 * store a change and leave it out. What changes by itself and says nothing of who may do what is not told: routine renewals of
 * tokens, times, scope, language.
 */
export function installationChanges(before: Installation | undefined, after: Installation, cause: AuditCause): AuditEntry[] {
  const changes: AuditEntry[] = []
  const tell = (verb: AuditVerb, more: Pick<AuditEntry, 'from' | 'to' | 'facts' | 'details'> = {}): void => {
    const { details, ...rest } = more
    changes.push(entryOf(after, after.updatedAtMs, after.generation, verb, cause, rest, details))
  }
  const reopened = before === undefined || before.generation !== after.generation
  const from = before === undefined ? 'none' : before.status
  if (reopened || from !== after.status) {
    tell(verbOf(from, after, reopened), { from, to: after.status, ...(after.reason === undefined ? {} : { facts: { reason: after.reason } }) })
  } else if (before.reason !== after.reason) tell('changeReason', { from: before.reason ?? 'none', to: after.reason ?? 'none' })
  // A portal that is opened anew brings all else anew with it.
  if (!isSame(before?.applicationToken, after.applicationToken)) tell('setApplicationToken')
  if (before === undefined || reopened) return changes
  if (before.version !== after.version) tell('updateApplicationVersion', { from: before.version ?? 'none', to: after.version ?? 'none' })
  if (before.domain !== after.domain) tell('changeDomainUrl', { details: { from: before.domain, to: after.domain } })
  return changes
}

/** Only what an installer or an event brought, and what an account's state says: renewals are not told. */
export function accountChanges(before: Account | undefined, after: Account, generation: number, atMs: number, cause: AuditCause): AuditEntry[] {
  const tell = (verb: AuditVerb): AuditEntry[] => {
    return [entryOf(after, atMs, generation, verb, cause, { facts: { master: after.master ? 1 : 0 } }, { userId: after.userId })]
  }
  if (after.state === 'dead') return before?.state === 'dead' ? [] : tell('markAccountAsDead')
  if (before?.state === 'live' && !before.master && after.master) return tell('markAsMaster')
  const brought = cause.by !== 'app side' && !isSame(before?.tokens, after.tokens)
  return before === undefined || before.state === 'dead' || brought ? tell('renewAuthToken') : []
}

function verbOf(from: Installation['status'] | 'none', { status }: Installation, reopened: boolean): AuditVerb {
  if (status === 'deleted') return 'applicationUninstalled'
  if (status === 'blocked') return 'markAsBlocked'
  if (from === 'blocked' && !reopened) return 'markAsActive'
  return status === 'new' ? 'installationCreated' : 'applicationInstalled'
}

function entryOf(
  { app, memberId }: Pick<AuditEntry, 'app' | 'memberId'>,
  atMs: number,
  generation: number,
  verb: AuditVerb,
  { by, ref, proof, userId }: AuditCause,
  more: Pick<AuditEntry, 'from' | 'to' | 'facts'>,
  details: AuditDetails | undefined,
): AuditEntry {
  const user = userId === undefined || userId === '' ? {} : { userId }
  const all = { ...user, ...details }
  return {
    app, memberId, atMs, generation, verb, by, ...more,
    ...(ref === undefined ? {} : { ref }),
    ...(proof === undefined ? {} : { proof }),
    ...(Object.keys(all).length === 0 ? {} : { details: all }),
  }
}

function isSame(one: Uint8Array | undefined, other: Uint8Array | undefined): boolean {
  if (one === undefined || other === undefined) return one === other
  return one.length === other.length && one.every((byte, index) => byte === other[index])
}
