import { domainOf } from '../context.ts'
import type { PortalContext } from '../context.ts'
import type { RequestParams } from '../rest/params.ts'
import type { App, User } from '../world/state.ts'
import { isWiderThan } from './scope.ts'
import { mintCode } from './tokens.ts'

/** Why nobody is sent back to the app: the texts of the page are in pages/authorize-texts.ts. */
export type AuthorizeFailure =
  | 'appUnknown' | 'appNotInstalled' | 'userRefused' | 'responseTypeUnknown' | 'scopeTooWide' | 'denied' | 'formExpired'

export type AuthorizeAnswer = { readonly redirectTo: string } | { readonly code: string }

/** What a request for authorization names, or why it can't be granted to anybody. */
export function requestedApp(context: PortalContext, params: RequestParams): App | AuthorizeFailure {
  const app = context.world.app(params.text('client_id') ?? '')
  if (app === undefined) return 'appUnknown'
  if (!app.active) return 'appNotInstalled'
  if ((params.text('response_type') ?? 'code') !== 'code') return 'responseTypeUnknown'
  return isWiderThan(params.text('scope'), app.scope) ? 'scopeTooWide' : app
}

/**
 * What the user's consent leads to (settings/oauth/index.md): the redirect_uri of the card with a code, whatever the request
 * says, or six digits to type in when the card has none.
 */
export function grant(context: PortalContext, app: App, user: User, state: string): AuthorizeAnswer {
  const { shortCodeLifetimeS } = context.oauth.options
  if (app.redirectUri === '') {
    const code = mintCode(context, app, user.id, shortCodeLifetimeS)
    return { code: context.oauth.shortCodes.issue(() => drawDigits(context), app.clientId, code, shortCodeLifetimeS) }
  }
  const target = new URL(app.redirectUri)
  target.searchParams.set('code', mintCode(context, app, user.id))
  target.searchParams.set('state', state)
  target.searchParams.set('domain', domainOf(context.addresses.portal))
  target.searchParams.set('member_id', context.world.memberId)
  target.searchParams.set('scope', app.scope.join(','))
  target.searchParams.set('server_domain', domainOf(context.addresses.oauth))
  return { redirectTo: target.href }
}

const SHORT_CODE_DIGITS = 6

function drawDigits({ world }: PortalContext): string {
  return [...world.draw(SHORT_CODE_DIGITS)].map((byte) => byte % 10).join('')
}
