import type { B24OAuth } from '@bitrix24/b24jssdk'
import type { Clock } from '@portline/runtime/clock.ts'
import { CodedError } from '@portline/wire/errors.ts'
import type { FramePost } from '@portline/wire/frame.ts'
import { callRest } from '../bitrix24/call-rest.ts'
import type { App } from '../define-app.ts'
import type { ConnectorLine, PortalKey, Store } from '../store/port.ts'

/** Where the portal opens a connector's settings for one line (imconnector.register creates it). */
export const SETTING_CONNECTOR = 'SETTING_CONNECTOR'

/**
 * Connects a declared connector to the line whose settings were opened. The calls are made with the visitor's own tokens,
 * so the portal decides whether this user may. Errors: BAD_REQUEST when the options name no declared connector or line.
 */
export async function connectLine(
  b24: B24OAuth,
  app: App,
  frame: FramePost,
  { store, clock, portal }: { store: Store; clock: Clock; portal: PortalKey },
): Promise<ConnectorLine> {
  const { connector, line } = readOptions(app, frame.placementOptions)
  await callRest(b24, 'imconnector.activate', { CONNECTOR: connector, LINE: line, ACTIVE: 1 })
  const state: ConnectorLine = { connector, line, active: true, changedAtMs: clock.now() }
  await store.saveConnectorLine(portal, state)
  return state
}

function readOptions(app: App, options: Readonly<Record<string, unknown>>): { connector: string; line: string } {
  const line = String(options['LINE'] ?? '')
  if (!/^\d{1,10}$/.test(line)) throw new CodedError('BAD_REQUEST', 'PLACEMENT_OPTIONS names no LINE')
  const asked = options['CONNECTOR'] ?? options['ID']
  const found = asked === undefined && app.connectors.length === 1 ? app.connectors[0] : app.connectors.find(({ id }) => id === asked)
  if (found === undefined) throw new CodedError('BAD_REQUEST', 'PLACEMENT_OPTIONS names no connector of this app')
  return { connector: found.id, line }
}
