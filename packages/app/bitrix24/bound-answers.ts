import type { B24OAuth } from '@bitrix24/b24jssdk'
import { endsAfter } from '@portline/runtime/network.ts'
import { REMOTE_ANSWER_MS } from '../limits.ts'

/**
 * What one answer of a portal may cost. The SDK's own timeout is for silence: a portal that sends a byte now and then would hold
 * its caller for ever, and with it one of the few places that all portals share; one that never stops sending would fill the memory.
 */
export interface RestLimits {
  /** From question to the answer's last byte. */
  readonly callMs: number
  /** Unpacked. */
  readonly maxBytes: number
}

const HIDDEN = '[token]'

interface FailedCall {
  readonly config?: { readonly data?: unknown }
  readonly response?: { readonly data?: unknown }
}

export function boundAnswers(client: B24OAuth, version: Parameters<B24OAuth['getHttpClient']>[0], { callMs, maxBytes }: RestLimits): void {
  const http = client.getHttpClient(version).ajaxClient
  http.defaults.timeout = REMOTE_ANSWER_MS
  http.defaults.maxContentLength = maxBytes
  http.interceptors.request.use((config) => {
    config.signal = endsAfter(callMs)
    return config
  })
  http.interceptors.response.use(undefined, (failure: FailedCall) => {
    hideToken(failure)
    return Promise.reject(failure as unknown as Error)
  })
}

/** What a portal says of an error is logged, stored and shown. Its error may be the call's own body, sent back. */
function hideToken({ config, response }: FailedCall): void {
  const token = tokenIn(config?.data)
  const said = response?.data
  if (token === undefined || typeof said !== 'object' || said === null) return
  hideIn(said, token, ['error', 'error_description'])
  // The third version of the REST has an object there.
  const error: unknown = Reflect.get(said, 'error')
  if (typeof error === 'object' && error !== null) hideIn(error, token, ['code', 'message'])
}

function hideIn(said: object, token: string, names: readonly string[]): void {
  for (const name of names) {
    const text: unknown = Reflect.get(said, name)
    if (typeof text === 'string') Reflect.set(said, name, text.replaceAll(token, HIDDEN))
  }
}

/** The SDK's body is JSON with the token beside the parameters. */
function tokenIn(body: unknown): string | undefined {
  if (typeof body !== 'string') return undefined
  const { auth } = JSON.parse(body) as { auth?: unknown }
  return typeof auth === 'string' && auth !== '' ? auth : undefined
}
