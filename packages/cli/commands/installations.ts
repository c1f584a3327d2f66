import type { Command } from 'commander'
import { CodedError } from '@portline/wire/errors.ts'
import type { JsonClient } from '../http-json.ts'
import type { InstallationList, InstallationView } from '../operator-api.ts'
import type { Output } from '../output.ts'
import type { Environment } from '../settings.ts'
import { facts } from '../facts.ts'
import { moment, table } from '../tables.ts'
import { operatorApi } from './events.ts'

const EXAMPLES = `
Examples:
  portline installations list
  portline installations list --json | jq -r 'select(.status == "active") | .domain'
  portline installations show a223c6b3710f85df22e9377d6c4f7553
  portline installations show a223c6b3710f85df22e9377d6c4f7553 --app hello --json
  portline portals block a223c6b3710f85df22e9377d6c4f7553
  portline portals unblock a223c6b3710f85df22e9377d6c4f7553

The app side is asked at PORTLINE_URL (http://127.0.0.1:4400), with PORTLINE_OPERATOR_TOKEN when it is set.`

interface ShowOptions {
  readonly app?: string
  readonly json?: true
}

export function addInstallationsCommand(program: Command, env: Environment, output: Output): void {
  const installations = program
    .command('installations')
    .alias('portals')
    .description('look at the portals where the app is or was installed')
    .addHelpText('after', EXAMPLES)
  installations
    .command('list')
    .description('every installation')
    .option('--json', 'one JSON object per line')
    .addHelpText('after', EXAMPLES)
    .action((options: { json?: true }) => list(operatorApi(env), output, options.json))
  installations
    .command('show <member_id>')
    .description('one installation: bindings, connector lines, accounts')
    .option('--app <name>', 'needed only when several apps are installed on the portal')
    .option('--json', 'one JSON object')
    .addHelpText('after', EXAMPLES)
    .action((memberId: string, options: ShowOptions) => show(operatorApi(env), output, memberId, options))
  for (const [name, description] of DECISIONS) {
    installations
      .command(`${name} <member_id>`)
      .description(description)
      .option('--app <name>', 'needed only when several apps are installed on the portal')
      .option('--json', 'one JSON object')
      .addHelpText('after', EXAMPLES)
      .action((memberId: string, options: ShowOptions) => decide(operatorApi(env), output, name, memberId, options))
  }
}

async function list(api: JsonClient, output: Output, json: true | undefined): Promise<void> {
  const installations = await everyInstallation(api)
  if (json) return installations.forEach((installation) => output.out(JSON.stringify(installation)))
  const rows = installations.map(({ app, portal, domain, status, version, updatedAt, reason }) =>
    [app, `${domain || '–'}\n${portal}`, `${status}\n${reason ?? ''}`, version ?? '', moment(updatedAt)])
  output.out(rows.length === 0 ? 'No portal has installed an app yet.'
    : table(['APP', 'DOMAIN, PORTAL', 'STATUS, REASON', 'VERSION', 'UPDATED (UTC)'], rows))
}

/** The last changed first. They are asked for in an order that no change moves one in: none is missed. */
export async function everyInstallation(api: JsonClient, wanted: { app?: string; portal?: string } = {}): Promise<InstallationView[]> {
  const found: InstallationView[] = []
  for (let after: string | null = ''; after !== null; ) {
    const query = new URLSearchParams({ ...wanted, order: 'portal', ...(after === '' ? {} : { after }) })
    const page: InstallationList = await api.get(`/api/installations?${query}`)
    found.push(...page.installations)
    // An app side that was started before an update of the command line may not know of pages: it answers with all, and no next.
    after = page.next ?? null
  }
  return found.toSorted((one, other) => ((one.updatedAt ?? '') < (other.updatedAt ?? '') ? 1 : -1))
}

const DECISIONS = [
  ['block', 'take its events in and keep them, and let no handler run, until it is unblocked'],
  ['unblock', 'let its handlers run again, whatever had blocked it'],
] as const

async function decide(api: JsonClient, output: Output, decision: string, memberId: string, options: ShowOptions): Promise<void> {
  const { app, portal } = await find(api, memberId, options.app)
  const path = `/api/installations/${encodeURIComponent(app)}/${encodeURIComponent(portal)}/${decision}`
  const installation = await api.post<InstallationView>(path)
  output.out(options.json ? JSON.stringify(installation) : facts([['portal', portal], ['status', installation.status], ['reason', installation.reason]]))
}

async function show(api: JsonClient, output: Output, memberId: string, { app, json }: ShowOptions): Promise<void> {
  const found = await find(api, memberId, app)
  output.out(json ? JSON.stringify(found) : installationText(found))
}

async function find(api: JsonClient, memberId: string, app: string | undefined): Promise<InstallationView> {
  const asked = await everyInstallation(api, { portal: memberId, ...(app === undefined ? {} : { app }) })
  // One that knows of no pages knows of no conditions either, and answers with all: another portal must not be blocked for this one.
  const matching = asked.filter((one) => one.portal === memberId && (app === undefined || one.app === app))
  const [found, other] = matching
  if (found === undefined) throw new CodedError('NOT_FOUND', `no installation on the portal ${memberId}`)
  if (other !== undefined) {
    const names = matching.map((one) => one.app).join(', ')
    throw new CodedError('BAD_REQUEST', `several apps are installed there; name one with --app: ${names}`)
  }
  return found
}

function installationText(installation: InstallationView): string {
  const { bindings, connectorLines, accounts } = installation
  const head = facts([
    ['app', installation.app], ['portal', installation.portal], ['domain', installation.domain], ['status', installation.status],
    ['reason', installation.reason], ['version', installation.version], ['app status', installation.appStatus],
    ['language', installation.language], ['scope', installation.scope], ['installed', installation.installedAt],
    ['updated', installation.updatedAt], ['uninstalled', installation.deletedAt],
  ])
  return [
    head,
    ...section(['EVENT', 'BOUND TO'], bindings.map((binding) => [binding.event, boundTo(binding)])),
    ...section(['CONNECTOR', 'LINE', 'STATE'], connectorLines.map(({ connector, line, active }) =>
      [connector, line, active ? 'on' : 'off'])),
    ...section(['USER', 'TOKENS', 'EXPIRE', 'DEAD BECAUSE'], accounts.map(({ userId, master, state, expiresAt, deadAt, deadReason }) =>
      [master ? `${userId} (master)` : userId, state, expiresAt ?? '', state === 'dead' ? `${deadReason ?? ''} (${deadAt ?? ''})` : ''])),
  ].join('\n\n')
}

/** Also of the commands that show what is to be bound. */
export function boundTo({ handler, offline }: InstallationView['bindings'][number]): string {
  if (offline === null) return handler
  return offline === '' ? 'offline queue' : `offline queue ${offline}`
}

function section(head: readonly string[], rows: readonly (readonly string[])[]): string[] {
  return rows.length === 0 ? [] : [table(head, rows)]
}
