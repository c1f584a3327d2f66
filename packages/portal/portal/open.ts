import { CodedError } from '@portline/wire/errors.ts'
import type { PortalContext } from '../context.ts'
import type { App } from '../world/state.ts'
import { openConnectorSettings } from './connectors.ts'
import type { PageAnswer } from './frame.ts'
import { openFrame } from './frame.ts'

/**
 * Opens an app in its frame. While the installation is not finished an administrator gets the installer and nobody else
 * gets anything. BAD_REQUEST when there is no page to open.
 */
export function openApp(
  context: PortalContext, app: App, userId: number, placement: string, placementOptions: Readonly<Record<string, unknown>>,
): Promise<PageAnswer> {
  if (!app.active) throw new CodedError('BAD_REQUEST', 'The app is not installed')
  if (!app.installed) return openInstaller(context, app, userId)
  if (placement === 'SETTING_CONNECTOR') return openSettings(context, app, userId, placementOptions)
  if (!app.ui || app.handlerUrl === '') {
    throw new CodedError('BAD_REQUEST', 'The app has no page: handler_url is empty or ui is false')
  }
  return openFrame(context, app, { url: app.handlerUrl, userId, placement, placementOptions })
}

function openInstaller(context: PortalContext, app: App, userId: number): Promise<PageAnswer> {
  if (context.world.user(userId)?.admin !== true) {
    throw new CodedError('BAD_REQUEST', 'The installation is not finished, and only an administrator can')
  }
  return openFrame(context, app, { url: app.installUrl, userId, placement: 'DEFAULT' })
}

function openSettings(
  context: PortalContext, app: App, userId: number, options: Readonly<Record<string, unknown>>,
): Promise<PageAnswer> {
  const connector = context.world.connector(String(options['CONNECTOR']).toLowerCase())
  const line = context.world.line(Number(options['LINE']))
  if (connector?.clientId !== app.clientId || line === undefined) {
    throw new CodedError('BAD_REQUEST', 'options: SETTING_CONNECTOR needs CONNECTOR, one of the app, and LINE, one of the portal')
  }
  return openConnectorSettings(context, app, connector, line.id, userId)
}
