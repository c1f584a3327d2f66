import { PORTAL_LIMITS } from '../../limits.ts'
import type { Placement, PlacementTexts } from '../../world/placements.ts'
import { argumentMissing, argumentOfType, RestError } from '../errors.ts'
import { checkHandlerUrl } from '../handler-url.ts'
import type { RestCall, RestMethod } from '../method.ts'
import { plainText } from '../params.ts'
import type { PlacementInfo } from '../placement-codes.ts'
import { placementInfo } from '../placement-codes.ts'
import { grantedScopes, requireAdmin, requirePlacement } from '../placement-params.ts'

/** api-reference/widgets/placement-bind.md; the order of the checks is the module source's (rest/lib/api/placement.php). */
export const placementBind: RestMethod = { name: 'placement.bind', scopes: ['placement'], run: bind }

/** The only failure that comes with HTTP 200, inside `result`. */
interface BindFailure {
  readonly error: 'EMPTY_ERROR_HANDLER_URL'
  readonly error_description: string
}

function bind(call: RestCall): true | BindFailure {
  requireAdmin(call)
  const { context, caller, params } = call
  const placement = requirePlacement(call, BIND_WORDING)
  const handler = requireHandler(call)
  const info = placementInfo(placement, grantedScopes(call))
  if (info === undefined) throw new RestError('ERROR_PLACEMENT_NOT_FOUND')
  const options = readOptions(info, params.get('OPTIONS'))
  const userId = Math.max(0, Number.parseInt(params.text('USER_ID') ?? '0', 10) || 0)
  if (userId > 0 && info.userMode !== true) throw new RestError('ERROR_PLACEMENT_USER_MODE')
  checkCount(call, placement, userId, info)
  if (placement === 'PAGE_BACKGROUND_WORKER' && options['errorHandlerUrl'] === '') {
    return { error: 'EMPTY_ERROR_HANDLER_URL', error_description: 'OPTIONS[errorHandlerUrl] is not specified' }
  }
  refuseDouble(call, placement, handler, userId)
  context.world.placements.add({ clientId: caller.app.clientId, placement, handler, userId, options, ...readTexts(call) })
  return true
}

/** The source names the argument by a sentence. */
const BIND_WORDING = 'The placement code is not specified'

function requireHandler({ context, params }: RestCall): string {
  const handler = params.text('HANDLER')
  const documented = context.variants.placementArguments === 'documented'
  if (handler === undefined) throw argumentMissing(documented ? 'HANDLER' : 'The URL of the placement handler is not specified')
  checkHandlerUrl(handler)
  if (handler.length > PORTAL_LIMITS.maxHandlerUrlChars) {
    throw new RestError('ERROR_CORE', 'Unable to set placement handler: URL is too long')
  }
  return handler
}

/** Only the options the place knows, each of its kind. */
function readOptions(info: PlacementInfo, given: unknown): Record<string, unknown> {
  const known = Object.entries(info.options ?? {})
  const isMap = typeof given === 'object' && given !== null
  if (!isMap && known.some(([, option]) => option.required)) throw argumentOfType('options', 'array')
  const options: Record<string, unknown> = {}
  for (const [name, option] of known) {
    const value: unknown = isMap && Object.hasOwn(given, name) ? Reflect.get(given, name) : undefined
    if (value === undefined && option.required) throw argumentMissing(name)
    const text = plainText(value) ?? String(option.fallback ?? '')
    options[name] = option.type === 'int' ? Number.parseInt(text, 10) || 0 : text
  }
  return options
}

function checkCount({ context, caller }: RestCall, placement: string, userId: number, info: PlacementInfo): void {
  const { maxCount, userMode } = info
  if (maxCount === undefined) return
  const count = context.world.placements.list().filter((row) =>
    row.clientId === caller.app.clientId && row.placement === placement
    && (userMode !== true || row.userId === 0 || row.userId === userId)).length
  if (count >= maxCount) throw new RestError('ERROR_PLACEMENT_MAX_COUNT', `Placement max count: ${maxCount}`)
}

function refuseDouble({ context, caller }: RestCall, placement: string, handler: string, userId: number): void {
  const bound = context.world.placements.list().some((row) =>
    row.clientId === caller.app.clientId && row.placement === placement && row.handler === handler && row.userId === userId)
  if (bound) throw new RestError('ERROR_CORE', 'Unable to set placement handler: Handler already binded')
}

/** Language of TITLE and DESCRIPTION when LANG_ALL is not given: the portal's first. */
const DEFAULT_LANGUAGE = 'en'

/** LANG_ALL puts TITLE and its like aside; without any, the app's name is the title. */
function readTexts({ caller, params }: RestCall): Pick<Placement, 'title' | 'description' | 'langAll'> {
  const given = params.get('LANG_ALL')
  const languages: [string, unknown][] = typeof given === 'object' && given !== null ? Object.entries(given) : []
  const own = textsFrom((name) => params.text(name))
  const langAll = languages.length === 0
    ? { [DEFAULT_LANGUAGE]: own.TITLE === '' ? { ...own, TITLE: caller.app.name } : own }
    : Object.fromEntries(languages.map(([language, texts]) => [language, textsFrom((name) => fieldOf(texts, name))]))
  const shown = langAll[DEFAULT_LANGUAGE] ?? Object.values(langAll)[0] ?? own
  return { title: shown.TITLE, description: shown.DESCRIPTION, langAll }
}

function textsFrom(read: (name: keyof PlacementTexts) => string | undefined): PlacementTexts {
  const text = (name: keyof PlacementTexts): string => (read(name) ?? '').trim()
  return { TITLE: text('TITLE'), DESCRIPTION: text('DESCRIPTION'), GROUP_NAME: text('GROUP_NAME') }
}

function fieldOf(value: unknown, name: string): string | undefined {
  return typeof value === 'object' && value !== null ? plainText(Reflect.get(value, name)) : undefined
}
