import type { EventCode } from '@portline/wire/events/catalogue.ts'
import { defineApp } from 'portline'
import type { App, AppEvent, DuplicateMode, HandlerContext } from 'portline'
import type { B24OAuth } from '@bitrix24/b24jssdk'
import { RetryLater } from 'portline'
import type { BatchOptions } from 'portline/handler-options.ts'
import { callRest } from 'portline/bitrix24/call-rest.ts'
import { NotNow } from 'portline/destinations/delivery-error.ts'
import type { History, Outcome } from '../history.ts'
import type { Life, Timeline } from '../world/timeline.ts'

/** What a handler does at one attempt; times in milliseconds. */
export type Step =
  | { readonly does: 'succeed'; readonly ms: number }
  | { readonly does: 'succeed at once' }
  | { readonly does: 'throw at once' }
  | { readonly does: 'throw for good' }
  | { readonly does: 'throw'; readonly ms: number }
  | { readonly does: 'ask for later'; readonly ms: number }
  /** Not an attempt: what it would be given to is not to be had. */
  | { readonly does: 'not now'; readonly ms: number }
  | { readonly does: 'never end' }
  /** Goes on in the background and succeeds when nobody counts on it. */
  | { readonly does: 'end too late'; readonly ms: number }
  | { readonly does: 'call REST' }
  /** At the next turn of the event loop, as an exception that nobody can catch. */
  | { readonly does: 'end the process' }
  /** Of several events, takes some and fails at the next. */
  | { readonly does: 'take some'; readonly ms: number }

/** By mark: what the handler does at the first attempt, the second …; then it succeeds. */
export interface Plans {
  readonly stepsOf: (mark: string) => readonly Step[]
  /** Asked for later without an attempt so many times: remembered over crashes, or nobody would ever get past it. */
  readonly notNows: Map<string, number>
}

export interface HandlerParts {
  readonly timeline: Timeline
  readonly life: Life
  readonly process: number
  readonly history: History
  readonly plans: Plans
  readonly nextRun: () => number
  readonly die: () => void
}

const RETRY_MS = [300, 1_500, 15_000, 45_000]
const PATIENT_MS = [1_000, 5_000, 20_000, 60_000, 60_000, 120_000, 120_000, 300_000]
const TIMEOUT_MS = 2_000
const DUPLICATE_WINDOW_MS = 15_000
/** At once, over one portal's client. */
const CALLS = 3

/** Code → how its events are handed on. Each is another way through the app side. */
export const HANDLED: Readonly<Record<string, BatchOptions & { readonly batch?: true }>> = {
  ONAPPINSTALL: { retryDelaysMs: PATIENT_MS },
  ONAPPUPDATE: { retryDelaysMs: PATIENT_MS },
  ONAPPUNINSTALL: { retryDelaysMs: PATIENT_MS },
  ONAPPTEST: { retryDelaysMs: RETRY_MS, timeoutMs: TIMEOUT_MS },
  ONTASKADD: { retryDelaysMs: RETRY_MS, timeoutMs: TIMEOUT_MS, onFailure: 'park' },
  ONTASKUPDATE: { retryDelaysMs: RETRY_MS, timeoutMs: TIMEOUT_MS, batch: true, maxEvents: 5 },
  ONUSERADD: { retryDelaysMs: RETRY_MS, timeoutMs: TIMEOUT_MS, concurrency: 1 },
  ONIMBOTMESSAGEADD: { retryDelaysMs: RETRY_MS, timeoutMs: TIMEOUT_MS, batch: true, maxEvents: 3, onFailure: 'park' },
}
/** Nobody handles it: the app side alone does. */
export const UNHANDLED = 'ONIMCONNECTORLINEDELETE'

class Hopeless extends Error {}

class TookSome extends Error {
  readonly delivered: number

  constructor(delivered: number) {
    super(`took ${delivered}`)
    this.delivered = delivered
  }
}

export function appOf(name: string, duplicates: DuplicateMode, parts: HandlerParts): App {
  const app = defineApp({ name, duplicates, duplicateWindowMs: DUPLICATE_WINDOW_MS })
  for (const [code, { batch, ...options }] of Object.entries(HANDLED)) {
    const all = { ...options, isFinal: (error: unknown) => error instanceof Hopeless }
    const eventCode = code as EventCode
    if (batch === true) app.onBatch(eventCode, ({ events, installation, signal, b24 }) => handle(parts, name, code, installation.memberId, events, signal, b24), all)
    else {
      const { maxEvents: _, ...own } = all
      app.on(eventCode, (context: HandlerContext<string>) => {
        const { event, installation, signal, b24 } = context
        return handle(parts, name, code, installation.memberId, [event], signal, b24)
      }, own)
    }
  }
  return app
}

function markOf(data: unknown): string {
  return typeof data === 'object' && data !== null && 'MARK' in data ? String(data.MARK) : ''
}

function handle(
  { timeline, life, process, history, plans, nextRun, die }: HandlerParts,
  app: string,
  code: string,
  memberId: string,
  events: readonly AppEvent<string>[],
  signal: AbortSignal,
  b24: B24OAuth | undefined,
): Promise<void> | void {
  const run = nextRun()
  const marks = events.map(({ data }) => markOf(data))
  history.add({
    kind: 'started', process, run, app, memberId, code,
    events: events.map(({ id, data, attempt, userId }, index) => ({ id, mark: marks[index] ?? '', data, attempt, ...(userId === undefined ? {} : { userId }) })),
  })
  const failed: Outcome = HANDLED[code]?.onFailure === 'park' ? 'parks' : 'blocks'
  let over = false
  const end = (outcome: Outcome, delivered = 0, error?: string): void => {
    if (over) return
    over = true
    history.add({ kind: 'ended', process, run, outcome, delivered, ...(error === undefined ? {} : { error }) })
  }
  const first = marks[0] ?? ''
  const steps = events.map(({ attempt }, index) => stepOf(plans, marks[index] ?? '', attempt))
  const step = steps.find(({ does }) => does === 'end the process') ?? steps[0] ?? { does: 'succeed at once' }
  if (step.does === 'succeed at once') return end('done')
  if (step.does === 'throw at once' || step.does === 'throw for good') {
    end(step.does === 'throw for good' ? 'final' : failed)
    throw step.does === 'throw for good' ? new Hopeless('hopeless') : new Error('failed at once')
  }
  signal.addEventListener('abort', () => end(failed))
  const wait = (ms: number): Promise<void> => new Promise((resolve) => timeline.after(life, ms, resolve))
  const fail = (error: Error, delivered = 0): never => {
    end(failed, delivered)
    throw error
  }
  const work = async (): Promise<void> => {
    switch (step.does) {
      case 'never end':
        return new Promise<void>(() => {})
      case 'end the process':
        timeline.after(life, 0, die)
        return new Promise<void>(() => {})
      case 'throw':
        await wait(step.ms)
        return fail(new Error('failed'))
      case 'ask for later':
        await wait(1)
        return fail(new RetryLater(step.ms))
      case 'not now':
        plans.notNows.set(first, (plans.notNows.get(first) ?? 0) + 1)
        await wait(1)
        return fail(new NotNow('what it needs', timeline.now() + step.ms))
      case 'take some': {
        await wait(step.ms)
        const delivered = Math.min(Math.floor(events.length / 2), events.length - 1)
        return fail(new TookSome(delivered), delivered)
      }
      case 'call REST':
        if (b24 === undefined) break
        try {
          await Promise.all(Array.from({ length: CALLS }, () => callRest(b24, 'event.get')))
        } catch (error) {
          const known = typeof error === 'object' && error !== null && 'code' in error ? String(error.code) : 'UNKNOWN'
          end(FINAL_CODES.has(known) ? 'final' : failed, 0, known)
          throw error
        }
        break
      default:
        await wait(step.ms)
    }
    end('done')
  }
  return work()
}

const FINAL_CODES = new Set(['TOKENS_DEAD', 'TOKENS_MISSING', 'INSTALLATION_DELETED'])

/** What follows `not now` is the same attempt again. */
function stepOf({ stepsOf, notNows }: Plans, mark: string, attempt: number): Step {
  const steps = stepsOf(mark)
  const before = steps.filter(({ does }) => does === 'not now').length
  const used = Math.min(before, notNows.get(mark) ?? 0)
  const rest = steps.filter(({ does }) => does !== 'not now')
  if (used < before) return steps.filter(({ does }) => does === 'not now')[used] ?? { does: 'succeed at once' }
  return rest[attempt - 1] ?? { does: 'succeed at once' }
}
