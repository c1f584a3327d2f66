import { encodeForm } from '@portline/wire/form/encode.ts'
import { ACCESS_TOKEN_LIFETIME_S } from '@portline/wire/oauth.ts'
import { domainOf, serverEndpoint } from '../context.ts'
import type { PortalContext } from '../context.ts'
import { PORTAL_LIMITS } from '../limits.ts'
import { mintPair } from '../oauth/tokens.ts'
import { postForm } from '../queue/post-form.ts'
import type { App } from '../world/state.ts'
import { applicationToken } from './application-token.ts'

/** How the app's page answered. `status` is null when it didn't, and `error` says why (ECONNREFUSED, TIMEOUT …). */
export interface PageAnswer {
  readonly url: string
  readonly status: number | null
  /** The first 4,096 bytes. */
  readonly body: string
  readonly error?: string
}

export interface FrameOptions {
  readonly url: string
  readonly userId: number
  /** DEFAULT for the app's own page and its installer. */
  readonly placement: string
  /** Sent as JSON only when not empty. */
  readonly placementOptions?: Readonly<Record<string, unknown>>
}

const APP_SID_BYTES = 16

/**
 * Opens a page of the app as the portal's frame does (settings/oauth/simple-way.md): a POST with a fresh pair of tokens
 * for the user. The portal's HTTP client stands in for the browser.
 */
export async function openFrame(context: PortalContext, app: App, options: FrameOptions): Promise<PageAnswer> {
  const url = frameUrl(context, app, options.url)
  const outcome = await postForm(context.clock, url, frameBody(context, app, options), {
    timeoutMs: PORTAL_LIMITS.frameTimeoutMs,
    maxResponseBytes: PORTAL_LIMITS.maxLoggedResponseBytes,
    signal: context.stopping,
    userAgent: 'Mozilla/5.0 (compatible; Portline portal)',
  })
  return { url: options.url, ...outcome }
}

function frameUrl(context: PortalContext, app: App, page: string): string {
  const url = new URL(page)
  url.searchParams.set('DOMAIN', domainOf(context.addresses.portal))
  url.searchParams.set('PROTOCOL', context.addresses.portal.startsWith('https:') ? '1' : '0')
  url.searchParams.set('LANG', app.language)
  url.searchParams.set('APP_SID', context.world.drawHex(APP_SID_BYTES))
  return url.href
}

function frameBody(context: PortalContext, app: App, options: FrameOptions): string {
  const pair = mintPair(context, app, options.userId)
  const placementOptions = options.placementOptions ?? {}
  return encodeForm({
    AUTH_ID: pair.accessToken,
    AUTH_EXPIRES: ACCESS_TOKEN_LIFETIME_S,
    REFRESH_ID: pair.refreshToken,
    SERVER_ENDPOINT: serverEndpoint(context),
    APPLICATION_TOKEN: applicationToken(app, context.world.memberId),
    APPLICATION_SCOPE: app.scope.join(','),
    member_id: context.world.memberId,
    status: app.status,
    PLACEMENT: options.placement,
    PLACEMENT_OPTIONS: Object.keys(placementOptions).length === 0 ? null : phpJson(placementOptions),
  })
}

/** PHP's json_encode escapes slashes. */
function phpJson(value: object): string {
  return JSON.stringify(value).replaceAll('/', String.raw`\/`)
}
