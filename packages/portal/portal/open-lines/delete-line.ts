import type { PortalContext } from '../../context.ts'
import { switchOff } from '../connectors.ts'
import type { Hit, Raised } from '../raise-event.ts'
import { bothRaised, NOTHING_RAISED, raiseEvent } from '../raise-event.ts'

/**
 * Deletes an open line: ONIMCONNECTORSTATUSDELETE for each connector that was active on it, then ONIMCONNECTORLINEDELETE,
 * its data the bare number, to everybody who wants it, whether a connector of theirs was on the line or not.
 */
export function deleteLine(context: PortalContext, hit: Hit, line: number): Raised {
  let raised = NOTHING_RAISED
  for (const row of context.world.lineConnectors().filter((other) => other.line === line)) {
    const connector = context.world.connector(row.connector)
    if (connector !== undefined) raised = bothRaised(raised, switchOff(context, hit, connector, line))
  }
  context.world.removeLine(line)
  return bothRaised(raised, raiseEvent(context, hit, { event: 'ONIMCONNECTORLINEDELETE', data: line }))
}
