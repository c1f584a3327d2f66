import { CodedError } from '@portline/wire/errors.ts'
import type { PortalContext } from '../context.ts'
import type { App } from '../world/state.ts'
import { connectorSettings } from './connectors.ts'
import type { FrameOptions, PageAnswer } from './frame.ts'
import { openFrame } from './frame.ts'

/** Opens an app in its frame, the portal's HTTP client in the place of a browser. Errors of pageToOpen(). */
export async function openApp(
  context: PortalContext, app: App, userId: number, placement: string, placementOptions: Readonly<Record<string, unknown>>,
): Promise<PageAnswer> {
  return openFrame(context, app, pageToOpen(context, app, userId, placement, placementOptions))
}

/**
 * Which of an app's pages a user gets. While the installation is not finished an administrator gets the installer and
 * nobody else gets anything. BAD_REQUEST when there is no page to open.
 */
export function pageToOpen(
  context: PortalContext, app: App, userId: number, placement: string, placementOptions: Readonly<Record<string, unknown>>,
): FrameOptions {
  if (!app.active) throw new CodedError('BAD_REQUEST', 'The app is not installed')
  if (!app.installed) return installer(context, app, userId)
  if (placement === 'SETTING_CONNECTOR') return settings(context, app, userId, placementOptions)
  const widget = context.world.placements.find(app.clientId, placement, userId)
  if (widget !== undefined) return { url: widget.handler, userId, placement, placementOptions }
  if (!app.ui || app.handlerUrl === '') {
    throw new CodedError('BAD_REQUEST', 'The app has no page: handler_url is empty or ui is false')
  }
  return { url: app.handlerUrl, userId, placement, placementOptions }
}

function installer(context: PortalContext, app: App, userId: number): FrameOptions {
  if (context.world.user(userId)?.admin !== true) {
    throw new CodedError('BAD_REQUEST', 'The installation is not finished, and only an administrator can')
  }
  return { url: app.installUrl, userId, placement: 'DEFAULT' }
}

function settings(context: PortalContext, app: App, userId: number, options: Readonly<Record<string, unknown>>): FrameOptions {
  const connector = context.world.connector(String(options['CONNECTOR']).toLowerCase())
  const line = context.world.line(Number(options['LINE']))
  if (connector?.clientId !== app.clientId || line === undefined) {
    throw new CodedError('BAD_REQUEST', 'options: SETTING_CONNECTOR needs CONNECTOR, one of the app, and LINE, one of the portal')
  }
  return connectorSettings(context, connector, line.id, userId)
}
