import type { Command } from 'commander'
import { createLog } from '@portline/runtime/log.ts'
import { steadyHeap } from '@portline/runtime/steady-heap.ts'
import { isLoopbackHost } from 'portline/serve/operator-guard.ts'
import { BootingThread } from 'portline/store/sqlite/booting-thread.ts'
import { loadApp } from '../load-app.ts'
import type { Output } from '../output.ts'
import type { Environment, RetentionOptions } from '../settings.ts'
import {
  authServersSetting, credentialsSetting, dataDirSetting, DEFAULT_HOST, logLevelSetting, portalHostsSetting, portSetting, publicUrlSetting,
  retentionSetting, secretSettings, senderSettings,
} from '../settings.ts'
import { StopSignal } from '../stop-signal.ts'
import { surviveStrayRejections } from '../stray-rejections.ts'
import { facts } from '../facts.ts'

const HELP = `
Examples:
  B24_CLIENT_ID=app.1 B24_CLIENT_SECRET=secret portline start ./app.ts --public-url https://apps.example.com
  PORTLINE_AUTH_SERVERS=http://127.0.0.1:4470 portline start ./app.ts --data ./state
  portline start ./app.json, an app in another language: docs/how-to/destinations.md

Settings:
  B24_CLIENT_ID, B24_CLIENT_SECRET  of the application's card in Bitrix24
  PORTLINE_AUTH_SERVERS             authorization servers to trust besides the two public ones, comma-separated
  PORTLINE_PORTAL_HOSTS             where portals may be, such as *.bitrix24.com, comma-separated; anywhere when not set
  PORTLINE_OPERATOR_TOKEN           for /api/ and the page; needed when --host is not this machine
  PORTLINE_KEY                      32 bytes in base64 that seal tokens at rest; else a key file in the data folder
  PORTLINE_FORMER_KEYS              keys that PORTLINE_KEY took the place of, comma-separated, until all is resealed
  PORTLINE_TRUSTED_PROXIES          addresses and networks whose X-Forwarded-For is believed, comma-separated
  PORTLINE_SENDER_NODES             off (default), warn or enforce: senders' addresses against the list Bitrix24 publishes
  PORTLINE_SENDER_NODES_URL         another address of that list
  PORTLINE_DATA, PORTLINE_PORT      as --data and --port
  PORTLINE_KEEP_DONE, PORTLINE_KEEP_DEAD, PORTLINE_MAX_STORE  as --keep-done, --keep-dead and --max-store
  PORTLINE_LOG                      silent, error, warn, info (default) or debug`

interface StartOptions extends RetentionOptions {
  readonly port?: string
  readonly host: string
  readonly data?: string
  readonly publicUrl?: string
}

export function addStartCommand(program: Command, env: Environment, output: Output): void {
  program
    .command('start <app>')
    .description('start the app side alone for an app module or app.json, on Bitrix24 itself or on any portal')
    .option('--port <port>', 'to listen on (PORTLINE_PORT, 4400)')
    .option('--host <host>', 'to listen on', DEFAULT_HOST)
    .option('--data <folder>', 'where everything is kept (PORTLINE_DATA, .portline)')
    .option('--public-url <url>', 'the address Bitrix24 reaches this server at')
    .option('--keep-done <time>', 'how long done events are kept, such as 30d or 12h, or forever (PORTLINE_KEEP_DONE, 30d)')
    .option('--keep-dead <time>', 'the same for dead ones (PORTLINE_KEEP_DEAD, 90d)')
    .option('--max-store <size>', 'such as 20GB: beyond it the oldest ended events go (PORTLINE_MAX_STORE, unlimited)')
    .addHelpText('after', HELP)
    .action((path: string, options: StartOptions) => start(env, output, path, options))
}

const NO_OPERATOR = 'warning: other machines reach this address, so the page and the operator API (/api/) answer nobody until PORTLINE_OPERATOR_TOKEN is set. Events are taken all the same.'
const BEHIND_A_PROXY = 'warning: what hands requests on from the public address can reach the page and the operator API (/api/) too. Let it hand on /apps/ alone, or set PORTLINE_OPERATOR_TOKEN.'

/** Errors: CONFIG_INVALID, those of loadApp and of startAppSide. */
async function start(env: Environment, output: Output, path: string, options: StartOptions): Promise<void> {
  const signal = new StopSignal(output)
  const credentials = credentialsSetting(env)
  const authServers = authServersSetting(env)
  const publicUrl = publicUrlSetting(options.publicUrl)
  const retention = retentionSetting(env, options)
  const secrets = secretSettings(env)
  // First of all, so that it loads beside all that follows; if that fails, it ends with the process.
  const storeThread = new BootingThread('thread.ts')
  // Loaded when it is needed: other commands are not to wait for it. All of it before the app: what is loaded behind that is slower to find.
  const [{ startAppSide }] = await Promise.all([import('portline/serve/start-app-side.ts'), import('portline/serve/compose.ts')])
  const app = await signal.whileLoading(loadApp(path, env))
  const log = createLog(logLevelSetting(env, 'info'))
  const appSide = await startAppSide({
    apps: [{ app, ...credentials }],
    host: options.host,
    port: portSetting(env, 'PORTLINE_PORT', options.port),
    dataDir: dataDirSetting(env, options.data),
    authServers,
    portalHosts: portalHostsSetting(env),
    retention,
    senders: senderSettings(env),
    log,
    storeThread,
    onLoaded: steadyHeap,
    ...secrets,
    ...(publicUrl === undefined ? {} : { publicUrl }),
  })
  log.load()
  surviveStrayRejections(log)
  const base = `${publicUrl ?? appSide.url}/apps/${app.name}`
  output.out(facts([
    ['App side', appSide.url],
    ['Events', `${base}/events`],
    ['Install page', `${base}/install`],
    ['Trusts', authServers.join(', ')],
  ]))
  const warning = secrets.operatorToken === undefined ? withoutToken(options.host, publicUrl) : undefined
  if (warning !== undefined) output.err(warning)
  signal.endWith(appSide.gone)
  await signal.received
  await signal.stop([() => appSide.stop()])
}

function withoutToken(host: string, publicUrl: string | undefined): string | undefined {
  if (!isLoopbackHost(host)) return NO_OPERATOR
  return publicUrl === undefined || isLoopbackHost(new URL(publicUrl).hostname) ? undefined : BEHIND_A_PROXY
}
