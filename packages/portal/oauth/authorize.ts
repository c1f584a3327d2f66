import { domainOf } from '../context.ts'
import type { PortalContext } from '../context.ts'
import type { RequestParams } from '../rest/params.ts'
import { ADMIN_ID } from '../world/default-world.ts'
import { mintCode } from './tokens.ts'

export type AuthorizeAnswer = { readonly redirectTo: string } | { readonly code: string } | { readonly error: string }

/**
 * `{portal}/oauth/authorize/` (settings/oauth/index.md). Consent is implied, and `user_id` says who is logged in (the
 * administrator when absent). A failure stays on the portal's own page: the app is never called back with it.
 */
export function authorize(context: PortalContext, params: RequestParams): AuthorizeAnswer {
  const app = context.world.app(params.text('client_id') ?? '')
  if (app === undefined) return { error: 'Application not found' }
  if (!app.active) return { error: 'Application not installed' }
  const user = context.world.user(Number(params.text('user_id') ?? ADMIN_ID))
  if (user === undefined || !user.active) return { error: 'Unable to authorize user' }
  const code = mintCode(context, app, user.id)
  if (app.redirectUri === '') return { code }
  const target = new URL(app.redirectUri)
  target.searchParams.set('code', code)
  target.searchParams.set('state', params.text('state') ?? '')
  target.searchParams.set('domain', domainOf(context.addresses.portal))
  target.searchParams.set('member_id', context.world.memberId)
  target.searchParams.set('scope', app.scope.join(','))
  target.searchParams.set('server_domain', domainOf(context.addresses.oauth))
  return { redirectTo: target.href }
}
