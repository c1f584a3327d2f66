import { BASIC_SCOPE } from '@portline/wire/rest.ts'
import { raiseEvent } from '../../portal/raise-event.ts'
import { asPhpMap } from '../php-value.ts'
import type { RestMethod } from '../method.ts'

/** api-reference/events/test-handler.md: sends ONAPPTEST to the app itself with whatever was passed. */
export const eventTest: RestMethod = {
  name: 'event.test',
  scopes: [BASIC_SCOPE],
  run: ({ context, caller: { app }, params, hit }) => {
    const data = { QUERY: asPhpMap(params.withoutAuth()), LANGUAGE_ID: app.language }
    raiseEvent(context, hit, { event: 'ONAPPTEST', data, onlyFor: app.clientId })
    return 1
  },
}
