import { EVENT_TRAITS } from '@portline/wire/events/catalogue.ts'
import { BASIC_SCOPE } from '@portline/wire/rest.ts'
import { isAllowedIn } from '../../portal/event-traits.ts'
import type { RestMethod } from '../method.ts'

/** api-reference/events/event-get.md: the app's rows; one who is no administrator sees his own. */
const eventGet: RestMethod = {
  name: 'event.get',
  scopes: [BASIC_SCOPE],
  run: ({ context, caller: { app, user } }) =>
    context.world.handlers()
      .filter((row) => row.clientId === app.clientId && (user.admin || row.userId === user.id))
      .map((row) => row.offline === true
        ? { event: row.event, connector_id: row.connectorId ?? '', offline: 1 }
        : { event: row.event, handler: row.url, auth_type: String(row.userId), offline: 0 }),
}

/** api-reference/events/events.md: codes of the app's scopes, of one with SCOPE, of all with FULL and without SCOPE. */
const events: RestMethod = {
  name: 'events',
  scopes: [BASIC_SCOPE],
  run: ({ caller, params }) => {
    const one = params.text('SCOPE')
    const granted = one === undefined ? [BASIC_SCOPE, ...caller.app.scope] : [one]
    const asked = params.text('FULL')
    const full = one === undefined && asked !== undefined && asked !== '0' && asked !== 'false'
    return Object.entries(EVENT_TRAITS).filter(([, traits]) => full || isAllowedIn(traits, granted)).map(([code]) => code)
  },
}

export const eventListMethods = [eventGet, events]
