import { createRequire } from 'node:module'
import { fileURLToPath } from 'node:url'
import type * as sdkModule from '@bitrix24/b24jssdk'
import { CodedError } from '@portline/wire/errors.ts'

/**
 * The SDK is loaded with the first client: it is the largest thing the app side loads, 30 MB of memory, and an app whose events need no
 * client has none of it.
 *
 *     none ──now()──> loaded
 *       └──now() in the very moment in which the app imports it itself──> importing, whoever asked is to come again ──> loaded
 *
 * All at once, because a handler has its client without waiting; and the file that an import statement would load, so that an error is an
 * instance of the same class for an app that imports the SDK too.
 */
export type Sdk = typeof sdkModule

/** An import takes a third of a second at most. */
const AGAIN_MS = 100

/** There is no client in this very moment. Worth coming back at `retryAtMs`; no attempt of the event's. */
export class SdkImporting extends CodedError {
  readonly retryAtMs: number

  constructor(nowMs: number) {
    super('REST_FAILED', 'the SDK is just being imported')
    this.retryAtMs = nowMs + AGAIN_MS
  }
}

export class LazySdk {
  #loaded: Sdk | undefined

  /** Errors: SdkImporting. */
  now(nowMs: number): Sdk {
    try {
      this.#loaded ??= createRequire(import.meta.url)(fileURLToPath(import.meta.resolve('@bitrix24/b24jssdk'))) as Sdk
      return this.#loaded
    } catch (error) {
      if (!isRefusedByLoader(error)) throw error
      this.#import().catch(() => {})
      throw new SdkImporting(nowMs)
    }
  }

  async ready(nowMs: number): Promise<void> {
    try {
      this.now(nowMs)
    } catch {
      await this.#import()
    }
  }

  async #import(): Promise<void> {
    this.#loaded ??= await import('@bitrix24/b24jssdk')
  }
}

/** ERR_REQUIRE_ESM_RACE_CONDITION, or a process that was started with --no-require-module. */
function isRefusedByLoader(error: unknown): boolean {
  return error instanceof Error && 'code' in error && String(error.code).startsWith('ERR_REQUIRE_')
}
