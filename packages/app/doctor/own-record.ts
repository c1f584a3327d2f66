import type { Clock } from '@portline/runtime/clock.ts'
import { ERROR_TABLE } from '@portline/wire/errors.ts'
import type { App } from '../define-app.ts'
import type { BreakerStatus } from '../destinations/circuit-breaker.ts'
import type { Destination } from '../destinations/destination.ts'
import { REFUSAL_SAMPLES } from '../limits.ts'
import type { OfflineStatus } from '../offline/drainer.ts'
import type { Installation, ListedEvent, PortalKey, Store } from '../store/port.ts'
import { finding } from './findings.ts'
import type { Finding, FindingCode } from './findings.ts'

/** What this app side knows by itself: the installation, what was held, refused and failed, where events go. */
export interface OwnRecordParts {
  readonly store: Store
  readonly clock: Clock
  readonly isFull: () => boolean
  /** Of a destination that was used since the start. */
  readonly breakerOf: (destination: Destination) => BreakerStatus | undefined
  readonly offlineStatusOf: (portal: PortalKey) => OfflineStatus | undefined
}

const RECENT_MS = 24 * 3_600_000

export async function examineRecord(parts: OwnRecordParts, app: App, installation: Installation): Promise<Finding[]> {
  const { isFull, offlineStatusOf } = parts
  const findings: Finding[] = []
  if (isFull()) findings.push(finding('STORE_FULL', 'new events are answered 503'))
  if (installation.status === 'deleted') return [...findings, finding('UNINSTALLED', installation.deletedAtMs === undefined ? '' : iso(installation.deletedAtMs))]
  if (installation.reason !== undefined) findings.push(ofReason(installation, installation.reason))
  if (installation.applicationToken === undefined) findings.push(finding('APPLICATION_TOKEN_UNKNOWN', `the installation is ${installation.status}`))
  const failure = offlineStatusOf(installation)?.failure
  if (failure !== undefined) findings.push(isLasting(failure.code) ? finding(failure.code, failure.message) : finding('OFFLINE_QUEUE_FAILS', `${failure.code}: ${failure.message}`))
  findings.push(...destinationFindings(parts, app))
  findings.push(...(await arrivedFindings(parts, installation, new Set(findings.map(({ code }) => code)))))
  return findings
}

function ofReason({ app, memberId, status }: Installation, reason: NonNullable<Installation['reason']>): Finding {
  return finding(reason, `the installation is ${status}`, ERROR_TABLE[reason].todo.replace('<member_id>', `${memberId} --app ${app}`))
}

function isLasting(code: string): code is 'OFFLINE_LICENSE_MISSING' | 'OFFLINE_ACCESS_DENIED' {
  return code === 'OFFLINE_LICENSE_MISSING' || code === 'OFFLINE_ACCESS_DENIED'
}

/** `causes`: what an event may be waiting for was found already. */
async function arrivedFindings({ store, clock }: OwnRecordParts, installation: Installation, causes: ReadonlySet<FindingCode>): Promise<Finding[]> {
  const { app, memberId } = installation
  const findings: Finding[] = []
  const held = await store.heldEvents(installation)
  const newestHeld = held.at(-1)
  if (newestHeld !== undefined) findings.push(finding('EVENTS_HELD', `${held.length}, the newest ${newestHeld.code} ${newestHeld.id}`))
  const refused = (await store.refusals(REFUSAL_SAMPLES)).filter((refusal) =>
    refusal.app === app && refusal.memberId === memberId && clock.now() - refusal.atMs < RECENT_MS)
  if (refused.length > 0) findings.push(finding('EVENTS_REFUSED', `${refused.length}: ${[...new Set(refused.map(({ code }) => code))].join(', ')}`))
  const { head, parked, newestParked } = await store.laneState(installation)
  if (head?.dueAtMs !== undefined && !waitsFor(head, causes)) findings.push(finding('LANE_BLOCKED', failureText(head), remedyOf(head)))
  if (newestParked !== undefined) findings.push(finding('EVENTS_PARKED', `${parked}, the newest ${failureText(newestParked)}`))
  return findings
}

function destinationFindings({ breakerOf }: OwnRecordParts, app: App): Finding[] {
  const destinations = new Set(app.codes.flatMap((code) => {
    const handler = app.handlerOf(code)
    return handler?.kind === 'destination' ? [handler.destination] : []
  }))
  return [...destinations].flatMap((destination) => {
    const status = breakerOf(destination)
    if (status === undefined || status.state === 'closed') return []
    return [finding('DESTINATION_PAUSED', status.state === 'open' ? `${destination.name} until ${iso(status.untilMs)}` : `${destination.name} is being tried`)]
  })
}

/** A portal that is blocked or a destination that is paused is waited for: nothing fails. */
function waitsFor({ reason }: ListedEvent, causes: ReadonlySet<FindingCode>): boolean {
  return reason !== undefined && causes.has(reason)
}

function remedyOf({ id, reason }: ListedEvent): string {
  const isHandlers = reason === undefined || reason === 'HANDLER_FAILED'
  return `portline events show ${id} says why. ${isHandlers ? 'Mend the handler; or let it park its failures (onFailure: park).' : ERROR_TABLE[reason].todo}`
}

function failureText({ id, code, reason, attempts, dueAtMs }: ListedEvent): string {
  return `${code} ${id}, ${reason ?? 'failed'} after ${attempts} attempts, tried again ${iso(dueAtMs ?? 0)}`
}

function iso(ms: number): string {
  return new Date(ms).toISOString()
}
