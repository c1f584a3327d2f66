import type { Placement } from '../../world/placements.ts'
import type { RestCall, RestMethod } from '../method.ts'
import { placementCodes } from '../placement-codes.ts'
import { grantedScopes, requireAdmin, requirePlacement } from '../placement-params.ts'
import { placementBind } from './placement-bind.ts'

/** placement-unbind.md: without HANDLER all of the app's handlers of the place; with USER_ID only that user's. */
const unbind: RestMethod = {
  name: 'placement.unbind',
  scopes: ['placement'],
  run: (call) => {
    requireAdmin(call)
    const { context, caller, params } = call
    const placement = requirePlacement(call, 'PLACEMENT')
    const handler = params.text('HANDLER')
    const userId = params.get('USER_ID') === undefined ? undefined : Number.parseInt(params.text('USER_ID') ?? '0', 10)
    const count = context.world.placements.remove((row) =>
      row.clientId === caller.app.clientId && row.placement === placement
      && (handler === undefined || row.handler === handler) && (userId === undefined || row.userId === userId))
    return { count: context.variants.placementUnbindCount === 'twice' ? count * 2 : count }
  },
}

/** placement-get.md: the app's handlers in the order they were bound. */
const get: RestMethod = {
  name: 'placement.get',
  scopes: ['placement'],
  run: (call) => {
    requireAdmin(call)
    const { clientId } = call.caller.app
    return call.context.world.placements.list().filter((row) => row.clientId === clientId).map(viewPlacement)
  },
}

function viewPlacement({ id, placement, userId, handler, options, title, description, langAll }: Placement): object {
  return { id, placement, userId, handler, options, title, description, langAll }
}

/** placement-list.md: codes of the app's scopes, of one with SCOPE, of all with FULL. */
const list: RestMethod = { name: 'placement.list', scopes: ['placement'], run: listCodes }

function listCodes(call: RestCall): string[] {
  const { params } = call
  const scope = params.text('SCOPE')
  if (scope !== undefined) return placementCodes([scope])
  const full = params.text('FULL')
  const isFull = full !== undefined && full !== '0' && full.toLowerCase() !== 'false'
  return placementCodes(isFull ? undefined : grantedScopes(call))
}

export const placementMethods = [placementBind, unbind, get, list]
