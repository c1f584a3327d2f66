import { relative } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Command } from 'commander'
import { createLog } from '@portline/runtime/log.ts'
import { steadyHeap } from '@portline/runtime/steady-heap.ts'
import type { App } from 'portline'
import { jsonClient } from '../http-json.ts'
import { loadApp } from '../load-app.ts'
import type { Local } from '../local/start-local.ts'
import type { InstallationList } from '../operator-api.ts'
import type { Output } from '../output.ts'
import type { Environment } from '../settings.ts'
import { dataDirSetting, logLevelSetting, portSetting, retentionSetting, secretSettings } from '../settings.ts'
import { StopSignal } from '../stop-signal.ts'
import { surviveStrayRejections } from '../stray-rejections.ts'
import { facts } from '../facts.ts'

export const EXAMPLE_APP = fileURLToPath(new URL('../../../examples/hello/app.ts', import.meta.url))

const HELP = `
Examples:
  portline dev
  portline dev ./my-app.ts
  PORTLINE_PORT=5400 PORTAL_PORT=5480 OAUTH_PORT=5470 PORTLINE_DATA=/tmp/try portline dev

All state is kept in PORTLINE_DATA (.portline/), so the next start finds the same portal. PORTLINE_LOG sets the log level.`

export function addDevCommand(program: Command, env: Environment, output: Output): void {
  program
    .command('dev [app]')
    .description('start a local portal and an app side with an app installed on it (npm start)')
    .addHelpText('after', HELP)
    .action((path: string | undefined) => dev(env, output, path ?? EXAMPLE_APP))
}

/** Errors: those of startLocal; SERVER_UNREACHABLE when the app cannot be installed. */
async function dev(env: Environment, output: Output, path: string): Promise<void> {
  const signal = new StopSignal(output)
  const app = await signal.whileLoading(loadApp(path, env))
  // Loaded when it is needed: other commands are not to wait for it.
  const { startLocal } = await import('../local/start-local.ts')
  const log = createLog(logLevelSetting(env, 'warn'))
  const local = await startLocal({
    app,
    port: portSetting(env, 'PORTLINE_PORT'),
    portalPort: portSetting(env, 'PORTAL_PORT'),
    oauthPort: portSetting(env, 'OAUTH_PORT'),
    dataDir: dataDirSetting(env),
    retention: retentionSetting(env),
    log,
    onLoaded: steadyHeap,
    ...secretSettings(env),
  })
  log.load()
  surviveStrayRejections(log)
  try {
    await installUnlessInstalled(local, app, secretSettings(env).operatorToken)
    output.out(await greeting(local, app, path))
    signal.endWith(local.appSide.gone)
    await signal.received
    output.out('Stopping.')
  } catch (error) {
    // What was wrong is to be told, not what came of it.
    await signal.stop(local.stopParts).catch(() => {})
    throw error
  }
  await signal.stop(local.stopParts)
}

/** Portal and app side keep their states apart: after either was deleted the app is installed anew. */
async function installUnlessInstalled(
  { portal, appSide, portalApp }: Local, app: App, operatorToken: string | undefined,
): Promise<void> {
  const kept = await portalApp.register()
  const { installations } = await jsonClient(appSide.url, operatorToken).get<InstallationList>(`/api/installations?portal=${portal.memberId}`)
  const known = installations.find((one) => one.app === app.name && one.portal === portal.memberId)
  if (kept.installed && known?.status === 'active' && portalApp.hasAddresses(kept, appSide.url)) return
  await portalApp.register(appSide.url)
  await portalApp.install()
  await portalApp.finish()
}

async function greeting({ portal, appSide, portalApp }: Local, app: App, path: string): Promise<string> {
  const [connector] = app.connectors
  const [line] = await portalApp.lines()
  const addresses = facts([
    ['App side', appSide.url],
    ['Events', `${appSide.url}/apps/${app.name}/events`],
    ['Portal', `${portal.url} (member_id ${portal.memberId})`],
    ['OAuth server', portal.oauthUrl],
    ['App', `${app.name}, from ${relative('.', path)}`],
  ])
  const tries = connector === undefined || line === undefined ? [] : [
    'Switch its connector on and off, and watch what arrives at the app side:',
    ...[true, false].map((active) =>
      `  curl -X POST ${portal.url}/control/lines/${line.id}/connectors/${connector.id} -d '{"active":${active}}'`),
  ]
  const all = `Every event and what became of it: ${appSide.url} or npx portline events list`
  return ['Portline is ready.', '', addresses, '', ...tries, all, 'Ctrl-C stops it.'].join('\n')
}
