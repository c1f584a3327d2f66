import type { Connector } from '../../../world/state.ts'
import { ownConnector, requireText } from '../../connector-params.ts'
import { RestError } from '../../errors.ts'
import type { RestCall } from '../../method.ts'

export interface Channel {
  readonly connector: Connector
  readonly line: number
}

/** CONNECTOR, which must be the app's own, and LINE, whatever number it is. */
export function requireProvider(call: RestCall): Channel {
  const connector = ownConnector(call)
  const line = Number.parseInt(requireText(call.params, 'LINE'), 10)
  if (connector === undefined) throw new RestError('IMCONNECTOR_NO_CORRECT_PROVIDER')
  return { connector, line: Number.isSafeInteger(line) ? line : 0 }
}

/** The line must be there and active, and the connector switched on for it. */
export function requireActive(call: RestCall, { connector, line }: Channel): void {
  const { world } = call.context
  const row = world.lineConnector(line, connector.id)
  const lineActive = world.line(line) !== undefined && world.openLines.config(line)['ACTIVE'] !== 'N'
  if (!lineActive || row?.active !== true || row.error) throw new RestError('NOT_ACTIVE_LINE')
}
