import { BASIC_SCOPE } from '@portline/wire/rest.ts'
import { PORTAL_LIMITS } from '../../limits.ts'
import { knownTraits } from '../../portal/event-traits.ts'
import { accessDenied, argumentMissing, argumentWrong, RestError } from '../errors.ts'
import type { RestCall, RestMethod } from '../method.ts'

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
  if (offline) throw new RestError('ERROR_ARGUMENT', 'Offline event cannot be registered for this event.')
  const row = { clientId: caller.app.clientId, event, url, userId }
  const bound = context.world.handlers().some(
    (other) => other.clientId === row.clientId && other.event === event && other.url === url && other.userId === userId,
  )
  if (bound) throw new RestError('ERROR_CORE', 'Unable to set event handler: Handler already binded')
  context.world.addHandler(row)
  return true
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

/** `localhost` has no dot and fails on a portal too; an address of digits passes. */
function readHandler({ params }: RestCall): string {
  const handler = params.text('HANDLER')
  if (handler === undefined) throw argumentMissing('HANDLER')
  const url = URL.parse(handler)
  if (url === null || url.hostname.indexOf('.') < 1) throw new RestError('ERROR_WRONG_HANDLER_URL')
  if (url.protocol !== 'http:' && url.protocol !== 'https:') throw new RestError('ERROR_UNSUPPORTED_PROTOCOL')
  if (handler.length > PORTAL_LIMITS.maxHandlerUrlChars) {
    throw new RestError('ERROR_CORE', 'Unable to set event handler: URL is too long')
  }
  return handler
}

function isBindable(event: string, scope: readonly string[]): boolean {
  if (event.length > PORTAL_LIMITS.maxEventCodeChars) return false
  const traits = knownTraits(event)
  return traits !== undefined && (traits.scope === BASIC_SCOPE || scope.includes(traits.scope))
}
