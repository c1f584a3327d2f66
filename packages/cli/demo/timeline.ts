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
/** Of what was there instead; `--json` has it whole. */
const SHOWN_CHARS = 200

function stepText({ atMs, title, page }: StepEntry): string {
  const heading = `\n${offset(atMs)}  ${title}`
  return page === undefined ? heading : `${heading}\n${INDENT}${line('opened', `${page.url} → ${page.status ?? 'no answer'}`)}`
}

function eventText({ atMs, event, sent, stored, verdict, attempts }: EventEntry): string {
  const lines = [
    line('sent', `${sent.bytes} bytes to handler row ${sent.handlerRow ?? '?'}, queue ${sent.queue}, ${tokensText(sent.tokens)}`),
    line('answered', `${sent.answer ?? 'nothing'} in ${sent.durationMs ?? '?'} ms`),
    line('verdict', verdict === null ? 'unknown' : [verdict.kind, verdict.proof].filter(Boolean).join(' by ')),
    line('stored', storedText(stored)),
    ...attempts.flatMap(({ n, outcome, durationMs, error, notes, calls }) => [
      line('handler', `attempt ${n} ${outcome} in ${Math.round(durationMs)} ms${error === undefined ? '' : `: ${error}`}`),
      ...notes.map((note) => line('', `"${note}"`)),
      line('called', calls.map(callText).join(', ') || 'nothing'),
    ]),
  ]
  return [`${offset(atMs)}  ${event}`, ...lines.map((text) => `${INDENT}${text}`)].join('\n')
}

function storedText(stored: EventEntry['stored']): string {
  return stored === null ? 'not kept' : [stored.id, stored.receivedAt, stored.state, stored.reason].filter(Boolean).join(', ')
}

function callText({ method, error }: { readonly method: string; readonly error?: string }): string {
  return error === undefined ? method : `${method} (${error})`
}

function tokensText(tokens: readonly string[]): string {
  return tokens.includes('access_token') ? `with ${tokens.join(', ')}` : `token-less but for ${tokens.join(', ') || 'nothing'}`
}

function checkText({ ok, check, seen }: CheckEntry): string {
  return `${INDENT}${ok ? '✓' : '✗'} ${check}${seen === undefined ? '' : `; seen: ${printable(seen.slice(0, SHOWN_CHARS))}`}`
}

function line(label: string, text: string): string {
  return `${label.padEnd(LABEL_WIDTH)} ${printable(text)}`
}

function offset(ms: number): string {
  return `${(ms / SECOND_MS).toFixed(3).padStart(8)} s`
}
