import { ERROR_TABLE } from '@portline/wire/errors.ts'
import { isErrorCode } from '../failure.ts'
import type { EventDetail, EventView } from '../operator-api.ts'
import { facts } from '../facts.ts'
import { moment, table } from '../tables.ts'
import type { Fact } from '../facts.ts'

/** Two lines an event, because one would be too long for a terminal. */
export function eventsTable(events: readonly EventView[]): string {
  const rows = events.map(({ id, receivedAt, event, portal, state, attempts, reason }) =>
    [`${id}\n${portal}`, moment(receivedAt), `${event}\n${reason ?? ''}`, state, String(attempts)])
  return table(['ID, PORTAL', 'RECEIVED (UTC)', 'EVENT, REASON', 'STATE', 'ATTEMPTS'], rows)
}

export function eventDetailText(event: EventDetail): string {
  const head = facts([
    ['id', event.id], ['event', event.event], ['app', event.app], ['portal', event.portal], ['state', event.state],
    ...explained(event.reason), ['duplicate of', event.duplicateOf], ['next attempt', event.dueAt], ['waits for', whatItWaitsFor(event)], ['verdict', event.verdict], ['proven by', event.proof],
    ['handler row', event.handlerId], ['ts', event.ts], ['data', JSON.stringify(event.data, null, 2)],
  ])
  const history = event.history.map((step) => [step.at ?? '', stepText(step)])
  return [head, table(['AT', 'WHAT HAPPENED'], history), ...event.attemptLog.map(attemptText)].join('\n\n')
}

/** A reason, and what docs/errors.md says of it. */
function explained(reason: string | null): Fact[] {
  if (reason === null || !isErrorCode(reason)) return [['reason', reason]]
  const { meaning, cause, todo } = ERROR_TABLE[reason]
  return [['reason', `${reason}: ${meaning}`], ['cause', cause], ['what to do', todo]]
}

function whatItWaitsFor({ waitsFor, portalBlockedFor }: EventDetail): string | null {
  return portalBlockedFor === null ? waitsFor : `its portal, which is blocked: ${portalBlockedFor}`
}

function attemptText({ n, startedAt, durationMs, outcome, error, calls, notes }: EventDetail['attemptLog'][number]): string {
  return facts([
    [`attempt ${n}`, `${outcome} in ${Math.round(durationMs)} ms, ${startedAt ?? ''}`],
    ['error', error === undefined ? null : `${error.code}: ${error.message}`],
    ['notes', notes.join('\n')],
    ['calls', calls.map((call) => `${call.method} ${Math.round(call.durationMs)} ms ${call.error ?? ''}`.trimEnd()).join('\n')],
  ])
}

function stepText(step: EventDetail['history'][number]): string {
  const { kind, durationMs, ...words } = { durationMs: undefined, ...step, at: undefined }
  return [kind, ...shown(words), ...(durationMs === undefined ? [] : [`in ${Math.round(durationMs)} ms`])].join(' ')
}

function shown(fields: object): string[] {
  return Object.values(fields).flatMap((value) => (value === null || value === undefined ? [] : [String(value)]))
}
