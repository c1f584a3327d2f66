import type { B24OAuth } from '@bitrix24/b24jssdk'
import type { Installation, PortalKey } from '../store/port.ts'
import type { TokenKeeper } from '../tokens/token-keeper.ts'

/**
 * A renamed portal answers 302 at its old address (settings/how-to-call-rest-api/change-domen.md). Followed by itself, a
 * POST becomes a GET without its parameters, and its tokens go wherever Location says. So no redirect is followed: the
 * authorization server is asked for tokens, its answer names the portal's new address, and the call is made once more there.
 */
export interface FollowRenameParts {
  readonly tokens: TokenKeeper
  readonly currentOf: (portal: PortalKey) => Installation | undefined
}

const REDIRECTS = new Set([301, 302, 303, 307, 308])

interface FailedCall {
  readonly config?: { readonly url?: string; readonly data?: unknown; readonly moved?: boolean }
  readonly response?: { readonly status?: number }
}

export function followRename(
  client: B24OAuth,
  version: Parameters<B24OAuth['getHttpClient']>[0],
  installation: Installation,
  { tokens, currentOf }: FollowRenameParts,
): void {
  const http = client.getHttpClient(version).ajaxClient
  http.defaults.maxRedirects = 0
  http.interceptors.response.use(undefined, async (failure: FailedCall) => {
    const { config, response } = failure
    const redirected = config !== undefined && config.moved !== true && REDIRECTS.has(response?.status ?? 0)
    if (!redirected) throw failure as Error
    const held = client.auth.getAuthData()
    const addressOf = (): string | undefined => currentOf(installation)?.clientEndpoint
    // Which of two it is nobody's answer decides.
    if (currentOf(installation)?.reason === 'PORTAL_CLONED') throw failure as Error
    let { accessToken } = await tokens.pair(installation, held === false ? undefined : held.access_token)
    // The client's token may not be the newest: then that was no renewal, and told no address.
    if (addressOf() === installation.clientEndpoint && held !== false && accessToken !== held.access_token) ({ accessToken } = await tokens.pair(installation, accessToken))
    const endpoint = addressOf()
    if (endpoint === undefined || endpoint === installation.clientEndpoint) throw failure as Error
    const url = (config.url ?? '').replace(installation.clientEndpoint, endpoint)
    return http.request({ ...(config as object), url, data: withToken(config.data, accessToken), moved: true } as object)
  })
}

/** The SDK's body is JSON with the token beside the parameters. */
function withToken(data: unknown, auth: string): unknown {
  return typeof data === 'string' ? { ...(JSON.parse(data) as object), auth } : data
}
