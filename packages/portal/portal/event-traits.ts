import type { EventTraits, QueueCategory } from '@portline/wire/events/catalogue.ts'
import { EVENT_TRAITS } from '@portline/wire/events/catalogue.ts'

/** Families of events the catalogue does not list one by one: how their codes begin, their scope and their queue. */
const FAMILIES: readonly { readonly prefix: string; readonly scope: string; readonly queue: QueueCategory }[] = [
  { prefix: 'ONCRM', scope: 'crm', queue: 'crm' },
  { prefix: 'CATALOG', scope: 'catalog', queue: 'crm' },
  { prefix: 'ONSALE', scope: 'sale', queue: 'crm' },
  { prefix: 'ONVOXIMPLANT', scope: 'telephony', queue: 'telephony' },
  { prefix: 'ONEXTERNALCALL', scope: 'telephony', queue: 'telephony' },
  { prefix: 'ONIMBOT', scope: 'imbot', queue: 'bot' },
  { prefix: 'ONIMCOMMANDADD', scope: 'imbot', queue: 'bot' },
  { prefix: 'ONTASK', scope: 'task', queue: 'default' },
  { prefix: 'ONCALENDAR', scope: 'calendar', queue: 'default' },
  { prefix: 'ONUSER', scope: 'user', queue: 'default' },
  { prefix: 'ONBOOKING', scope: 'booking', queue: 'default' },
  { prefix: 'ONLIVEFEED', scope: 'log', queue: 'default' },
  { prefix: 'ONSONET', scope: 'sonet_group', queue: 'default' },
]

/** Bots and calendars get a refresh_token with each event; hardly anything else does, whatever the documentation prints. */
const WITH_REFRESH_TOKEN = /^(ONIMBOT|ONIMCOMMANDADD|ONCALENDAR|ONSUBSCRIPTIONRENEW)/

/** undefined: no such event is known, nor any family it could belong to. */
export function knownTraits(code: string): EventTraits | undefined {
  if (isCatalogued(code)) return EVENT_TRAITS[code]
  const family = FAMILIES.find(({ prefix }) => code.startsWith(prefix))
  if (family === undefined) return undefined
  return { scope: family.scope, queue: family.queue, sendAuth: true, sendRefreshToken: WITH_REFRESH_TOKEN.test(code) }
}

/** Any code can be fired: an unknown one travels in the default queue, with tokens and without a refresh_token. */
export function traitsOf(code: string): EventTraits {
  return knownTraits(code) ?? { scope: '', queue: 'default', sendAuth: true, sendRefreshToken: false }
}

function isCatalogued(code: string): code is keyof typeof EVENT_TRAITS {
  return Object.hasOwn(EVENT_TRAITS, code)
}
