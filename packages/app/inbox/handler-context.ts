import type { B24OAuth } from '@bitrix24/b24jssdk'
import type { AppEvent, AppInstallation, BatchContext, HandlerContext } from '../define-app.ts'
import { raisedAtMs } from '../raised-at.ts'
import type { Installation, StoredEvent } from '../store/port.ts'
import type { LazySignal } from './deadline.ts'

/** What a handler is given. Client and signal are made when they are asked for. */
export interface ContextParts {
  readonly events: readonly AppEvent<string>[]
  readonly installation: Installation
  readonly b24: () => B24OAuth | undefined
  readonly note: (text: string) => void
  readonly lazy: LazySignal
}

export class EventContext {
  readonly events: readonly AppEvent<string>[]
  readonly note: (text: string) => void
  readonly #parts: ContextParts

  constructor(parts: ContextParts) {
    this.#parts = parts
    this.events = parts.events
    this.note = parts.note
  }

  get event(): AppEvent<string> | undefined {
    return this.events[0]
  }

  get installation(): AppInstallation {
    return appInstallationOf(this.#parts.installation)
  }

  get b24(): B24OAuth | undefined {
    return this.#parts.b24()
  }

  get signal(): AbortSignal {
    return this.#parts.lazy.signal
  }

  /** As the handler of one event sees it: its event's code decides whether there is a client. */
  forOne(): HandlerContext<string> {
    return this as unknown as HandlerContext<string>
  }

  forBatch(): BatchContext<string> {
    return this as unknown as BatchContext<string>
  }
}

export function appEventOf(event: StoredEvent, data: StoredEvent['data'], userId: string | undefined): AppEvent<string> {
  const raised = raisedAtMs(event.ts)
  const appEvent: { -readonly [Field in keyof AppEvent<string>]: AppEvent<string>[Field] } = {
    id: event.id,
    code: event.code,
    data,
    receivedAt: new Date(event.receivedAtMs),
    attempt: event.attempts + 1,
  }
  if (raised !== undefined) appEvent.raisedAt = new Date(raised)
  if (userId !== undefined) appEvent.userId = userId
  if (event.duplicateOf !== undefined) appEvent.duplicateOf = event.duplicateOf
  return appEvent
}

function appInstallationOf({ memberId, domain, status, version, language, appStatus }: Installation): AppInstallation {
  return {
    memberId,
    domain,
    status,
    ...(version === undefined ? {} : { version }),
    ...(language === undefined ? {} : { language }),
    ...(appStatus === undefined ? {} : { appStatus }),
  }
}
