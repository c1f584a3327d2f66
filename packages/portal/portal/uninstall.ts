import { CodedError } from '@portline/wire/errors.ts'
import type { PortalContext } from '../context.ts'
import type { App } from '../world/state.ts'
import type { Raised } from './raise-event.ts'
import { NOTHING_RAISED, portalHit, raiseEvent } from './raise-event.ts'

/**
 * Removes an app (settings/app-uninstallation.md; order from the module source): ONAPPUNINSTALL first, while its rows are
 * still there, then the rows, then what else it had. Connectors go after the rows, so their own events reach nobody.
 * A market app keeps its row; a local app's row is deleted with `clean` and kept without. BAD_REQUEST when not active.
 */
export function uninstallApp(context: PortalContext, app: App, clean: boolean): Raised {
  if (!app.active) throw new CodedError('BAD_REQUEST', 'The app is not installed')
  const raised = app.installed ? raiseUninstalled(context, app, clean) : NOTHING_RAISED
  context.world.removeHandlers((row) => row.clientId === app.clientId)
  for (const connector of context.world.connectors().filter((row) => row.clientId === app.clientId)) {
    context.world.removeConnector(connector.id)
  }
  context.world.offline.remove((row) => row.clientId === app.clientId)
  context.world.placements.remove((row) => row.clientId === app.clientId)
  const erased = clean ? { options: {}, userOptions: {}, startedVersions: {} } : {}
  context.world.changeApp(app, { active: false, installed: false, ...erased })
  if (clean && app.kind === 'local') context.world.deleteApp(app)
  return raised
}

function raiseUninstalled(context: PortalContext, app: App, clean: boolean): Raised {
  const data = { LANGUAGE_ID: app.language, CLEAN: clean ? 1 : 0 }
  return raiseEvent(context, portalHit(app.installerId), { event: 'ONAPPUNINSTALL', data, onlyFor: app.clientId })
}
