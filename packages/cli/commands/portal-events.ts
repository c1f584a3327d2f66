import type { Command } from 'commander'
import type { Raised } from '@portline/portal/portal/raise-event.ts'
import type { EventView } from '@portline/portal/catalogue/view.ts'
import { CodedError } from '@portline/wire/errors.ts'
import { jsonClient } from '../http-json.ts'
import type { JsonClient } from '../http-json.ts'
import type { Output } from '../output.ts'
import type { Environment } from '../settings.ts'
import { portalUrlSetting } from '../settings.ts'
import { table } from '../tables.ts'

const EXAMPLES = `
Examples:
  portline portal events --scope crm
  portline portal fire ONCRMLEADADD
  portline portal fire ONCRMDEALUPDATE --data '{"FIELDS": {"ID": 5}}' --user 2
  portline portal fire ONAPPPAYMENT --app local.64a1b2c3d4e5f6.12345678 --json

The portal is asked at PORTAL_URL (http://127.0.0.1:4480). What --data leaves out comes from the event's sample.`

interface FireOptions {
  readonly data?: string
  readonly replace?: true
  readonly user?: string
  readonly app?: string
  readonly json?: true
}

/** `portal fire` and `portal events`: for a portal that runs already. */
export function addPortalEventCommands(portal: Command, env: Environment, output: Output): void {
  portal
    .command('fire <event>')
    .description('fire any event at the apps that have it bound')
    .option('--data <json>', 'laid over the sample data; null sends none')
    .option('--replace', 'send --data as it is')
    .option('--user <id>', 'who is on the hit; 0: nobody, hence no tokens (1)')
    .option('--app <client_id>', 'the app it is about')
    .option('--json', 'one JSON object')
    .addHelpText('after', EXAMPLES)
    .action((event: string, options: FireOptions) => fire(controlApi(env), output, event, options))
  portal
    .command('events')
    .description('the events that can be fired')
    .option('--scope <scope>', 'those an app with this permission may bind')
    .option('--json', 'one JSON object per line, each with its sample data')
    .addHelpText('after', EXAMPLES)
    .action((options: { scope?: string; json?: true }) => list(controlApi(env), output, options))
}

function controlApi(env: Environment): JsonClient {
  return jsonClient(portalUrlSetting(env))
}

/** Errors: BAD_REQUEST, NOT_FOUND for an unknown app, SERVER_UNREACHABLE. */
async function fire(api: JsonClient, output: Output, event: string, options: FireOptions): Promise<void> {
  const { data, replace, user, app, json } = options
  const raised = await api.post<Raised>('/control/events', {
    event,
    ...(data === undefined ? {} : { data: readJson(data) }),
    ...(replace === undefined ? {} : { replace }),
    ...(user === undefined ? {} : { user_id: readUserId(user) }),
    ...(app === undefined ? {} : { client_id: app }),
  })
  output.out(json ? JSON.stringify(raised) : raisedText(event, raised))
}

function raisedText(event: string, { queued, skipped }: Raised): string {
  const head = `${event.toUpperCase()}: ${queued} ${queued === 1 ? 'delivery' : 'deliveries'} queued`
  if (skipped.length > 0) {
    const rows = skipped.map((row) => [String(row.event_handler_id), row.client_id, row.reason])
    return `${head}\n${table(['HANDLER', 'APP', 'PASSED OVER'], rows)}`
  }
  return queued === 0 ? `${head}: no app has it bound` : head
}

async function list(api: JsonClient, output: Output, { scope, json }: { scope?: string; json?: true }): Promise<void> {
  const query = scope === undefined ? '' : `?${new URLSearchParams({ scope })}`
  const { events } = await api.get<{ events: readonly EventView[] }>(`/control/events${query}`)
  if (json) return events.forEach((event) => output.out(JSON.stringify(event)))
  const rows = events.map((event) => [event.event, event.scope, event.queue, tokensText(event)])
  output.out(rows.length === 0 ? 'No such events.' : table(['EVENT', 'SCOPE', 'QUEUE', 'TOKENS'], rows))
}

function tokensText({ send_auth, send_refresh_token }: EventView): string {
  if (!send_auth) return 'never'
  return send_refresh_token ? 'with refresh_token' : 'yes'
}

function readJson(text: string): unknown {
  try {
    return JSON.parse(text)
  } catch {
    throw new CodedError('BAD_REQUEST', '--data is not JSON')
  }
}

function readUserId(text: string): number {
  if (!/^\d{1,9}$/.test(text)) throw new CodedError('BAD_REQUEST', '--user must be the number of a user, or 0 for nobody')
  return Number(text)
}
