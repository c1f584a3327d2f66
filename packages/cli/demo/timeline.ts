import { printable } from '../printable.ts'
import type { CheckEntry, DemoEntry, EventEntry, StepEntry } from './entries.ts'

/** The timeline as a person reads it. */
export function timelineText(entry: DemoEntry): string {
  switch (entry.kind) {
    case 'started':
      return [
        line('portal', `${entry.portal} (member_id ${entry.memberId})`),
        line('OAuth', entry.oauthServer),
        line('app side', entry.appSide),
        line('store', entry.store),
      ].join('\n')
    case 'step':
      return stepText(entry)
    case 'event':
      return eventText(entry)
    case 'check':
      return checkText(entry)
    case 'result':
      return entry.ok
        ? `\n${offset(entry.atMs)}  All ${entry.checks} checks were seen to hold.`
        : `\n${offset(entry.atMs)}  Not seen:\n${entry.missing.map((missing) => `  - ${missing}`).join('\n')}`
  }
}

const LABEL_WIDTH = 9
const INDENT = ' '.repeat(12)
const SECOND_MS = 1_000

function stepText({ atMs, title, page }: StepEntry): string {
  const heading = `\n${offset(atMs)}  ${title}`
  return page === undefined ? heading : `${heading}\n${INDENT}${line('opened', `${page.url} → ${page.status ?? 'no answer'}`)}`
}

function eventText({ atMs, event, sent, stored, verdict, attempts }: EventEntry): string {
  const lines = [
    line('sent', `${sent.bytes} bytes to handler row ${sent.handlerRow ?? 'unknown'} by queue ${sent.queue}, with ${sent.tokens.join(', ')}`),
    line('answered', `${sent.answer ?? 'nothing'} in ${sent.durationMs ?? '?'} ms`),
    line('verdict', verdict === null ? 'unknown' : [verdict.kind, verdict.proof].filter(Boolean).join(' by ')),
    line('stored', stored === null ? 'not kept' : `${stored.id} at ${stored.receivedAt ?? '?'}, ${[stored.state, stored.reason].filter(Boolean).join(' ')}`),
    ...attempts.flatMap(({ n, outcome, durationMs, error, notes, calls }) => [
      line('handler', `attempt ${n} ${outcome} in ${Math.round(durationMs)} ms${error === undefined ? '' : `: ${error}`}`),
      ...notes.map((note) => line('', `"${note}"`)),
      line('called', calls.length === 0 ? 'nothing' : calls.map((call) => `${call.method}${call.error === undefined ? '' : ` (${call.error})`}`).join(', ')),
    ]),
  ]
  return [`${offset(atMs)}  ${event}`, ...lines.map((text) => `${INDENT}${text}`)].join('\n')
}

function checkText({ ok, check, seen }: CheckEntry): string {
  return `${INDENT}${ok ? '✓' : '✗'} ${check}${seen === undefined ? '' : `; seen: ${printable(seen)}`}`
}

function line(label: string, text: string): string {
  return `${label.padEnd(LABEL_WIDTH)} ${printable(text)}`
}

function offset(ms: number): string {
  return `${(ms / SECOND_MS).toFixed(3).padStart(8)} s`
}
