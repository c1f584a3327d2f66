import type { PortalContext } from '../../context.ts'
import { unregisterConnector } from '../../portal/connectors.ts'
import { DEFAULT_FLAGS } from '../../portal/open-lines/flags.ts'
import type { ConnectorFlags } from '../../world/state.ts'
import { accessDeniedToConnectors, IMCONNECTOR_SCOPE } from '../connector-params.ts'
import type { RestCall, RestMethod } from '../method.ts'
import type { RequestParams } from '../params.ts'

/** Failures of register and unregister come with HTTP 200, inside `result` (imconnector-register.md). */
interface CardFailure {
  readonly result: false
  readonly error: keyof typeof CARD_ERRORS
  readonly error_description: string
}

const CARD_ERRORS = {
  CONNECTOR_ID_REQUIRED: 'Connector ID is not specified',
  APPLICATION_REGISTRATION_ERROR_POINT: 'Application registration error. Using a dot in the connector identifier is not allowed',
  NAME_REQUIRED: 'Connector name is not specified',
  ICON_REQUIRED: 'Connector icon is not specified',
  NO_PLACEMENT_HANDLER: 'Failed to get embedding handler URL',
  APPLICATION_REGISTRATION_ERROR: 'Application registration error',
  APPLICATION_UNREGISTRATION_ERROR: 'Error unregistering the application',
} as const

const register: RestMethod = { name: 'imconnector.register', scopes: IMCONNECTOR_SCOPE, run: registerConnector }

/** Registers a connector, or changes the app's own one of that ID. Another app's ID is refused. */
function registerConnector({ context, caller, params }: RestCall): { result: true } | CardFailure {
  const id = filledString(params.get('ID'))?.toLowerCase()
  const name = filledString(params.get('NAME'))
  const placementHandler = filledString(params.get('PLACEMENT_HANDLER'))
  if (id === undefined) return cardFailure('CONNECTOR_ID_REQUIRED')
  if (id.includes('.')) return cardFailure('APPLICATION_REGISTRATION_ERROR_POINT')
  if (name === undefined) return cardFailure('NAME_REQUIRED')
  if (iconImage(params.get('ICON')) === undefined) return cardFailure('ICON_REQUIRED')
  if (placementHandler === undefined || !URL.canParse(placementHandler)) return cardFailure('NO_PLACEMENT_HANDLER')
  const owner = context.world.connector(id)?.clientId
  const foreign = (owner !== undefined && owner !== caller.app.clientId) || BUILT_IN_CONNECTORS.has(id)
  if (foreign) return cardFailure('APPLICATION_REGISTRATION_ERROR')
  context.world.putConnector({ id, clientId: caller.app.clientId, name, placementHandler, flags: readFlags(params) })
  bindSettings(context, caller.app.clientId, name, placementHandler)
  return { result: true }
}

/** The settings page is a placement of the app from now on. */
function bindSettings(context: PortalContext, clientId: string, title: string, handler: string): void {
  const { placements } = context.world
  placements.remove((row) => row.clientId === clientId && row.placement === SETTINGS && row.handler === handler)
  placements.add({ clientId, placement: SETTINGS, handler, userId: 0, title, description: '', options: {}, langAll: {} })
}

const SETTINGS = 'SETTING_CONNECTOR'
const FALSE_VALUES: readonly unknown[] = [false, 0, '', '0', 'N', 'n', 'false']

function readFlags(params: RequestParams): ConnectorFlags {
  const flag = (name: keyof ConnectorFlags): boolean => {
    const value = params.get(name)
    return value === undefined || value === null ? DEFAULT_FLAGS[name] : !FALSE_VALUES.includes(value)
  }
  return {
    DEL_EXTERNAL_MESSAGES: flag('DEL_EXTERNAL_MESSAGES'),
    EDIT_INTERNAL_MESSAGES: flag('EDIT_INTERNAL_MESSAGES'),
    DEL_INTERNAL_MESSAGES: flag('DEL_INTERNAL_MESSAGES'),
    NEWSLETTER: flag('NEWSLETTER'),
    NEED_SYSTEM_MESSAGES: flag('NEED_SYSTEM_MESSAGES'),
    NEED_SIGNATURE: flag('NEED_SIGNATURE'),
    CHAT_GROUP: flag('CHAT_GROUP'),
  }
}

/** Keys of the parameters count in any case, also below the top level. */
function iconImage(icon: unknown): string | undefined {
  if (typeof icon !== 'object' || icon === null) return undefined
  const image = Object.entries(icon).find(([key]) => key.toUpperCase() === 'DATA_IMAGE')?.[1]
  return filledString(image)
}

/** A number is no string here, as in the source. */
function filledString(value: unknown): string | undefined {
  return typeof value === 'string' && value !== '' ? value : undefined
}

/** imconnector-unregister.md: the connector leaves its lines first, each with its event. */
const unregister: RestMethod = {
  name: 'imconnector.unregister',
  scopes: IMCONNECTOR_SCOPE,
  run: ({ context, caller, params, hit }) => {
    const connector = context.world.connector(params.text('ID')?.toLowerCase() ?? '')
    if (connector?.clientId !== caller.app.clientId) return cardFailure('APPLICATION_UNREGISTRATION_ERROR')
    unregisterConnector(context, hit, connector)
    context.world.placements.remove((row) =>
      row.clientId === connector.clientId && row.placement === SETTINGS && row.handler === connector.placementHandler)
    return { result: true }
  },
}

const BUILT_IN_CONNECTORS = new Map([['livechat', 'Live Chat'], ['network', 'Bitrix24.Network'], ['telegrambot', 'Telegram']])

/** imconnector-list.md: all that can be put on a line, built-in ones too. */
const list: RestMethod = {
  name: 'imconnector.list',
  scopes: IMCONNECTOR_SCOPE,
  run: ({ context, caller }) => {
    if (!caller.user.admin) throw accessDeniedToConnectors()
    const registered = context.world.connectors().map((connector): [string, string] => [connector.id, connector.name])
    return Object.fromEntries([...BUILT_IN_CONNECTORS, ...registered])
  },
}

function cardFailure(error: keyof typeof CARD_ERRORS): CardFailure {
  return { result: false, error, error_description: CARD_ERRORS[error] }
}

export const connectorCardMethods = [register, unregister, list]
