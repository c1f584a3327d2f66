import type { B24OAuth } from '@bitrix24/b24jssdk'
import type { Network } from '@portline/runtime/network.ts'
import type { RestClientParts, RestClients } from 'portline/bitrix24/rest-clients.ts'
import type { Installation } from 'portline/store/port.ts'

/**
 * REST clients as the SDK's are with our renewal in them, over the simulated network: they ask the token keeper for tokens before
 * the first call and after a portal has rejected what they hold, and make a rejected call once more.
 */
const LIMITS = { timeoutMs: 10_000, maxBytes: 1_000_000 }

export function simulatedRest({ tokens, clock }: RestClientParts, network: Network): RestClients {
  const kept = new Map<string, B24OAuth>()

  const clientOf = (installation: Installation): B24OAuth => {
    let held = { accessToken: '', expiresAtMs: 0 }
    const renew = async (): Promise<void> => {
      held = await tokens.pair(installation, held.accessToken)
    }
    const post = async (method: string, params: Record<string, unknown>) => {
      const fields = Object.entries(params).map(([key, value]) => [key, String(value)])
      return network.postForm(`${installation.clientEndpoint}${method}`, { ...Object.fromEntries(fields), auth: held.accessToken }, LIMITS)
    }
    const call = async ({ method, params }: { method: string; params: Record<string, unknown> }) => {
      if (held.expiresAtMs <= clock.now()) await renew()
      let answer = await post(method, params)
      if (REJECTED.has(errorIn(answer.json))) {
        await renew()
        answer = await post(method, params)
      }
      const error = errorIn(answer.json)
      if (error !== '' || answer.status >= 500) return { isSuccess: false, getErrors: () => [new RestFailure(error)], getData: () => undefined }
      return { isSuccess: true, getErrors: () => [], getData: () => answer.json }
    }
    return { actions: { v2: { call: { make: call } } } } as unknown as B24OAuth
  }

  const ofPortalNow = (installation: Installation): B24OAuth => {
    const key = `${installation.app}/${installation.memberId}/${installation.generation}/${installation.clientEndpoint}`
    const client = kept.get(key) ?? clientOf(installation)
    kept.set(key, client)
    return client
  }
  return {
    ofPortalNow,
    ofPortal: (installation) => Promise.resolve(ofPortalNow(installation)),
    ofVisit: (installation) => Promise.resolve(clientOf(installation)),
    forget({ app, memberId }) {
      for (const key of kept.keys()) if (key.startsWith(`${app}/${memberId}/`)) kept.delete(key)
    },
  }
}

const REJECTED = new Set(['expired_token', 'NO_AUTH_FOUND'])

class RestFailure extends Error {
  readonly code: string

  constructor(code: string) {
    super(`the portal answered ${code}`)
    this.code = code
  }
}

function errorIn(json: unknown): string {
  return typeof json === 'object' && json !== null && 'error' in json ? String(json.error) : ''
}
