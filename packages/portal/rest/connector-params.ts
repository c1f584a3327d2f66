import type { Connector } from '../world/state.ts'
import { argumentMissing, argumentWrong, RestError } from './errors.ts'
import type { RestCall } from './method.ts'
import type { RequestParams } from './params.ts'

/** The module registers methods and events of the family under this one scope, whatever the pages say. */
export const IMCONNECTOR_SCOPE: readonly string[] = ['imopenlines']

export function requireText(params: RequestParams, name: string): string {
  const value = params.text(name)
  if (value === undefined) throw argumentMissing(name)
  return value
}

/** @returns undefined when nobody registered it, or another app did */
export function ownConnector({ context, caller, params }: RestCall): Connector | undefined {
  const connector = context.world.connector(requireText(params, 'CONNECTOR').toLowerCase())
  return connector?.clientId === caller.app.clientId ? connector : undefined
}

export function requireLine(params: RequestParams): number {
  const line = Number(requireText(params, 'LINE'))
  if (!Number.isSafeInteger(line) || line < 0) throw argumentWrong('LINE', 'LINE must be a whole number')
  return line
}

/** Status 400, unlike every other ACCESS_DENIED; the apostrophe is missing in the module source. */
export function accessDeniedToConnectors(): RestError {
  return new RestError('ACCESS_DENIED', 'You dont have access to this action', { status: 400 })
}
