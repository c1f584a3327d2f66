import { isWorking, switchOff } from '../../portal/connectors.ts'
import { IMCONNECTOR_SCOPE, ownConnector, requireLine, requireText } from '../connector-params.ts'
import { argumentMissing } from '../errors.ts'
import type { RestCall, RestMethod } from '../method.ts'
import { plainText } from '../params.ts'

const activate: RestMethod = { name: 'imconnector.activate', scopes: IMCONNECTOR_SCOPE, run: activateConnector }

/**
 * imconnector-activate.md: any non-empty ACTIVE but 0 switches on. Switching off raises ONIMCONNECTORSTATUSDELETE to the
 * very app that asked for it.
 */
function activateConnector(call: RestCall): boolean {
  const { context, params, hit } = call
  const connector = ownConnector(call)
  const line = requireLine(params)
  const active = params.get('ACTIVE')
  if (active === undefined || active === null) throw argumentMissing('ACTIVE')
  if (connector === undefined || context.world.line(line) === undefined) return false
  if (isSwitchedOn(active)) context.world.changeLineConnector(line, connector.id, { active: true })
  else switchOff(context, hit, connector, line)
  return true
}

function isSwitchedOn(active: unknown): boolean {
  const text = plainText(active)
  return text !== undefined && text !== '0'
}

/** imconnector-status.md: LINE 0 when it is left out, which is no line at all. */
const status: RestMethod = {
  name: 'imconnector.status',
  scopes: IMCONNECTOR_SCOPE,
  run: ({ context, params }) => {
    const connector = requireText(params, 'CONNECTOR').toLowerCase()
    const line = params.text('LINE') === undefined ? 0 : requireLine(params)
    const row = context.world.lineConnector(line, connector)
    const { error = false, configured = false } = row ?? {}
    return { LINE: line, CONNECTOR: connector, ERROR: error, CONFIGURED: configured, STATUS: isWorking(row) }
  },
}

const CHANNEL_FIELDS: readonly string[] = ['ID', 'URL', 'URL_IM', 'NAME']

/** imconnector-connector-data-set.md: adds to what is stored and passes over empty values (variants.connectorDataSet). */
const dataSet: RestMethod = {
  name: 'imconnector.connector.data.set',
  scopes: IMCONNECTOR_SCOPE,
  run: (call) => {
    const { context, params } = call
    const connector = ownConnector(call)
    const line = requireLine(params)
    const given = params.get('DATA')
    if (typeof given !== 'object' || given === null) throw argumentMissing('DATA')
    if (connector === undefined || context.world.line(line) === undefined) return false
    const stored = context.variants.connectorDataSet === 'merge' ? context.world.lineConnector(line, connector.id)?.data : {}
    const data = { ...stored, ...channelFields(given) }
    context.world.changeLineConnector(line, connector.id, { data, configured: true })
    return true
  },
}

function channelFields(given: object): Record<string, string> {
  const fields: Record<string, string> = {}
  for (const [key, value] of Object.entries(given)) {
    const text = plainText(value)
    if (text !== undefined && CHANNEL_FIELDS.includes(key.toUpperCase())) fields[key.toUpperCase()] = text
  }
  return fields
}

export const connectorLineMethods = [activate, status, dataSet]
