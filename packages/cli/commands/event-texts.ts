import type { EventDetail, EventView } from '../operator-api.ts'
import { facts, table } from '../tables.ts'

export function eventsTable(events: readonly EventView[]): string {
  const rows = events.map(({ id, receivedAt, event, portal, state, attempts, reason }) =>
    [id, receivedAt ?? '', event, portal, state, String(attempts), reason ?? ''])
  return table(['ID', 'RECEIVED', 'EVENT', 'PORTAL', 'STATE', 'ATTEMPTS', 'REASON'], rows)
}

export function eventDetailText(event: EventDetail): string {
  const head = facts([
    ['id', event.id], ['event', event.event], ['app', event.app], ['portal', event.portal], ['state', event.state],
    ['reason', event.reason], ['duplicate of', event.duplicateOf], ['next attempt', event.dueAt], ['waits for', event.waitsFor], ['verdict', event.verdict], ['proven by', event.proof],
    ['handler row', event.handlerId], ['ts', event.ts], ['data', JSON.stringify(event.data, null, 2)],
  ])
  const history = event.history.map((step) => [step.at ?? '', stepText(step)])
  return [head, table(['AT', 'WHAT HAPPENED'], history), ...event.attemptLog.map(attemptText)].join('\n\n')
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
