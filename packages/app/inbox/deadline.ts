import type { Clock } from '@portline/runtime/clock.ts'
import { CodedError } from '@portline/wire/errors.ts'

/** A signal that costs nothing until somebody looks at it, and most handlers never do. */
export class LazySignal {
  #controller: AbortController | undefined
  #reason: Error | undefined

  get signal(): AbortSignal {
    if (this.#controller === undefined) {
      this.#controller = new AbortController()
      if (this.#reason !== undefined) this.#controller.abort(this.#reason)
    }
    return this.#controller.signal
  }

  abort(reason: Error): void {
    this.#reason = reason
    this.#controller?.abort(reason)
  }
}

/** A handler that doesn't heed its signal goes on in the background; its lane does not wait for it. Errors: HANDLER_TIMEOUT. */
export async function withDeadline(clock: Clock, timeoutMs: number, lazy: LazySignal, task: () => Promise<void> | void): Promise<void> {
  const returned: unknown = task()
  // Query builders return what can be awaited and is no Promise.
  if (!isThenable(returned)) return
  const running = Promise.resolve(returned)
  let timer = { cancel: (): void => {} }
  const late = new Promise<never>((_resolve, reject) => {
    timer = clock.setTimer(timeoutMs, () => {
      const error = new CodedError('HANDLER_TIMEOUT', `the handler ran longer than ${timeoutMs} ms`)
      // First of all, so that a handler that ends because of the signal does not pass for one that ended in time.
      reject(error)
      lazy.abort(error)
    })
  })
  try {
    await Promise.race([running, late])
  } finally {
    timer.cancel()
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return typeof value === 'object' && value !== null && 'then' in value && typeof value.then === 'function'
}
