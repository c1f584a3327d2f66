import { aBoolean, aFunction, fields, invalid, listOf, maybe, oneOf, wholeNumber } from './definition-checks.ts'
import { HANDLER_TIMEOUT_MS, LANE_BATCH_EVENTS, RETRY_STEPS_MAX, RETRY_STEP_MAX_MS, RETRY_STEPS_MS } from './limits.ts'

/** How the events of one code are handed on. */
export interface HandlerOptions {
  /** Whole milliseconds, 1 at least; 30,000 when not given. A destination has its own. */
  readonly timeoutMs?: number
  /** Attempts at once over all portals in one process; no limit when not given. */
  readonly concurrency?: number
  /** Milliseconds to wait after the first, second … failure, each up to a fifth more or less; then the event is dead. */
  readonly retryDelaysMs?: readonly number[]
  /** Whether a failure can't pass: then the event is dead at once. Asked of errors that have no final code of their own. */
  readonly isFinal?: (error: unknown) => boolean
  /** What a failing event does until its next try: `block` holds up its lane (the order is kept), `park` lets the lane go on. */
  readonly onFailure?: 'block' | 'park'
  /**
   * Events of this code wait on the portal, in the app's offline queue, and are fetched from there: none is lost while this side is
   * down, and no public address is needed. Equal ones that wait are one. Not for ONAPPINSTALL, ONAPPUPDATE, ONAPPUNINSTALL and
   * ONOFFLINEEVENT.
   */
  readonly offline?: boolean
}

/** Never in an offline queue: of the app's own coming and going, and what announces the queue. */
export type OnlineOnlyCode = 'ONAPPINSTALL' | 'ONAPPUPDATE' | 'ONAPPUNINSTALL' | 'ONOFFLINEEVENT'
const ONLINE_ONLY: readonly string[] = ['ONAPPINSTALL', 'ONAPPUPDATE', 'ONAPPUNINSTALL', 'ONOFFLINEEVENT'] satisfies OnlineOnlyCode[]

/** The options that a code can have. */
export type OptionsOf<Code extends string, Options extends HandlerOptions = HandlerOptions> =
  Code extends OnlineOnlyCode ? Options & { readonly offline?: false } : Options

export interface BatchOptions extends HandlerOptions {
  /** Events handed over together at most; 100 when not given. */
  readonly maxEvents?: number
}

export interface HandlerPolicy {
  readonly timeoutMs: number
  readonly concurrency: number | undefined
  readonly retryDelaysMs: readonly number[]
  readonly isFinal: (error: unknown) => boolean
  readonly onFailure: 'block' | 'park'
  readonly maxEvents: number
  readonly offline: boolean
}

const checkOptions = fields({
  timeoutMs: maybe(wholeNumber(1)),
  concurrency: maybe(wholeNumber(1)),
  retryDelaysMs: maybe(listOf(wholeNumber(0, RETRY_STEP_MAX_MS), RETRY_STEPS_MAX)),
  isFinal: maybe(aFunction),
  onFailure: maybe(oneOf('block', 'park')),
  maxEvents: maybe(wholeNumber(1, LANE_BATCH_EVENTS)),
  offline: maybe(aBoolean),
})

/** Errors: APP_DEFINITION_INVALID with what is wrong. */
export function policyOf(code: string, options: BatchOptions, timeoutMs = HANDLER_TIMEOUT_MS, maxEvents = 1): HandlerPolicy {
  checkOptions(options, `options of ${code}`)
  if (options.offline === true && ONLINE_ONLY.includes(code)) throw invalid(`options of ${code}`, 'it is never in an offline queue')
  return {
    timeoutMs: options.timeoutMs ?? timeoutMs,
    concurrency: options.concurrency,
    retryDelaysMs: options.retryDelaysMs ?? RETRY_STEPS_MS,
    isFinal: options.isFinal ?? (() => false),
    onFailure: options.onFailure ?? 'block',
    maxEvents: options.maxEvents ?? maxEvents,
    offline: options.offline ?? false,
  }
}
