import type { Output } from './output.ts'

const SIGNALS = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const
/** More than the app side gives to running handlers, less than the 30 s after which an orchestrator kills. */
const STOP_WITHIN_MS = 26_000

/**
 * Waits for a signal from the moment it is made, so that one that comes during the start is not lost. A repeated signal
 * (Ctrl-C reaches a child twice) changes nothing, but while the app module loads: its own code may never come to an end.
 */
export class StopSignal {
  readonly received: Promise<void>
  readonly #output: Output
  readonly #withinMs: number
  #signals = 0
  #loading = false
  #stopping = false
  #deadline: NodeJS.Timeout | undefined

  constructor(output: Output, withinMs = STOP_WITHIN_MS) {
    this.#output = output
    this.#withinMs = withinMs
    this.received = new Promise((resolve) => {
      const onSignal = (): void => {
        this.#signals += 1
        if (this.#loading && this.#signals > 1) this.#endNow('Stopped before the app module was loaded.')
        if (this.#loading) output.err('The app module is still loading; a second signal does not wait for it.')
        this.#limit()
        resolve()
      }
      for (const signal of SIGNALS) process.on(signal, onSignal)
      if (process.env['npm_command'] === 'exec') onParentGone(onSignal)
    })
  }

  async whileLoading<Loaded>(loading: Promise<Loaded>): Promise<Loaded> {
    this.#loading = true
    try {
      return await loading
    } finally {
      this.#loading = false
    }
  }

  /** A server whose store has died refuses every event: it ends, so that whoever looks after it starts it again. */
  endWith(gone: Promise<void> | undefined): void {
    void gone?.then(() => {
      if (this.#stopping) return
      this.#endNow('error STORE_UNAVAILABLE: the store thread died. What was answered 200 is on disk and goes on at the next start.')
    })
  }

  /** All parts in their order, also those after one that failed; its error is thrown in the end. */
  async stop(parts: readonly (() => Promise<void>)[]): Promise<void> {
    this.#stopping = true
    this.#limit()
    const failures: unknown[] = []
    for (const part of parts) await part().catch((error: unknown) => void failures.push(error))
    // Whoever is left holds the process no longer: see endProcess.
    clearTimeout(this.#deadline)
    if (failures.length > 0) throw failures[0]
  }

  /** From the first signal on: a start may come to no end either. */
  #limit(): void {
    this.#deadline ??= setTimeout(() => {
      this.#endNow(`Not stopped within ${this.#withinMs} ms. What was answered 200 is on disk and goes on at the next start.`)
    }, this.#withinMs)
  }

  #endNow(why: string): void {
    this.#output.err(why)
    process.exit(1)
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
