import type { Command } from 'commander'
import { VirtualClock, systemClock } from '@portline/runtime/clock.ts'
import { createLog } from '@portline/runtime/log.ts'
import { CodedError } from '@portline/wire/errors.ts'
import type { Output } from '../output.ts'
import type { Environment } from '../settings.ts'
import { DEFAULT_HOST, logLevelSetting, portSetting } from '../settings.ts'
import { StopSignal } from '../stop-signal.ts'
import { facts } from '../facts.ts'
import { addPortalEventCommands } from './portal-events.ts'

const HELP = `
Examples:
  portline portal
  portline portal --port 5480 --oauth-port 5470 --seed second --state second-portal.json
  portline portal --portals 3
  portline portal --virtual-clock --tls
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
  readonly memberId?: string
  readonly portals: string
  readonly virtualClock?: true
  readonly tls?: true
  readonly strictRotation: boolean
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
    .option('--member-id <hex>', 'of the first portal, to replay what another portal has sent')
    .option('--portals <count>', 'portals on successive ports that share one OAuth server', '1')
    .option('--virtual-clock', 'time stands still until /control/clock moves it')
    .option('--tls', 'https with a certificate of its own; GET /control/certificate has it')
    .option('--no-strict-rotation', 'a refresh token works more than once')
    .addHelpText('after', HELP)
    .action((options: PortalCommandOptions) => runPortal(env, output, options))
  addPortalEventCommands(portal, env, output)
}

/** Errors: ADDRESS_IN_USE, CONFIG_INVALID. */
async function runPortal(env: Environment, output: Output, options: PortalCommandOptions): Promise<void> {
  const signal = new StopSignal(output)
  // Loaded when it is needed: other commands are not to wait for it.
  const { startPortals } = await import('@portline/portal/start-portals.ts')
  const { memberId, count, ...common } = portalOptions(env, options)
  const started = await startPortals({
    ...common,
    count,
    late: count > 1,
    portals: memberId === undefined ? [] : [{ memberId }],
  })
  common.log.load()
  const { oauth, portals } = started
  output.out(facts([['OAuth server', oauth.url], ...portals.flatMap(({ url, memberId: id }) => [['Portal', url], ['member_id', id]] as const)]))
  await signal.received
  await signal.stop([() => started.stop()])
}

function portalOptions(env: Environment, options: PortalCommandOptions) {
  const { port, oauthPort, host, seed, state, memberId, virtualClock, tls, strictRotation } = options
  return {
    host,
    port: portSetting(env, 'PORTAL_PORT', port),
    oauthPort: portSetting(env, 'OAUTH_PORT', oauthPort),
    log: createLog(logLevelSetting(env, 'info')),
    count: readCount(options.portals),
    strictRotation,
    ...(seed === undefined ? {} : { seed }),
    ...(state === undefined ? {} : { stateFile: state }),
    ...(memberId === undefined ? {} : { memberId }),
    ...(tls === true ? { tls: true as const } : {}),
    ...(virtualClock === true ? { clock: new VirtualClock(systemClock.now()) } : {}),
  }
}

const MAX_PORTALS = 1_000

function readCount(text: string): number {
  const count = /^\d{1,4}$/.test(text) ? Number(text) : 0
  if (count >= 1 && count <= MAX_PORTALS) return count
  throw new CodedError('CONFIG_INVALID', `--portals: "${text}" is no number from 1 to ${MAX_PORTALS}`)
}
