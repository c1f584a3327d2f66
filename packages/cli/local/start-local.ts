import { join } from 'node:path'
import type { Log } from '@portline/runtime/log.ts'
import { startPortal } from '@portline/portal'
import type { Portal } from '@portline/portal'
import type { App } from 'portline'
import type { RetentionRules } from 'portline/inbox/retention.ts'
import { startAppSide } from 'portline/serve/start-app-side.ts'
import type { AppSide } from 'portline/serve/start-app-side.ts'
import { DEFAULT_HOST } from '../settings.ts'
import { PortalApp } from './portal-app.ts'

/** A portal and an app side on this machine, which know each other as they would in life: by addresses and credentials. */
export interface LocalOptions {
  readonly app: App
  readonly port: number
  readonly portalPort: number
  readonly oauthPort: number
  readonly dataDir: string
  readonly retention?: RetentionRules
  readonly operatorToken?: string
  readonly sealingKey?: string
  readonly log: Log
  /** Of the app side: called before events come. */
  readonly onLoaded?: () => void
}

export interface Local {
  readonly portal: Portal
  readonly appSide: AppSide
  readonly portalApp: PortalApp
  /** The app side first: its running handlers may still need the portal. */
  readonly stopParts: readonly (() => Promise<void>)[]
}

/** Errors: ADDRESS_IN_USE, STORE_IN_USE and the others of startPortal and startAppSide. */
export async function startLocal({ app, port, portalPort, oauthPort, dataDir, log, ...rest }: LocalOptions): Promise<Local> {
  const stateFile = join(dataDir, 'portal.json')
  const portal = await startPortal({ host: DEFAULT_HOST, port: portalPort, oauthPort, stateFile, log })
  try {
    const portalApp = new PortalApp(portal.url, app)
    const { client_id: clientId, client_secret: clientSecret } = await portalApp.register()
    const appSide = await startAppSide({
      ...rest, apps: [{ app, clientId, clientSecret }], host: DEFAULT_HOST, port, dataDir, authServers: [portal.oauthUrl], log,
    })
    return { portal, appSide, portalApp, stopParts: [() => appSide.stop(), () => portal.stop()] }
  } catch (error) {
    await portal.stop()
    throw error
  }
}
