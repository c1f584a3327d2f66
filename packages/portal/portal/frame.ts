import { encodeForm } from '@portline/wire/form/encode.ts'
import { domainOf, nowS, serverEndpoint } from '../context.ts'
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

/** The form a frame is opened with. */
export interface FrameForm {
  /** The page's address with DOMAIN, PROTOCOL, LANG and APP_SID. */
  readonly action: string
  readonly fields: Readonly<Record<string, string>>
  /** Random for each opening; messages between page and portal carry it. */
  readonly appSid: string
  /** `domain|protocol|APP_SID`: from the frame's name a page's script knows whom to talk to. */
  readonly frameName: string
}

const APP_SID_BYTES = 16

/**
 * Opens a page of the app as the portal's frame does (settings/oauth/simple-way.md): a POST with a fresh pair of tokens
 * for the user. The portal's HTTP client stands in for the browser.
 */
export async function openFrame(context: PortalContext, app: App, options: FrameOptions): Promise<PageAnswer> {
  const form = frameForm(context, app, options)
  const outcome = await postForm(context.clock, form.action, encodeForm(form.fields), {
    timeoutMs: PORTAL_LIMITS.frameTimeoutMs,
    maxResponseBytes: PORTAL_LIMITS.maxLoggedResponseBytes,
    signal: context.stopping,
    userAgent: 'Mozilla/5.0 (compatible; Portline portal)',
  })
  return { url: options.url, ...outcome }
}

/** What openFrame() posts itself, and a browser posts from the portal's page. */
export function frameForm(context: PortalContext, app: App, options: FrameOptions): FrameForm {
  const domain = domainOf(context.addresses.portal)
  const protocol = context.addresses.portal.startsWith('https:') ? '1' : '0'
  const appSid = context.world.drawHex(APP_SID_BYTES)
  const url = new URL(options.url)
  url.searchParams.set('DOMAIN', domain)
  url.searchParams.set('PROTOCOL', protocol)
  url.searchParams.set('LANG', app.language)
  url.searchParams.set('APP_SID', appSid)
  return { action: url.href, fields: frameFields(context, app, options), appSid, frameName: `${domain}|${protocol}|${appSid}` }
}

function frameFields(context: PortalContext, app: App, options: FrameOptions): Record<string, string> {
  const pair = mintPair(context, app, options.userId)
  const placementOptions = options.placementOptions ?? {}
  return {
    AUTH_ID: pair.accessToken,
    AUTH_EXPIRES: String(pair.expiresS - nowS(context)),
    REFRESH_ID: pair.refreshToken,
    SERVER_ENDPOINT: serverEndpoint(context),
    APPLICATION_TOKEN: applicationToken(app, context.world.memberId),
    APPLICATION_SCOPE: app.scope.join(','),
    member_id: context.world.memberId,
    status: app.status,
    PLACEMENT: options.placement,
    ...(Object.keys(placementOptions).length === 0 ? {} : { PLACEMENT_OPTIONS: phpJson(placementOptions) }),
  }
}

/** PHP's json_encode escapes slashes. */
function phpJson(value: object): string {
  return JSON.stringify(value).replaceAll('/', String.raw`\/`)
}
