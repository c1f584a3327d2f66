import type { B24OAuth } from '@bitrix24/b24jssdk'
import { RestError, callRest } from '../bitrix24/call-rest.ts'
import type { App } from '../define-app.ts'
import type { Binding } from '../store/port.ts'

/**
 * Bindings are declared by the app's handlers and made true on the portal after install, after update and on demand: Bitrix24 drops
 * them on an update (settings/app-installation) and says nothing. Handlers of the same app that others have bound are left alone.
 */
const LIFECYCLE_CODES = ['ONAPPINSTALL', 'ONAPPUPDATE', 'ONAPPUNINSTALL']
/** Needed to know which lines a connector is on. */
const CONNECTOR_CODES = ['ONIMCONNECTORSTATUSDELETE', 'ONIMCONNECTORLINEDELETE']
/** Says that there is something in an offline queue. */
export const OFFLINE_NOTICE = 'ONOFFLINEEVENT'

export function declaredBindings(app: App, handler: string): Binding[] {
  const isOffline = (code: string): boolean => app.handlerOf(code)?.policy.offline === true
  const codes = [
    ...LIFECYCLE_CODES, ...(app.connectors.length > 0 ? CONNECTOR_CODES : []), ...(app.codes.some(isOffline) ? [OFFLINE_NOTICE] : []), ...app.codes,
  ]
  return [...new Set(codes)].map((event) => (isOffline(event) ? { event, handler: '', queue: app.authConnector } : { event, handler }))
}

/** What the portal has against what is declared. */
export interface BindingPlan {
  readonly missing: readonly Binding[]
  readonly kept: readonly Binding[]
  /** Our own that are no longer declared: a handler that went, another address, another queue. */
  readonly stale: readonly Binding[]
  /** Somebody else's, or ours by an address that nobody here remembers. */
  readonly foreign: readonly Binding[]
}

export interface RefusedBinding {
  readonly binding: Binding
  /** Bitrix24's code and words. */
  readonly reason: string
}

export interface BindingReport extends BindingPlan {
  /** Of the missing ones, those that the portal would not take. */
  readonly refused: readonly RefusedBinding[]
}

/** `former`: what this app side has bound before, by its own record. */
export function planBindings(declared: readonly Binding[], existing: readonly Binding[], former: readonly Binding[]): BindingPlan {
  const [wanted, there, ours] = [keysOf(declared), keysOf(existing), keysOf(former)]
  const others = existing.filter((binding) => !wanted.has(bindingKey(binding)))
  return {
    missing: declared.filter((binding) => !there.has(bindingKey(binding))),
    kept: declared.filter((binding) => there.has(bindingKey(binding))),
    stale: others.filter((binding) => ours.has(bindingKey(binding))),
    foreign: others.filter((binding) => !ours.has(bindingKey(binding))),
  }
}

/** Two are the same binding when they have the same key. */
export function bindingKey({ event, handler, queue }: Binding): string {
  return queue === undefined ? `${event} ${handler}` : `${event} offline ${queue}`
}

/** Whether a foreign binding leads to an app side's address for the same app, on another host. */
export function isMoved({ handler }: Binding, ownHandler: string): boolean {
  if (!URL.canParse(handler) || !URL.canParse(ownHandler)) return false
  const path = /\/apps\/[^/]+\/events$/
  const [theirs, own] = [path.exec(new URL(handler).pathname)?.[0], path.exec(new URL(ownHandler).pathname)?.[0]]
  return handler !== ownHandler && theirs !== undefined && theirs === own
}

/** Errors: RestError, and those of the token keeper. */
export async function readBindings(b24: B24OAuth): Promise<Binding[]> {
  const result = await callRest(b24, 'event.get')
  if (!Array.isArray(result)) return []
  return result.flatMap((row: unknown): Binding[] => {
    if (typeof row !== 'object' || row === null || !('event' in row)) return []
    const event = String(row.event).toUpperCase()
    if ('offline' in row && Number(row.offline) === 1) return [{ event, handler: '', queue: 'connector_id' in row ? String(row.connector_id ?? '') : '' }]
    return 'handler' in row ? [{ event, handler: String(row.handler) }] : []
  })
}

/**
 * Binds what is missing, then takes back what is stale: never nothing is bound in between. What the portal will not take, whoever
 * asks again, is in the report. Errors: RestError on anything that may pass.
 */
export async function makeBindingsTrue(b24: B24OAuth, plan: BindingPlan, note: (text: string) => void): Promise<BindingReport> {
  const refused: RefusedBinding[] = []
  const declared = [...plan.kept, ...plan.missing]
  const needsNoAddress = declared.some(({ queue }) => queue !== undefined)
  for (const binding of plan.missing) {
    const reason = await bind(b24, binding, needsNoAddress)
    if (reason === undefined) continue
    refused.push({ binding, reason })
    note(`${binding.event} is not bound: ${reason}`)
  }
  for (const binding of plan.stale) await callRest(b24, 'event.unbind', paramsOf(binding))
  return { ...plan, refused }
}

/** What is bound after it. */
export function boundBy({ kept, missing, refused }: BindingReport): Binding[] {
  const not = keysOf(refused.map(({ binding }) => binding))
  return [...kept, ...missing.filter((binding) => !not.has(bindingKey(binding)))]
}

/** Why an event is refused that needs a permission the app has not, or that the portal does not know. */
export const NOT_OFFERED = 'the portal does not offer it to this app'

/** Refusals that only another licence, account or address can end. */
const OFFLINE_REFUSALS: ReadonlySet<string> = new Set(['WRONG_LICENSE', 'ACCESS_DENIED', 'ERROR_ARGUMENT'])
const ADDRESS_REFUSALS: ReadonlySet<string> = new Set(['ERROR_WRONG_HANDLER_URL', 'ERROR_UNSUPPORTED_PROTOCOL'])

/** Why it was refused for good; nothing when it is bound. */
async function bind(b24: B24OAuth, binding: Binding, needsNoAddress: boolean): Promise<string | undefined> {
  try {
    await callRest(b24, 'event.bind', paramsOf(binding))
    return undefined
  } catch (error) {
    if (!(error instanceof RestError)) throw error
    // Two rows for one handler mean two deliveries, so Bitrix24 refuses the second: the binding is there.
    if (error.message.includes('already binded')) return undefined
    const { restCode } = error
    const lasting = restCode === 'ERROR_EVENT_NOT_FOUND'
      || (binding.queue !== undefined && OFFLINE_REFUSALS.has(restCode))
      // An app that fetches its events can live without an address that Bitrix24 reaches.
      || (binding.queue === undefined && needsNoAddress && ADDRESS_REFUSALS.has(restCode))
    if (!lasting) throw error
    return restCode === 'ERROR_EVENT_NOT_FOUND' ? NOT_OFFERED : `${restCode} ${error.restDescription}`.trim()
  }
}

function paramsOf({ event, handler, queue }: Binding): Record<string, unknown> {
  if (queue === undefined) return { event, handler }
  return { event, event_type: 'offline', ...(queue === '' ? {} : { auth_connector: queue }) }
}

function keysOf(bindings: readonly Binding[]): ReadonlySet<string> {
  return new Set(bindings.map(bindingKey))
}
