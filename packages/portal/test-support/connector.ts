import { expect } from 'vitest'
import type { PortalOptions } from '../start-portal.ts'
import type { Answer, Installed, TestWorld } from './world.ts'
import { call, events, installUiApp, startWorld } from './world.ts'

export const CONNECTOR = 'example_site_chat'
export const LINE = 107

const ICON = { DATA_IMAGE: 'data:image/svg+xml;charset=US-ASCII,%3Csvg/%3E' }

/** A world whose app has a connector working on line 107, and its token. */
export interface ConnectorWorld extends TestWorld {
  readonly installed: Installed
  /** A REST call with the installer's token. */
  rest(method: string, params?: object): Promise<Answer>
  /** Its result alone. */
  result(method: string, params?: object): Promise<unknown>
  /** Events of the receiver by code. */
  got(code: string): Record<string, unknown>[]
}

export async function startConnectorWorld(
  codes: readonly string[], register: object = {}, options: PortalOptions = {},
): Promise<ConnectorWorld> {
  const { clock: _clock, ...rest } = options
  const world = await startWorld(rest)
  const installed = await installUiApp(world, codes)
  const portalCall = (method: string, params: object = {}): Promise<Answer> =>
    call(world.portal, method, { auth: installed.accessToken, ...params })
  const placement = { ID: CONNECTOR, NAME: 'Site chat', ICON, PLACEMENT_HANDLER: `${world.receiver.url}/settings` }
  expect((await portalCall('imconnector.register', { ...placement, ...register })).body['result']).toEqual({ result: true })
  await portalCall('imconnector.activate', { CONNECTOR, LINE, ACTIVE: 1 })
  await portalCall('imconnector.connector.data.set', { CONNECTOR, LINE, DATA: { ID: 'c1', NAME: 'Site' } })
  const got = (code: string): Record<string, unknown>[] =>
    events(world.receiver).filter(({ form }) => form['event'] === code).map(({ form }) => form)
  const result = async (method: string, params?: object): Promise<unknown> => (await portalCall(method, params)).body['result']
  return { ...world, installed, rest: portalCall, result, got }
}

export function visitorMessage(text = 'Hello', id = 'ext-1'): object {
  return {
    user: { id: 'u-42', name: 'Klaus Weber' }, message: { id, date: 1_767_225_600, text },
    chat: { id: 'channel-123', url: 'https://site.example/chat' },
  }
}

/** One visitor's message in; @returns the chat's id. */
export async function openChat(world: ConnectorWorld): Promise<number> {
  const { body } = await world.rest('imconnector.send.messages', { CONNECTOR, LINE, MESSAGES: [visitorMessage()] })
  await world.settle()
  const [element] = Object(body['result']).DATA.RESULT
  return Number(element.session.CHAT_ID)
}
