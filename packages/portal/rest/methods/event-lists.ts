import { EVENT_TRAITS } from '@portline/wire/events/catalogue.ts'
import { BASIC_SCOPE } from '@portline/wire/rest.ts'
import type { RestMethod } from '../method.ts'

/** api-reference/events/event-get.md: the app's rows; one who is no administrator sees his own. */
const eventGet: RestMethod = {
  name: 'event.get',
  scopes: [BASIC_SCOPE],
  run: ({ context, caller: { app, user } }) =>
    context.world.handlers()
      .filter((row) => row.clientId === app.clientId && (user.admin || row.userId === user.id))
      .map((row) => ({ event: row.event, handler: row.url, auth_type: String(row.userId), offline: 0 })),
}

/** api-reference/events/events.md: codes of the app's scopes, of one with SCOPE, of all with FULL. */
const events: RestMethod = {
  name: 'events',
  scopes: [BASIC_SCOPE],
  run: ({ caller, params }) => {
    const one = params.text('SCOPE')
    const granted = one === undefined ? [BASIC_SCOPE, ...caller.app.scope] : [one]
    const full = params.text('FULL') !== undefined && params.text('FULL') !== '0' && params.text('FULL') !== 'false'
    return Object.entries(EVENT_TRAITS).filter(([, traits]) => full || granted.includes(traits.scope)).map(([code]) => code)
  },
}

export const eventListMethods = [eventGet, events]
