import type { PhpValue } from '@portline/wire/form/value.ts'
import type { PortalContext } from '../context.ts'
import type { App, Connector, LineConnector } from '../world/state.ts'
import type { FrameOptions, PageAnswer } from './frame.ts'
import { openFrame } from './frame.ts'
import type { Hit, Raised } from './raise-event.ts'
import { bothRaised, NOTHING_RAISED, raiseEvent } from './raise-event.ts'

/**
 * A connector on an open line:
 *
 *     none ──activate──> active ──switch off, by anyone──> none   (ONIMCONNECTORSTATUSDELETE)
 *       └──connector.data.set──> configured, not active ──activate──> active
 *
 * Invariant: switching off what is not active raises nothing.
 */
export function switchOff(context: PortalContext, hit: Hit, connector: Connector, line: number): Raised {
  const active = context.world.lineConnector(line, connector.id)?.active === true
  context.world.removeLineConnector(line, connector.id)
  if (!active) return NOTHING_RAISED
  // Lower case, unlike the other events of the family.
  const data = { connector: connector.id, line }
  return raiseEvent(context, hit, { event: 'ONIMCONNECTORSTATUSDELETE', data, onlyFor: connector.clientId })
}

/** Lines lose the connector first, while it is still known whose it is. */
export function unregisterConnector(context: PortalContext, hit: Hit, connector: Connector): Raised {
  let raised = NOTHING_RAISED
  for (const row of context.world.lineConnectors().filter((other) => other.connector === connector.id)) {
    raised = bothRaised(raised, switchOff(context, hit, connector, row.line))
  }
  context.world.removeConnector(connector.id)
  return raised
}

/** STATUS of imconnector.status: on, configured, and no error. */
export function isWorking(row: LineConnector | undefined): boolean {
  return row !== undefined && row.active && row.configured && !row.error
}

/**
 * Opens the connector's settings page (api-reference/widgets/setting-connector.md), as "Connect" in the contact centre
 * does. ACTIVE_STATUS says that it is to be switched on; the app does that itself through imconnector.activate.
 */
export function openConnectorSettings(
  context: PortalContext, app: App, connector: Connector, line: number, userId: number,
): Promise<PageAnswer> {
  return openFrame(context, app, connectorSettings(context, connector, line, userId))
}

export function connectorSettings(context: PortalContext, connector: Connector, line: number, userId: number): FrameOptions {
  const row = context.world.lineConnector(line, connector.id)
  const placementOptions = {
    CONNECTOR: connector.id,
    LINE: String(line),
    STATUS: isWorking(row),
    ACTIVE_STATUS: true,
    CONNECTION_STATUS: row?.configured ?? false,
    REGISTER_STATUS: row?.configured ?? false,
    ERROR_STATUS: row?.error ?? false,
    URI: `/contact_center/connector/?ID=${connector.id}&LINE=${line}&IFRAME=Y&IFRAME_TYPE=SIDE_SLIDER`,
  }
  return { url: connector.placementHandler, userId, placement: 'SETTING_CONNECTOR', placementOptions }
}

/**
 * Who alone may have an event of the connector family: the app that registered the connector named in its data, '' when
 * nobody did, undefined for an event that is not bound to a connector.
 */
export function connectorOwner(context: PortalContext, event: string, data: PhpValue): string | undefined {
  if (!event.startsWith('ONIMCONNECTOR') || event === 'ONIMCONNECTORLINEDELETE') return undefined
  if (typeof data !== 'object' || data === null || Array.isArray(data)) return ''
  const name = Object.entries(data).find(([key]) => key.toUpperCase() === 'CONNECTOR')?.[1]
  return typeof name === 'string' ? (context.world.connector(name.toLowerCase())?.clientId ?? '') : ''
}
