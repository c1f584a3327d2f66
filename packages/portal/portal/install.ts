import { CodedError } from '@portline/wire/errors.ts'
import type { PortalContext } from '../context.ts'
import { nextInstallId } from '../oauth/tokens.ts'
import type { App } from '../world/state.ts'
import { yesNo } from '../world/state.ts'
import type { PageAnswer } from './frame.ts'
import { openFrame } from './frame.ts'
import type { Raised } from './raise-event.ts'
import { NOTHING_RAISED, portalHit, raiseEvent } from './raise-event.ts'

export interface InstallAnswer extends Raised {
  /** The installer page's answer; absent when the app has no installer page. */
  readonly page?: PageAnswer
}

/**
 * Installs an app, or installs it again (settings/app-installation/*). An app with an installer page is not installed
 * until finishInstallation(): nothing is sent to it before. BAD_REQUEST when the user is no administrator.
 */
export async function installApp(context: PortalContext, app: App, userId: number, language: string): Promise<InstallAnswer> {
  const raised = beginInstallation(context, app, userId, language)
  if (app.installed) return raised
  return { ...raised, page: await openFrame(context, app, { url: app.installUrl, userId, placement: 'DEFAULT' }) }
}

/** installApp() without opening the installer page: a browser does that. INSTALLED=N afterwards when there is one. */
export function beginInstallation(context: PortalContext, app: App, userId: number, language: string): Raised {
  if (context.world.user(userId)?.admin !== true) throw new CodedError('BAD_REQUEST', 'Only an administrator installs an app')
  const hasInstaller = app.ui && app.installUrl !== ''
  context.world.changeApp(app, {
    // A new installation has a number of its own, so that tokens of a former one stay dead; doing it again keeps it.
    installId: app.active ? app.installId : nextInstallId(context),
    installerId: userId,
    language,
    active: true,
    installed: !hasInstaller,
  })
  if (hasInstaller) return NOTHING_RAISED
  bindInstallUrl(context, app)
  return raiseInstalled(context, app)
}

/** What `BX24.installFinish` does in the installer page. No effect on an app that is installed. BAD_REQUEST before an install. */
export function finishInstallation(context: PortalContext, app: App): Raised {
  if (!app.active) throw new CodedError('BAD_REQUEST', 'The app is not being installed: install it first')
  if (app.installed) return NOTHING_RAISED
  context.world.changeApp(app, { installed: true })
  return raiseInstalled(context, app)
}

/** An app without pages gets its handler row for ONAPPINSTALL from its card: "initial installation path". */
export function bindInstallUrl(context: PortalContext, app: App): void {
  if (app.ui || app.installUrl === '') return
  const row = { clientId: app.clientId, event: 'ONAPPINSTALL', url: app.installUrl, userId: 0 }
  const bound = context.world.handlers().some(
    (other) => other.clientId === row.clientId && other.event === row.event && other.url === row.url,
  )
  if (!bound) context.world.addHandler(row)
}

/** ONAPPINSTALL (api-reference/common/events/on-app-install.md): after an installation, and after some updates too. */
export function raiseInstalled(context: PortalContext, app: App): Raised {
  const data = { VERSION: app.version, ACTIVE: yesNo(app.active), INSTALLED: yesNo(app.installed), LANGUAGE_ID: app.language }
  return raiseEvent(context, portalHit(app.installerId), { event: 'ONAPPINSTALL', data, onlyFor: app.clientId })
}
