import type { Output } from './output.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/** More than the app side gives to running handlers, less than the 30 s after which an orchestrator kills. */
const STOP_WITHIN_MS = 26_000

/**
 * Waits for a signal from the moment it is made, so that one that comes during the start is not lost. A repeated signal
 * (Ctrl-C reaches a child twice) changes nothing.
 */
export class StopSignal {
  readonly received: Promise<void>
  #stopping = false

  constructor() {
    this.received = new Promise((resolve) => {
      for (const signal of SIGNALS) process.on(signal, () => resolve())
      if (process.env['npm_command'] === 'exec') onParentGone(resolve)
    })
  }

  /** A server whose store has died refuses every event: it ends, so that whoever looks after it starts it again. */
  endWith(gone: Promise<void> | undefined, output: Output): void {
    void gone?.then(() => {
      if (this.#stopping) return
      output.err('error STORE_UNAVAILABLE: the store thread died. What was answered 200 is on disk and goes on at the next start.')
      process.exit(1)
    })
  }

  async stop(output: Output, parts: readonly (() => Promise<void>)[]): Promise<void> {
    this.#stopping = true
    const deadline = setTimeout(() => {
      output.err(`Not stopped within ${STOP_WITHIN_MS} ms. What was answered 200 is on disk and goes on at the next start.`)
      process.exit(1)
    }, STOP_WITHIN_MS)
    for (const part of parts) await part()
    clearTimeout(deadline)
  }
}

const PARENT_CHECK_MS = 200

/**
 * npx hands a signal to the shell between it and us, and that shell dies of it without a word: its death is the signal.
 * Started by anything else the parent may come and go, as it does for a service.
 */
function onParentGone(stop: () => void): void {
  const parent = process.ppid
  const check = setInterval(() => {
    if (process.ppid === parent) return
    clearInterval(check)
    stop()
  }, PARENT_CHECK_MS)
  check.unref()
}
