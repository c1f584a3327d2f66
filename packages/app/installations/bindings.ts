import type { B24OAuth } from '@bitrix24/b24jssdk'
import { RestError, callRest } from '../bitrix24/call-rest.ts'
import type { App } from '../define-app.ts'
import type { Binding } from '../store/port.ts'

/**
 * Bindings are declared by the app's handlers and made true on the portal after install and update: Bitrix24 drops them
 * on an update (settings/app-installation) and says nothing. Foreign handlers of the same app are left alone.
 */
const LIFECYCLE_CODES = ['ONAPPINSTALL', 'ONAPPUPDATE', 'ONAPPUNINSTALL']
/** Needed to know which lines a connector is on. */
const CONNECTOR_CODES = ['ONIMCONNECTORSTATUSDELETE', 'ONIMCONNECTORLINEDELETE']

export function declaredBindings(app: App, handler: string): Binding[] {
  const codes = [...LIFECYCLE_CODES, ...(app.connectors.length > 0 ? CONNECTOR_CODES : []), ...app.codes]
  return [...new Set(codes)].map((event) => ({ event, handler }))
}

/**
 * Binds what is missing and returns what is bound. A code that the portal doesn't have (scope, edition) is left out and
 * reported through `note`. Errors: RestError on anything that may pass.
 */
export async function makeBindingsTrue(b24: B24OAuth, declared: readonly Binding[], note: (text: string) => void): Promise<Binding[]> {
  const existing = readBindings(await callRest(b24, 'event.get'))
  const bound: Binding[] = []
  for (const binding of declared) {
    const has = existing.some(({ event, handler }) => event === binding.event && handler === binding.handler)
    if (has || (await bind(b24, binding, note))) bound.push(binding)
  }
  return bound
}

/** Takes back bindings of our own that the app no longer declares: a handler that went, or another address. */
export async function dropBindings(b24: B24OAuth, former: readonly Binding[], declared: readonly Binding[]): Promise<void> {
  for (const { event, handler } of former) {
    const wanted = declared.some((binding) => binding.event === event && binding.handler === handler)
    if (!wanted) await callRest(b24, 'event.unbind', { event, handler })
  }
}

async function bind(b24: B24OAuth, { event, handler }: Binding, note: (text: string) => void): Promise<boolean> {
  try {
    await callRest(b24, 'event.bind', { event, handler })
    return true
  } catch (error) {
    // Two rows for one handler mean two deliveries, so Bitrix24 refuses the second: the binding is there.
    if (error instanceof RestError && error.message.includes('already binded')) return true
    if (!(error instanceof RestError) || error.restCode !== 'ERROR_EVENT_NOT_FOUND') throw error
    note(`${event} is not bound: the portal does not offer it to this app`)
    return false
  }
}

function readBindings(result: unknown): Binding[] {
  if (!Array.isArray(result)) return []
  return result.flatMap((row: unknown) => {
    if (typeof row !== 'object' || row === null || !('event' in row) || !('handler' in row)) return []
    return [{ event: String(row.event).toUpperCase(), handler: String(row.handler) }]
  })
}
