import { AsyncLocalStorage } from 'node:async_hooks'
import { ATTEMPT_RECORDS, ATTEMPT_TEXT_LENGTH } from '../limits.ts'
import type { CallRecord, ListedEvent } from '../store/port.ts'
import type { PortalRefusal } from '../tokens/portal-refusal.ts'
import { RestError } from './call-rest.ts'

/** What one attempt did, as it goes into its record. Beyond the limit further calls and notes are left out of it. */
export class AttemptRecorder {
  readonly calls: CallRecord[] = []
  readonly notes: string[] = []
  /** Why the portal refuses every call, if its last answer said so. */
  refusal: PortalRefusal | undefined
  /** What a promise of its own was rejected with that nobody waits for: it has failed, whatever else it comes to. */
  stray: { readonly reason: unknown } | undefined
  /** The first event it is about. */
  readonly event: Pick<ListedEvent, 'id' | 'app' | 'memberId' | 'code'> | undefined

  constructor(event?: Pick<ListedEvent, 'id' | 'app' | 'memberId' | 'code'>) {
    this.event = event
  }

  call(record: CallRecord): void {
    if (this.calls.length < ATTEMPT_RECORDS) this.calls.push(record)
  }

  note(text: string): void {
    if (this.notes.length < ATTEMPT_RECORDS) this.notes.push(text.slice(0, ATTEMPT_TEXT_LENGTH))
  }
}

/** A portal's client is shared; a call belongs to the attempt in whose async context it was made. */
export const currentAttempt = new AsyncLocalStorage<AttemptRecorder>()

/** The very errors by which calls were refused that a portal refuses to everybody. Not told by their words: another service may say the same. */
const refusals = new WeakMap<object, PortalRefusal>()
/** AjaxError, AxiosError, and what somebody wrapped around them. */
const DEEPEST = 5

export function markRefusal(error: object, refusal: PortalRefusal): void {
  refusals.set(error, refusal)
}

/**
 * Why the portal refuses every call, if that is what was thrown or what caused it. `own`: whoever threw it put an error of their own
 * before it; the SDK's and ours do not count as such.
 */
export function refusalBehind(thrown: unknown): { readonly refusal: PortalRefusal; readonly own: boolean } | undefined {
  let [current, own] = [thrown, false]
  for (let depth = 0; depth < DEEPEST && typeof current === 'object' && current !== null; depth++) {
    const refusal = refusals.get(current)
    if (refusal !== undefined) return { refusal, own }
    own ||= !('originalError' in current) && !(current instanceof RestError)
    current = 'originalError' in current ? current.originalError : 'cause' in current ? current.cause : undefined
  }
  return undefined
}
