import { readFileSync } from 'node:fs'
import { EVENT_TRAITS } from '@portline/wire/events/catalogue.ts'
import type { EventTraits } from '@portline/wire/events/catalogue.ts'
import type { PhpValue } from '@portline/wire/form/value.ts'
import type { TestWorld } from './world.ts'
import { call, CLIENT_ID, CLIENT_SECRET, field, last } from './world.ts'

/** One event as the documentation prints it, and as the module source registers it (absent where no source is known). */
export interface DocumentedEvent {
  readonly scope: string
  readonly page: string
  readonly sendAuth?: boolean
  readonly sendRefreshToken?: boolean
  readonly queue?: EventTraits['queue']
  /** Of its payload example, values shortened; absent when the page prints none. */
  readonly data?: PhpValue
}

/** What replaces `{entityTypeId}` in the codes of single smart processes. */
export const ENTITY_TYPE_ID = 1_220

/** By code: the 207 of the documentation. */
export function documentedEvents(): Map<string, DocumentedEvent> {
  const path = new URL('../catalogue/documented-examples.json', import.meta.url)
  const table: Record<string, DocumentedEvent> = JSON.parse(readFileSync(path, 'utf8'))
  return new Map(Object.entries(table).map(([code, event]) => [code.replace('{entityTypeId}', String(ENTITY_TYPE_ID)), event]))
}

/** Documented codes and those that only the module source has. */
export function everyCode(): string[] {
  return [...new Set([...documentedEvents().keys(), ...Object.keys(EVENT_TRAITS)])]
}

export const EVERY_SCOPE = [...new Set(Object.values(EVENT_TRAITS).map(({ scope }) => scope))]

export const CONNECTOR = 'example_chat'

/** Installs an app with these scopes, registers a connector when it may, and binds the codes. @returns codes refused */
export async function installWithScope(
  world: TestWorld, scope: readonly string[], codes: readonly string[], clientId = CLIENT_ID,
): Promise<string[]> {
  const { portal, receiver } = world
  portal.control.registerApp({
    name: 'All events', kind: 'local', client_id: clientId, client_secret: CLIENT_SECRET, scope,
    handler_url: `${receiver.url}/app`, install_url: `${receiver.url}/install`, redirect_uri: `${receiver.url}/oauth`,
  })
  await portal.control.install(clientId)
  const auth = field(last(receiver).form, 'AUTH_ID')
  if (scope.includes('imopenlines')) {
    await call(portal, 'imconnector.register', {
      auth, ID: CONNECTOR, NAME: 'Example', ICON: { DATA_IMAGE: 'data:,' }, PLACEMENT_HANDLER: `${receiver.url}/settings`,
    })
  }
  const refused: string[] = []
  for (const event of codes) {
    const { body } = await call(portal, 'event.bind', { auth, event, handler: `${receiver.url}/events` })
    if (body['result'] !== true) refused.push(`${event} ${String(body['error'])}`)
  }
  portal.control.finish(clientId)
  await world.settle()
  receiver.received.length = 0
  return refused
}

const ABOUT_ONE_APP = /^ONAPP/

/** Fires each code without data. @returns reasons for which rows were passed over, by code */
export function fireEvery(world: TestWorld, codes: readonly string[], userId: number): Map<string, string[]> {
  return new Map(codes.map((event) => {
    const about = ABOUT_ONE_APP.test(event) ? { client_id: CLIENT_ID } : {}
    const { skipped } = world.portal.control.fireEvent({ event, user_id: userId, ...about })
    return [event, skipped.map(({ reason }) => reason)]
  }))
}
