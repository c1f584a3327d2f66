import { knownTraits } from '@portline/wire/events/catalogue.ts'
import { BASIC_SCOPE } from '@portline/wire/rest.ts'
import { PORTAL_LIMITS } from '../../limits.ts'
import { isAllowedIn } from '../../portal/event-traits.ts'
import { OFFLINE_NOTICE } from '../../portal/offline/store-offline.ts'
import type { HandlerRow } from '../../world/state.ts'
import { authConnectorOf } from '../auth-connector.ts'
import { accessDenied, argumentMissing, argumentWrong, RestError } from '../errors.ts'
import { checkHandlerUrl } from '../handler-url.ts'
import type { RestCall, RestMethod } from '../method.ts'
import { plainText } from '../params.ts'

/** api-reference/events/event-bind.md; the order of the checks is the module source's (rest/lib/api/event.php). */
export const eventBind: RestMethod = { name: 'event.bind', scopes: [BASIC_SCOPE], run: bind }

function bind(call: RestCall): true {
  const { context, caller, params } = call
  const userId = boundUser(call)
  const event = params.text('EVENT')?.toUpperCase()
  if (event === undefined) throw argumentMissing('EVENT')
  const offline = readEventType(call) === 'offline'
  if (offline && !caller.user.admin) throw accessDenied('Offline events binding requires administrator access rights')
  const url = offline ? '' : readHandler(call)
  if (!isBindable(event, caller.app.scope)) throw new RestError('ERROR_EVENT_NOT_FOUND')
  if (offline && event === OFFLINE_NOTICE) throw argumentWrong('EVENT_TYPE', 'Offline event cannot be registered for this event.')
  const row = { clientId: caller.app.clientId, event, url, userId: offline ? 0 : userId, ...extras(call, event, offline) }
  const bound = context.world.handlers().some((other) => isSameRow(other, row))
  if (bound) throw new RestError('ERROR_CORE', 'Unable to set event handler: Handler already binded')
  context.world.addHandler(row)
  return true
}

type RowExtras = Pick<HandlerRow, 'offline' | 'connectorId' | 'minTimeoutS'>

/** OPTIONS are kept only where the event has any: ONOFFLINEEVENT's minTimeout. */
function extras(call: RestCall, event: string, offline: boolean): RowExtras {
  if (offline) return { offline: true, connectorId: authConnectorOf(call) }
  return event === OFFLINE_NOTICE ? minTimeoutOf(call) : {}
}

function minTimeoutOf({ params }: RestCall): RowExtras {
  const options = params.get('OPTIONS')
  const minTimeout = typeof options === 'object' && options !== null ? Reflect.get(options, 'minTimeout') : undefined
  const text = plainText(minTimeout)
  if (text === undefined) return {}
  const seconds = Number.parseInt(text, 10)
  return { minTimeoutS: Number.isSafeInteger(seconds) ? Math.max(0, seconds) : 0 }
}

function isSameRow(one: Omit<HandlerRow, 'id'>, other: Omit<HandlerRow, 'id'>): boolean {
  return one.clientId === other.clientId && one.event === other.event && one.url === other.url && one.userId === other.userId
    && (one.connectorId ?? '') === (other.connectorId ?? '')
}

/** 0 for an administrator who names nobody: whoever is on the hit. Anybody else is bound to himself, asked or not. */
function boundUser({ caller, params }: RestCall): number {
  const asked = Number(params.text('AUTH_TYPE') ?? 0)
  if (caller.user.admin) return Number.isSafeInteger(asked) && asked > 0 ? asked : 0
  if (asked > 0 && asked !== caller.user.id) {
    throw accessDenied('Event binding with AUTH_TYPE requires administrator access rights')
  }
  return caller.user.id
}

export function readEventType({ params }: RestCall): 'online' | 'offline' {
  const type = params.text('EVENT_TYPE') ?? 'online'
  if (type === 'online' || type === 'offline') return type
  throw argumentWrong('EVENT_TYPE', 'Value must be one of {online|offline}')
}

function readHandler({ params }: RestCall): string {
  const handler = params.text('HANDLER')
  if (handler === undefined) throw argumentMissing('HANDLER')
  checkHandlerUrl(handler)
  if (handler.length > PORTAL_LIMITS.maxHandlerUrlChars) {
    throw new RestError('ERROR_CORE', 'Unable to set event handler: URL is too long')
  }
  return handler
}

function isBindable(event: string, scope: readonly string[]): boolean {
  if (event.length > PORTAL_LIMITS.maxEventCodeChars) return false
  const traits = knownTraits(event)
  return traits !== undefined && isAllowedIn(traits, [BASIC_SCOPE, ...scope])
}
