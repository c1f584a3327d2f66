import { BASIC_SCOPE } from '@portline/wire/rest.ts'
import type { HandlerRow } from '../../world/state.ts'
import { authConnectorOf } from '../auth-connector.ts'
import { accessDenied, argumentMissing } from '../errors.ts'
import type { RestCall, RestMethod } from '../method.ts'
import { readEventType } from './event-bind.ts'

/** api-reference/events/event-unbind.md. A row that is not there is no error: count 0. */
export const eventUnbind: RestMethod = { name: 'event.unbind', scopes: [BASIC_SCOPE], run: unbind }

function unbind(call: RestCall): { count: number } {
  const { context, caller, params } = call
  const event = params.text('EVENT')?.toUpperCase()
  if (event === undefined) throw argumentMissing('EVENT')
  const offline = readEventType(call) === 'offline'
  if (offline && !caller.user.admin) throw accessDenied('Offline events unbinding requires administrator access rights')
  const url = params.text('HANDLER')
  if (!offline && url === undefined) throw argumentMissing('HANDLER')
  const isMine = ownership(call)
  const connectorId = offline ? authConnectorOf(call) : undefined
  // An offline row is nobody's: AUTH_TYPE has no part in it.
  const isAsked = (row: HandlerRow): boolean =>
    offline ? row.offline === true && row.connectorId === connectorId : row.offline !== true && row.url === url && isMine(row)
  const count = context.world.removeHandlers((row) =>
    row.clientId === caller.app.clientId && row.event === event && isAsked(row))
  return { count }
}

/**
 * An administrator without AUTH_TYPE removes everybody's rows. Anybody else only his own, and naming himself works only
 * with a JSON number: the module compares strictly, so a form's text never equals the id.
 */
function ownership({ caller, params }: RestCall): (row: HandlerRow) => boolean {
  const asked = params.get('AUTH_TYPE')
  if (caller.user.admin) return asked === undefined ? () => true : (row) => row.userId === Number(asked)
  if (asked !== undefined && asked !== caller.user.id) {
    throw accessDenied('Event unbinding with AUTH_TYPE requires administrator access rights')
  }
  return (row) => row.userId === caller.user.id
}
