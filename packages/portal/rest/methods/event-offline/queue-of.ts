import { nowS } from '../../../context.ts'
import type { OfflineEvent } from '../../../world/offline-events.ts'
import { authConnectorOf } from '../../auth-connector.ts'
import { argumentMissing, RestError } from '../../errors.ts'
import type { RestCall } from '../../method.ts'

/** One of the app's queues, the one auth_connector names. Administrators only. */
export interface OfflineQueue {
  readonly rows: readonly OfflineEvent[]
  isIn(row: OfflineEvent): boolean
}

export function queueOf(call: RestCall): OfflineQueue {
  const { context, caller } = call
  if (!caller.user.admin) throw new RestError('ACCESS_DENIED')
  const connectorId = authConnectorOf(call)
  const isIn = (row: OfflineEvent): boolean => row.clientId === caller.app.clientId && row.connectorId === connectorId
  return { rows: context.world.offline.list(nowS(context)).filter(isIn), isIn }
}

/** Only null counts as missing; '' is the process of every row nobody has reserved. */
export function requireProcessId({ params }: RestCall): string {
  const processId = params.get('process_id')
  if (processId === undefined || processId === null) throw argumentMissing('PROCESS_ID')
  return params.text('process_id') ?? ''
}
