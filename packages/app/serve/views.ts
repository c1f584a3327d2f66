import type { Attempt, Binding, Installation, ListedEvent, NewEvent, Store } from '../store/port.ts'

/** What the operator API shows. Nothing secret is in what these read: tokens stay sealed, data has its secrets blotted out. */
export type EventView = ReturnType<typeof eventView>
export type InstallationView = Awaited<ReturnType<typeof installationView>>

export function eventView(event: NewEvent | ListedEvent) {
  const attempts = 'attempts' in event ? event.attempts : 0
  const finishedAtMs = 'finishedAtMs' in event ? event.finishedAtMs : undefined
  const dueAtMs = 'dueAtMs' in event ? event.dueAtMs : undefined
  return {
    id: event.id,
    app: event.app,
    portal: event.memberId,
    event: event.code,
    data: event.data ?? null,
    state: event.state,
    reason: event.reason ?? null,
    receivedAt: iso(event.receivedAtMs),
    attempts,
    verdict: event.proof === undefined ? (event.state === 'held' ? 'held' : 'refused') : 'proven',
    proof: event.proof ?? null,
    handlerId: event.handlerId ?? null,
    ts: event.ts ?? null,
    dueAt: iso(dueAtMs),
    finishedAt: iso(finishedAtMs),
    duplicateOf: event.duplicateOf ?? null,
    replayedAt: iso('replayedAtMs' in event ? event.replayedAtMs : undefined),
  }
}

export function attemptView(attempt: Attempt) {
  const { startedAtMs, ...rest } = attempt
  return { ...rest, startedAt: iso(startedAtMs) }
}

/** The life of an event in the order it happened. */
export function historyOf(event: ListedEvent, attempts: readonly Attempt[]) {
  const before = event.replayedAtMs === undefined ? Number.POSITIVE_INFINITY : (event.attemptsBefore ?? 0)
  return [
    { at: iso(event.receivedAtMs), kind: 'received' },
    ...(event.provenAtMs === undefined ? [] : [{ at: iso(event.provenAtMs), kind: 'proven', proof: event.proof ?? null }]),
    ...(event.duplicateOf === undefined ? [] : [{ at: iso(event.receivedAtMs), kind: 'duplicate', of: event.duplicateOf }]),
    ...attempts.filter(({ n }) => n <= before).map(attemptStep),
    ...(event.replayedAtMs === undefined ? [] : [{ at: iso(event.replayedAtMs), kind: 'replayed' }]),
    ...attempts.filter(({ n }) => n > before).map(attemptStep),
    ...(event.finishedAtMs === undefined ? [] : [{ at: iso(event.finishedAtMs), kind: event.state, reason: event.reason ?? null }]),
  ]
}

function attemptStep({ n, startedAtMs, durationMs, outcome, error }: Attempt) {
  return { at: iso(startedAtMs), kind: 'attempt', n, outcome, error: error?.code ?? null, durationMs }
}

/** `offline`: the name of the queue it fills, empty for the unnamed one; null of one that is sent to its handler. */
export function bindingView({ event, handler, queue }: Binding) {
  return { event, handler, offline: queue ?? null }
}

export async function installationView(store: Store, installation: Installation) {
  const [bindings, connectorLines, accounts] = await Promise.all([
    store.bindings(installation),
    store.connectorLines(installation),
    store.accounts(installation),
  ])
  return {
    app: installation.app,
    portal: installation.memberId,
    domain: installation.domain,
    status: installation.status,
    reason: installation.reason ?? null,
    generation: installation.generation,
    version: installation.version ?? null,
    appStatus: installation.appStatus ?? null,
    language: installation.language ?? null,
    scope: installation.scope ?? null,
    hasApplicationToken: installation.applicationToken !== undefined,
    installedAt: iso(installation.installedAtMs),
    updatedAt: iso(installation.updatedAtMs),
    deletedAt: iso(installation.deletedAtMs),
    bindings: bindings.map(bindingView),
    connectorLines: connectorLines.map(({ connector, line, active, changedAtMs }) => ({ connector, line, active, changedAt: iso(changedAtMs) })),
    accounts: accounts.map(({ userId, master, state, expiresAtMs, obtainedAtMs, deadAtMs, deadReason }) => {
      return { userId, master, state, expiresAt: iso(expiresAtMs), obtainedAt: iso(obtainedAtMs), deadAt: iso(deadAtMs), deadReason: deadReason ?? null }
    }),
  }
}

function iso(ms: number | undefined): string | null {
  return ms === undefined ? null : new Date(ms).toISOString()
}
