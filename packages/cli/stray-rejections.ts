import type { Log } from '@portline/runtime/log.ts'
import { textOfThrown } from '@portline/runtime/thrown.ts'
import { currentAttempt } from 'portline/bitrix24/call-recorder.ts'

/**
 * One promise that a handler forgot to wait for would end the process, for all portals, and its event would do so again after each
 * start. It is logged with the event it came from, whose attempt fails if it is still under way. An exception thrown where nobody
 * can catch it (in a timer's callback, say) still ends the process: what it left half done is not known.
 */
export function surviveStrayRejections(log: Log): void {
  process.on('unhandledRejection', (reason) => {
    const attempt = currentAttempt.getStore()
    if (attempt !== undefined) attempt.stray = { reason }
    const { app, memberId: portal, code, id } = attempt?.event ?? {}
    log.error({ app, portal, code, event: id, error: textOfThrown(reason, 'stack') }, 'a promise that nobody waits for was rejected: await it in the handler, so that its event is tried again')
  })
}
