import type { AuthBlock } from '@portline/wire/envelope.ts'
import type { EventTraits } from '@portline/wire/events/catalogue.ts'
import { clientEndpoint, domainOf, nowS, serverEndpoint } from '../context.ts'
import type { PortalContext } from '../context.ts'
import { mintPair } from '../oauth/tokens.ts'
import type { App } from '../world/state.ts'
import { applicationToken } from './application-token.ts'

type Needs = Pick<PortalContext, 'world' | 'clock' | 'addresses' | 'oauth'>

/**
 * The auth block of one event for one handler row. Its token is minted now, when the event is queued, not when it is sent:
 * a delayed delivery carries a token that is partly spent.
 * @param userId 0: nobody is on the hit, so no tokens
 */
export function authBlock(context: Needs, app: App, userId: number, session: number, traits: EventTraits): AuthBlock {
  const portal = {
    domain: domainOf(context.addresses.portal),
    server_endpoint: serverEndpoint(context),
    client_endpoint: clientEndpoint(context),
    member_id: context.world.memberId,
    application_token: applicationToken(app, context.world.memberId),
  }
  if (userId === 0 || !traits.sendAuth) return portal
  const pair = mintPair(context, app, userId, session)
  return {
    ...portal,
    access_token: pair.accessToken,
    expires: String(pair.expiresS),
    expires_in: String(pair.expiresS - nowS(context)),
    scope: app.scope.join(','),
    status: app.status,
    user_id: String(userId),
    ...dateFinish(app),
    ...(traits.sendRefreshToken ? { refresh_token: pair.refreshToken } : {}),
  }
}

/** Only a trial or a paid app has one. */
function dateFinish({ status, dateFinish: endS }: App): Pick<AuthBlock, 'date_finish'> {
  return endS !== undefined && (status === 'T' || status === 'P') ? { date_finish: String(endS) } : {}
}
