import type { Command } from 'commander'
import { createLog } from '@portline/runtime/log.ts'
import type { Output } from '../output.ts'
import type { Environment } from '../settings.ts'
import { DEFAULT_HOST, logLevelSetting, portSetting } from '../settings.ts'
import { StopSignal } from '../stop-signal.ts'
import { facts } from '../tables.ts'
import { addPortalEventCommands } from './portal-events.ts'

const HELP = `
Examples:
  portline portal
  portline portal --port 5480 --oauth-port 5470 --seed second --state second-portal.json
  portline portal fire ONCRMLEADADD
  curl http://127.0.0.1:4480/control/portal

Without --state the portal forgets everything when it stops; the same --seed gives the same member_id and secrets.
It is driven over HTTP: docs/portal/control.md has a curl line for each action.`

interface PortalCommandOptions {
  readonly port?: string
  readonly oauthPort?: string
  readonly host: string
  readonly seed?: string
  readonly state?: string
}

export function addPortalCommand(program: Command, env: Environment, output: Output): void {
  const portal = program
    .command('portal')
    .description('start a local Bitrix24 portal with its OAuth server and queue server')
    .option('--port <port>', 'of the portal (PORTAL_PORT, 4480)')
    .option('--oauth-port <port>', 'of the OAuth server (OAUTH_PORT, 4470)')
    .option('--host <host>', 'to listen on', DEFAULT_HOST)
    .option('--seed <text>', 'what member_id and secrets follow from')
    .option('--state <file>', 'where its state is kept')
    .addHelpText('after', HELP)
    .action((options: PortalCommandOptions) => runPortal(env, output, options))
  addPortalEventCommands(portal, env, output)
}

/** Errors: ADDRESS_IN_USE, CONFIG_INVALID. */
async function runPortal(env: Environment, output: Output, options: PortalCommandOptions): Promise<void> {
  const { port, oauthPort, host, seed, state } = options
  const signal = new StopSignal()
  // Loaded when it is needed: other commands are not to wait for it.
  const { startPortal } = await import('@portline/portal')
  const portal = await startPortal({
    host,
    port: portSetting(env, 'PORTAL_PORT', port),
    oauthPort: portSetting(env, 'OAUTH_PORT', oauthPort),
    log: createLog(logLevelSetting(env, 'info')),
    ...(seed === undefined ? {} : { seed }),
    ...(state === undefined ? {} : { stateFile: state }),
  })
  output.out(facts([['Portal', portal.url], ['OAuth server', portal.oauthUrl], ['member_id', portal.memberId]]))
  await signal.received
  await signal.stop(output, [() => portal.stop()])
}
