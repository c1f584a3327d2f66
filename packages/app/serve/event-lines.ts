import { CodedError, ERROR_TABLE } from '@portline/wire/errors.ts'
import type { ErrorCode } from '@portline/wire/errors.ts'
import type { FormValue } from '@portline/wire/form/value.ts'
import { z } from 'zod'
import type { EventRecord, ImportedEvent } from '../store/keeping.ts'
import type { Attempt, StoredEvent } from '../store/port.ts'
import { underActiveKey } from '../tokens/reseal.ts'
import { authPurpose, openParts, sealParts } from '../tokens/sealed-event.ts'
import type { Sealer } from '../tokens/sealer.ts'
import type { InstallationMark } from './imported-generation.ts'

/** An event with its attempts as one line of JSON (NDJSON), and back. What has no value is left out. */

/** With a sealer the auth block goes along, sealed for this event alone: in the store it may share a seal with hundreds of others. */
export function lineOf({ event, attempts }: EventRecord, sealer: Sealer | undefined, installation: InstallationMark | undefined): string {
  const { sealed, unopened } = sealer === undefined || event.auth.length === 0 ? NO_SEAL : sealOf(event, sealer)
  return onOneLine(JSON.stringify({
    id: event.id, app: event.app, portal: event.memberId, event: event.code, handlerId: event.handlerId, ts: event.ts, data: event.data,
    state: event.state, reason: event.reason, proof: event.proof, generation: event.generation, installation,
    receivedAt: iso(event.receivedAtMs), provenAt: iso(event.provenAtMs), dueAt: iso(event.dueAtMs), parked: event.parked,
    finishedAt: iso(event.finishedAtMs), replayedAt: iso(event.replayedAtMs), attemptsBefore: event.attemptsBefore,
    duplicateOf: event.duplicateOf, attempts: event.attempts, attemptLog: attempts.length === 0 ? undefined : attempts.map(attemptOf), sealed, unopened,
  }))
}

/** JSON may hold them as they are; to many a reader of lines they are ends of a line. */
const SEPARATORS: Readonly<Record<string, string>> = { '\u2028': '\\u2028', '\u2029': '\\u2029' }

function onOneLine(json: string): string {
  return json.replaceAll(/[\u2028\u2029]/g, (separator) => SEPARATORS[separator] ?? '')
}

interface LineSeal {
  readonly sealed: string | undefined
  readonly unopened: true | undefined
}

const NO_SEAL: LineSeal = { sealed: undefined, unopened: undefined }
/** How a line ends whose auth block is left out because no key opens it; no text that stands in an event can look like that. */
export const UNOPENED_END = ',"unopened":true}'

/** One that was damaged, or that a lost key sealed, must not keep all the others from being saved. */
function sealOf(event: StoredEvent, sealer: Sealer): LineSeal {
  try {
    const opened = openParts(sealer, event)
    const auth = event.authShared === true ? sealParts(sealer, event, opened).auth : event.auth
    return { sealed: Buffer.from(auth).toString('base64'), unopened: undefined }
  } catch (error) {
    if (error instanceof CodedError && error.code === 'KEY_INVALID') return { sealed: undefined, unopened: true }
    throw error
  }
}

function attemptOf({ n, startedAtMs, durationMs, outcome, error, calls, notes }: Attempt): object {
  return {
    n, startedAt: iso(startedAtMs), durationMs, outcome, error,
    ...(calls.length === 0 ? {} : { calls }), ...(notes.length === 0 ? {} : { notes }),
  }
}

function iso(ms: number | undefined): string | undefined {
  return ms === undefined ? undefined : new Date(ms).toISOString()
}

const time = z.iso.datetime().transform((text) => Date.parse(text))
const count = z.int().min(0)
/** Of an export from before negative ones were prevented: the clock had been set back meanwhile. */
const duration = z.int().transform((ms) => Math.max(0, ms))
const text = z.string().min(1)
const code = z.custom<ErrorCode>((value) => typeof value === 'string' && Object.hasOwn(ERROR_TABLE, value), 'is no code of the error table')
const data = z.custom<FormValue>((value) => isFormValue(value), 'is not made of strings, lists and maps')

const attemptSchema = z.strictObject({
  n: z.int().min(1), startedAt: time, durationMs: duration, outcome: z.enum(['done', 'failed']),
  error: z.strictObject({ code: text, message: z.string() }).optional(),
  calls: z.array(z.strictObject({ method: z.string(), durationMs: duration, error: z.string().optional() })).default([]),
  notes: z.array(z.string()).default([]),
})
const eventSchema = z.strictObject({
  id: text, app: text, portal: text, event: text, handlerId: z.string().optional(), ts: z.string().optional(), data: data.optional(),
  state: z.enum(['held', 'pending', 'done', 'dead']), reason: code.optional(), proof: z.enum(['application_token', 'access_token', 'installer', 'own_token']).optional(),
  generation: count, installation: z.enum(['current', 'former']).optional(), receivedAt: time, provenAt: time.optional(), dueAt: time.optional(), parked: z.literal(true).optional(),
  finishedAt: time.optional(), replayedAt: time.optional(), attemptsBefore: count.optional(), duplicateOf: text.optional(), attempts: count,
  attemptLog: z.array(attemptSchema).default([]), sealed: z.base64().optional(), unopened: z.literal(true).optional(),
})

/** No event is that deep, and what reads one calls itself at every level. */
const MAX_DEPTH = 1_000

function isFormValue(value: unknown, depth = 0): boolean {
  if (typeof value === 'string') return true
  return typeof value === 'object' && value !== null && depth < MAX_DEPTH && Object.values(value).every((inner) => isFormValue(inner, depth + 1))
}

export interface EventLine {
  readonly record: ImportedEvent
  /** Absent in what older versions wrote, and of what nothing has proven. */
  readonly mark: InstallationMark | undefined
  /** It left without its auth block, which no key opened. */
  readonly unopened: boolean
}

/** Errors: IMPORT_INVALID with the line's number; so too for what the key at hand does not open. */
export function recordOf(line: string, number: number, sealer: Sealer | undefined): EventLine {
  const parsed = eventSchema.safeParse(jsonOf(line, number))
  if (!parsed.success) throw invalid(number, z.prettifyError(parsed.error).replaceAll('\n', ' '))
  const { sealed, unopened = false, installation: mark, portal: memberId, event: eventCode, receivedAt, provenAt, dueAt, finishedAt, replayedAt, attemptLog, ...same } = parsed.data
  const auth = Buffer.from(sealed ?? '', 'base64')
  const fields = { ...same, memberId, code: eventCode, auth, receivedAtMs: receivedAt, provenAtMs: provenAt, dueAtMs: dueAt, finishedAtMs: finishedAt, replayedAtMs: replayedAt }
  const event = Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== undefined)) as unknown as ImportedEvent['event']
  const attempts = attemptLog.map(({ startedAt, error, calls, ...rest }) => ({ ...rest, startedAtMs: startedAt, calls: calls.map(callOf), ...(error === undefined ? {} : { error }) }))
  if (auth.length === 0) return { record: { event, attempts }, mark, unopened }
  // Taken unseen it would be found out when its event runs, by nobody who still has the right key.
  if (sealer === undefined) throw invalid(number, 'its auth block is sealed, and no key is at hand to try it: set PORTLINE_KEY, or put sealing.key into the folder')
  demandOpens(sealer, event, number)
  return { record: { event: { ...event, auth: underActiveKey(sealer, authPurpose(event), auth) }, attempts }, mark, unopened }
}

function callOf({ error, ...call }: { method: string; durationMs: number; error?: string | undefined }) {
  return error === undefined ? call : { ...call, error }
}

function demandOpens(sealer: Sealer, event: ImportedEvent['event'], number: number): void {
  try {
    openParts(sealer, event)
  } catch {
    throw invalid(number, 'its auth block was sealed with another key')
  }
}

function jsonOf(line: string, number: number): unknown {
  try {
    return JSON.parse(line)
  } catch {
    throw invalid(number, 'it is no JSON')
  }
}

function invalid(number: number, problem: string): CodedError {
  return new CodedError('IMPORT_INVALID', `line ${number}: ${problem}`)
}
