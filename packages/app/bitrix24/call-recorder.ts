import { AsyncLocalStorage } from 'node:async_hooks'
import type { ErrorCode } from '@portline/wire/errors.ts'
import { ATTEMPT_RECORDS, ATTEMPT_TEXT_LENGTH } from '../limits.ts'
import type { CallRecord, ListedEvent } from '../store/port.ts'

/** What one attempt did, as it goes into its record. Beyond the limit further calls and notes are left out of it. */
export class AttemptRecorder {
  readonly calls: CallRecord[] = []
  readonly notes: string[] = []
  /** Why the portal refuses every call, if one was answered so. */
  refusal: ErrorCode | undefined
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
