import type { Clock } from '@portline/runtime/clock.ts'
import type { Random } from '@portline/runtime/random.ts'
import { CodedError, isFinal } from '@portline/wire/errors.ts'
import type { ErrorCode } from '@portline/wire/errors.ts'
import { AttemptRecorder, currentAttempt } from '../bitrix24/call-recorder.ts'
import { codedCauseOf } from '../bitrix24/call-rest.ts'
import type { RestClients } from '../bitrix24/rest-clients.ts'
import type { App, AppInstallation, HandlerContext } from '../define-app.ts'
import { asksToClean, runLifecycleStep } from '../installations/lifecycle.ts'
import type { LifecycleParts } from '../installations/lifecycle.ts'
import { ATTEMPT_TEXT_LENGTH, HANDLER_TIMEOUT_MS } from '../limits.ts'
import type { Attempt, Installation, Settlement, StoredEvent } from '../store/port.ts'
import { retryDelayMs } from './retry.ts'
import { openParts } from '../tokens/sealed-event.ts'

/** One attempt at one event: the app side's own step, then the app's handler, then what became of it. */
export interface RunEventParts extends LifecycleParts {
  readonly appOf: (name: string) => App | undefined
  readonly rest: RestClients
  readonly clock: Clock
  readonly random: Random
}

export async function runEvent(parts: RunEventParts, event: StoredEvent): Promise<Settlement> {
  const { clock, installations } = parts
  const recorder = new AttemptRecorder()
  const startedAtMs = clock.now()
  const failure = await currentAttempt.run(recorder, () => runOnce(parts, event, recorder)).then(
    () => undefined,
    (error: unknown) => failureOf(error),
  )
  const record: Attempt = {
    n: event.attempts + 1,
    startedAtMs,
    durationMs: clock.now() - startedAtMs,
    outcome: failure === undefined ? 'done' : 'failed',
    ...(failure === undefined ? {} : { error: { code: failure.code, message: failure.message.slice(0, ATTEMPT_TEXT_LENGTH) } }),
    calls: recorder.calls,
    notes: recorder.notes,
  }
  const settlement = verdictOn(parts, event, record, failure)
  // Before it is settled: a crash in between runs the uninstall once more and never leaves data behind.
  if (settlement.state !== 'pending' && asksToClean(event)) await installations.erase(event)
  return settlement
}

async function runOnce(parts: RunEventParts, event: StoredEvent, recorder: AttemptRecorder): Promise<void> {
  const { installations, rest, appOf, sealer } = parts
  const app = appOf(event.app)
  const known = installations.known(event)
  if (app === undefined || known === undefined) throw new CodedError(app === undefined ? 'APP_UNKNOWN' : 'PORTAL_UNKNOWN')
  // What was meant for a former installation must not touch the one that came after it.
  if (known.generation !== event.generation) throw new CodedError('FORMER_INSTALLATION')
  const { auth, data } = openParts(sealer, event)
  const note = (text: string): void => recorder.note(text)
  const installation = await runLifecycleStep(parts, { app, event, installation: known, auth, note, b24: () => rest.ofPortal(known) })
  const handler = app.handlerOf(event.code)
  if (handler === undefined) return
  const b24 = event.code === 'ONAPPUNINSTALL' ? undefined : await rest.ofPortal(installation)
  await withTimeout(parts.clock, handler.timeoutMs, async (signal) => {
    await handler.run({
      event: appEventOf(event, data, auth.user_id),
      installation: appInstallationOf(installation),
      b24,
      note,
      signal,
    } as HandlerContext<string>)
  })
}

function verdictOn(
  { installations, clock, random }: RunEventParts,
  event: StoredEvent,
  attempt: Attempt,
  failure: Failure | undefined,
): Settlement {
  const nowMs = clock.now()
  const result = { id: event.id, attempt, atMs: nowMs }
  if (failure === undefined) return { ...result, state: 'done' }
  if (failure.final) return { ...result, state: 'dead', reason: failure.code }
  const uninstalled = event.code !== 'ONAPPUNINSTALL' && installations.known(event)?.status === 'deleted'
  if (uninstalled) return { ...result, state: 'dead', reason: 'INSTALLATION_DELETED' }
  const delayMs = retryDelayMs(attempt.n, random)
  if (delayMs === undefined) return { ...result, state: 'dead', reason: 'ATTEMPTS_EXHAUSTED' }
  return { ...result, state: 'pending', reason: failure.code, dueAtMs: nowMs + delayMs }
}

interface Failure {
  readonly code: ErrorCode
  readonly message: string
  readonly final: boolean
}

function failureOf(error: unknown): Failure {
  const coded = codedCauseOf(error)
  if (coded !== undefined) return { code: coded.code, message: coded.message, final: isFinal(coded.code) }
  const code = typeof error === 'object' && error !== null && 'code' in error ? `${String(error.code)}: ` : ''
  return { code: 'HANDLER_FAILED', message: `${code}${error instanceof Error ? error.message : String(error)}`, final: false }
}

/** A handler that doesn't heed its signal goes on in the background; its lane does not wait for it. */
function withTimeout(clock: Clock, timeoutMs: number, task: (signal: AbortSignal) => Promise<void>): Promise<void> {
  const controller = new AbortController()
  return new Promise((resolve, reject) => {
    const timer = clock.setTimer(timeoutMs, () => {
      const error = new CodedError('HANDLER_TIMEOUT', `the handler ran longer than ${timeoutMs} ms`)
      controller.abort(error)
      reject(error)
    })
    task(controller.signal).then(resolve, reject).finally(() => timer.cancel())
  })
}

const SECOND_MS = 1_000

function appEventOf(event: StoredEvent, data: StoredEvent['data'], userId: string | undefined): HandlerContext<string>['event'] {
  const raisedAtMs = Number(event.ts) * SECOND_MS
  return {
    id: event.id,
    code: event.code,
    data,
    receivedAt: new Date(event.receivedAtMs),
    attempt: event.attempts + 1,
    ...(Number.isFinite(raisedAtMs) ? { raisedAt: new Date(raisedAtMs) } : {}),
    ...(userId === undefined ? {} : { userId }),
  }
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

/** The longest an attempt of this app may take: what its lane's lease has to outlive. */
export function longestRunMs(app: App | undefined): number {
  const timeouts = (app?.codes ?? []).map((code) => app?.handlerOf(code)?.timeoutMs ?? 0)
  return Math.max(HANDLER_TIMEOUT_MS, ...timeouts)
}
