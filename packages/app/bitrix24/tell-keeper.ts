import type { B24OAuth } from '@bitrix24/b24jssdk'
import type { PortalKey } from '../store/port.ts'
import type { TokenKeeper } from '../tokens/token-keeper.ts'

/**
 * Tells the token keeper what came of a portal's calls: a success proves the pair, and some errors say that the user behind it is
 * shut out (dismissed, or without access to the app), whatever their token is worth (settings/oauth/error-codes.md).
 */
const TURNED_AWAY = new Set(['authorization_error', 'user_access_error'])

interface FailedCall {
  readonly config?: object
  readonly response?: { readonly data?: { readonly error?: unknown } }
}

export interface TellKeeperParts {
  readonly tokens: TokenKeeper
  /** The client still holds the token: another one has to take its place. */
  readonly forget: (portal: PortalKey) => void
}

export function tellKeeper(client: B24OAuth, version: Parameters<B24OAuth['getHttpClient']>[0], portal: PortalKey, { tokens, forget }: TellKeeperParts): void {
  const http = client.getHttpClient(version).ajaxClient
  const madeWith = new WeakMap<object, string>()
  http.interceptors.request.use((config) => {
    const held = client.auth.getAuthData()
    if (held !== false) madeWith.set(config, held.access_token)
    return config
  })
  http.interceptors.response.use(
    (response) => {
      tokens.proved(portal, madeWith.get(response.config) ?? '')
      return response
    },
    async (failure: FailedCall) => {
      const code = failure.response?.data?.error
      const accessToken = failure.config === undefined ? undefined : madeWith.get(failure.config)
      // The call fails all the same: whoever made it tries again, and is given another account's token then.
      if (accessToken !== undefined && typeof code === 'string' && TURNED_AWAY.has(code)) {
        await tokens.turnedAway(portal, accessToken, code).catch(() => false)
        forget(portal)
      }
      throw failure as Error
    },
  )
}
