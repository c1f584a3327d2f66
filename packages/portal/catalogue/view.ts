import type { QueueCategory } from '@portline/wire/events/catalogue.ts'
import { EVENT_TRAITS, isCatalogued } from '@portline/wire/events/catalogue.ts'
import type { PhpValue } from '@portline/wire/form/value.ts'
import type { PortalContext } from '../context.ts'
import { isAllowedIn } from '../portal/event-traits.ts'
import { portalHit } from '../portal/raise-event.ts'
import { ADMIN_ID } from '../world/default-world.ts'
import { sampleFacts } from './facts.ts'
import { sampleData } from './samples.ts'

/** An event of the catalogue as the control API shows it. */
export interface EventView {
  readonly event: string
  readonly scope: string
  readonly queue: QueueCategory
  /** Tokens when there is a user. */
  readonly send_auth: boolean
  readonly send_refresh_token: boolean
  /** What is sent when no data is given, of the portal as it is now; null: nothing. */
  readonly sample: PhpValue
}

/** Every event of the catalogue, or those an app with the scope may bind. No token is minted for the samples. */
export function viewEvents(context: PortalContext, scope: string | undefined): EventView[] {
  const facts = sampleFacts(context, portalHit(ADMIN_ID), undefined)
  const codes = Object.keys(EVENT_TRAITS).filter(isCatalogued)
  return codes.filter((code) => scope === undefined || isAllowedIn(EVENT_TRAITS[code], [scope])).map((event) => {
    const traits = EVENT_TRAITS[event]
    return {
      event,
      scope: traits.scope,
      queue: traits.queue,
      send_auth: traits.sendAuth,
      send_refresh_token: traits.sendRefreshToken,
      sample: sampleData(event, facts),
    }
  })
}
