import { CodedError } from '@portline/wire/errors.ts'
import type { PortalContext } from '../context.ts'
import type { App } from '../world/state.ts'
import { bindInstallUrl, raiseInstalled } from './install.ts'
import type { Raised } from './raise-event.ts'
import { portalHit, raiseEvent } from './raise-event.ts'

export interface UpdateOptions {
  readonly version: string
  readonly rotateApplicationToken: boolean
  /** `install`: a second ONAPPINSTALL instead of ONAPPUPDATE, as the present marketplace does. */
  readonly signal: 'update' | 'install'
}

const APPLICATION_TOKEN_BYTES = 16

/**
 * Installs a new version. The event goes to the rows as they were, and then every row of the app is gone: each version
 * has to bind again (api-reference/common/events/on-app-update.md). BAD_REQUEST when the app is not installed.
 */
export function updateApp(context: PortalContext, app: App, options: UpdateOptions): Raised {
  if (!app.active || !app.installed) throw new CodedError('BAD_REQUEST', 'The app is not installed')
  const previousVersion = app.version
  context.world.changeApp(app, {
    version: options.version,
    ...(options.rotateApplicationToken ? { applicationToken: context.world.drawHex(APPLICATION_TOKEN_BYTES) } : {}),
  })
  const raised = options.signal === 'install' ? raiseInstalled(context, app) : raiseUpdated(context, app, previousVersion)
  context.world.removeHandlers((row) => row.clientId === app.clientId)
  bindInstallUrl(context, app)
  return raised
}

function raiseUpdated(context: PortalContext, app: App, previousVersion: string): Raised {
  const data = { VERSION: app.version, PREVIOUS_VERSION: previousVersion, LANGUAGE_ID: app.language }
  return raiseEvent(context, portalHit(app.installerId), { event: 'ONAPPUPDATE', data, onlyFor: app.clientId })
}
